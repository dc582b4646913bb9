//! Compares what the parsers read from a corpus of real runs with what MMTests reads.
//!
//! Does nothing unless `MELBOT_CORPUS` names the folder of the corpus.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Source, lookup};
use crate::mmtests::logs::Logs;

/// Run, iteration and benchmark.
type Place = (String, String, String);
/// Operation, ratio, interval (rounded as MMTests prints it) and value.
type Row = (String, bool, String, f64);
/// By operation in log order.
type Rows = BTreeMap<Place, Vec<Row>>;

#[test]
fn equal_to_mmtests() {
    let Some(corpus) = std::env::var_os("MELBOT_CORPUS") else { return };
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for config in folders(Path::new(&corpus)).iter().flat_map(|machine| folders(machine)) {
        let mut expected = oracle(&config, "samples.tsv");
        expected.extend(oracle(&config, "samples.fixed.tsv"));
        for (place, rows) in measured(&config) {
            let mut wanted = expected.remove(&place).unwrap_or_default();
            if config.ends_with("netperf-all-zero") {
                // MMTests makes a zero of every netperf log without a throughput.
                wanted.clear();
            }
            compared += rows.len();
            if rows != wanted {
                wrong.push(format!("{} {place:?}:\n{rows:?}\n{wanted:?}", config.display()));
            }
        }
        expected.retain(|_, rows| !rows.is_empty());
        wrong.extend(
            expected.keys().map(|place| format!("{} {place:?} not read", config.display())),
        );
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} samples are equal");
    assert!(compared > 2000, "only {compared} samples");
}

/// By operation; what happened at the same time MMTests sorts by value.
fn order(rows: &mut [Row]) {
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let ties = rows.chunk_by_mut(|a, b| (&a.0, &a.2) == (&b.0, &b.2));
    ties.for_each(|tie| tie.sort_by(|a, b| a.3.total_cmp(&b.3)));
}

fn folders(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn rounded(number: f64) -> String {
    format!("{number:.5e}")
}

fn oracle(config: &Path, file: &str) -> Rows {
    let mut rows = Rows::new();
    for line in
        fs::read_to_string(config.join("oracle").join(file)).unwrap_or_default().lines().skip(1)
    {
        let f: Vec<&str> = line.split('\t').collect();
        let [run, iteration, benchmark, metric, a, b, interval, value, extra] = f[..] else {
            panic!("{line}")
        };
        let operation = super::words::operation(metric, &[a, b]);
        let number = |text: &str| text.parse::<f64>().unwrap();
        rows.entry((run.to_owned(), iteration.to_owned(), benchmark.to_owned()))
            .or_default()
            .push((operation, extra.starts_with('R'), rounded(number(interval)), number(value)));
    }
    rows.values_mut().for_each(|rows| order(rows));
    rows
}

fn measured(config: &Path) -> Rows {
    let mut all = Rows::new();
    for run in folders(config) {
        for iteration in folders(&run).into_iter().filter(|path| name(path).starts_with("iter-")) {
            for dir in folders(&iteration).into_iter().filter(|path| path.join("logs").is_dir()) {
                let number = name(&iteration).replace("iter-", "");
                all.insert((name(&run), number, name(&dir)), read(&iteration, &dir));
            }
        }
    }
    all
}

fn read(iteration: &Path, dir: &Path) -> Vec<Row> {
    let benchmark = name(dir);
    let shown = dir.display().to_string();
    let source = Source {
        logs: Logs::open(&dir.join("logs"), shown.clone()).unwrap(),
        iteration: Logs::open(iteration, shown).unwrap(),
        benchmark: benchmark.clone(),
    };
    let parsed =
        lookup(&benchmark).unwrap_or_else(|| panic!("no parser for {benchmark}")).read(&source);
    let broken = parsed.samples.is_empty() || dir.to_string_lossy().contains("-broken/");
    assert!(!broken || !parsed.problems.is_empty(), "{}: no problem told", dir.display());
    for problem in &parsed.problems {
        println!("{:?} {}:{:?} {}", problem.severity, problem.path, problem.line, problem.what);
    }
    let mut rows: Vec<_> = parsed
        .samples
        .series()
        .iter()
        .flat_map(|s| s.intervals.iter().zip(&s.values).map(move |sample| (s, sample)))
        .map(|(s, (interval, value))| (s.operation.clone(), s.ratio, rounded(*interval), *value))
        .collect();
    order(&mut rows);
    rows
}
