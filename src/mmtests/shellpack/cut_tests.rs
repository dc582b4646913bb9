//! Real logs, cut off anywhere: what is there is read, nothing else is, and the cut is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::testing::parse;
use super::{Parsed, lookup};

type Logs = BTreeMap<String, Vec<u8>>;

/// The logs of each benchmark in tests/data/benchmarks.tar.xz, decompressed.
fn real_logs() -> BTreeMap<String, Logs> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/benchmarks.tar.xz");
    let packed = liblzma::read::XzDecoder::new(File::open(path).unwrap());
    let mut benchmarks: BTreeMap<String, Logs> = BTreeMap::new();
    for entry in tar::Archive::new(packed).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let [.., benchmark, "logs", name] = parts[..] else { continue };
        let (mut bytes, name) = (Vec::new(), name.to_owned());
        entry.read_to_end(&mut bytes).unwrap();
        if name.ends_with(".gz") {
            let packed = std::mem::take(&mut bytes);
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        }
        let logs = benchmarks.entry(benchmark.to_owned()).or_default();
        logs.insert(name.trim_end_matches(".gz").to_owned(), bytes);
    }
    assert!(benchmarks.len() > 30, "only {} benchmarks", benchmarks.len());
    benchmarks
}

fn read(benchmark: &str, logs: &Logs) -> Parsed {
    let logs: Vec<_> = logs.iter().map(|(name, log)| (name.as_str(), log.as_slice())).collect();
    parse(benchmark, &logs)
}

/// Operation and value of all samples, as text; not what is worked out from all lines of a log.
fn samples(parsed: &Parsed) -> BTreeSet<String> {
    let shares = ["huge-", "local-", "remote-"];
    let series = parsed.samples.series().iter();
    let kept = series.filter(|series| !shares.iter().any(|s| series.operation.starts_with(s)));
    kept.flat_map(|series| series.values.iter().map(|v| format!("{} {v}", series.operation)))
        .collect()
}

/// Names of threads hold their priorities, which stand in the last lines of the log.
fn without_priority(sample: &str) -> String {
    let (operation, value) = sample.split_once(' ').unwrap_or((sample, ""));
    format!("{} {value}", operation.split("-p").next().unwrap_or_default())
}

/// A benchmark, one of its logs, and all of them.
type Log<'l> = (&'l str, &'l str, &'l Logs);

/// Notes a fault, if it is one.
type Fault<'f> = &'f mut dyn FnMut(bool, String);

/// Calls this with each log of each benchmark, the samples of the whole, and the number of problems.
fn for_each_log(mut check: impl FnMut(Log, &BTreeSet<String>, usize, Fault)) {
    let mut faults = Vec::new();
    for (benchmark, logs) in real_logs() {
        let whole = read(&benchmark, &logs);
        let mut expected = samples(&whole);
        assert!(!expected.is_empty(), "{benchmark}");
        if lookup(&benchmark).unwrap().name == "rtmigration" {
            expected.extend(samples(&whole).iter().map(|sample| without_priority(sample)));
        }
        // One log of a kind shows it.
        let mut kinds = BTreeSet::new();
        for name in logs.keys() {
            let kind: String = name.chars().filter(|c| !c.is_ascii_digit()).collect();
            if kinds.insert(kind) {
                let mut fault = |is_one: bool, what: String| faults.extend(is_one.then_some(what));
                let log = (benchmark.as_str(), name.as_str(), &logs);
                check(log, &expected, whole.problems.len(), &mut fault);
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_log_cut_in_a_line_gives_samples_of_the_whole_and_a_problem() {
    let mut cuts = 0;
    for_each_log(|log, expected, problems, fault| {
        let (benchmark, name, logs) = log;
        let whole = &logs[name];
        for nth in 1..=8 {
            let mut cut = logs.clone();
            cut.insert(name.to_owned(), whole[..whole.len() * nth / 9].to_vec());
            let parsed = read(benchmark, &cut);
            let new: Vec<_> = samples(&parsed).difference(expected).cloned().collect();
            fault(!new.is_empty(), format!("{benchmark}/{name} after {nth}/9: {new:?}"));
            let rest = cut[name].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            // Not every file of a benchmark is read.
            if !rest.trim_ascii().is_empty() && samples(&without(log)) != *expected {
                let silent = parsed.problems.len() <= problems;
                fault(silent, format!("{benchmark}/{name} after {nth}/9: no problem"));
                cuts += 1;
            }
        }
    });
    assert!(cuts > 150, "only {cuts} cuts in a line were seen");
}

/// What the other logs give.
fn without((benchmark, name, logs): Log) -> Parsed {
    let mut others = logs.clone();
    others.remove(name);
    read(benchmark, &others)
}

#[test]
fn an_archive_cut_anywhere_gives_samples_of_the_whole_and_a_problem() {
    let mut cuts = 0;
    for_each_log(|log, expected, problems, fault| {
        let (benchmark, name, logs) = log;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&logs[name]).unwrap();
        let packed = packed.finish().unwrap();
        for nth in 1..=3 {
            let mut cut = logs.clone();
            cut.remove(name);
            cut.insert(format!("{name}.gz"), packed[..packed.len() * nth / 4].to_vec());
            let parsed = read(benchmark, &cut);
            let new: Vec<_> = samples(&parsed).difference(expected).cloned().collect();
            fault(!new.is_empty(), format!("{benchmark}/{name}.gz after {nth}/4: {new:?}"));
            if samples(&without(log)) != *expected {
                let silent = parsed.problems.len() <= problems;
                fault(silent, format!("{benchmark}/{name}.gz after {nth}/4: no problem"));
                cuts += 1;
            }
        }
    });
    assert!(cuts > 60, "only {cuts} cut archives were read");
}

#[test]
fn an_empty_log_is_told() {
    for_each_log(|log, expected, problems, fault| {
        let (benchmark, name, logs) = log;
        let others = without(log);
        let mut empty = logs.clone();
        empty.insert(name.to_owned(), Vec::new());
        let before = problems.min(others.problems.len());
        let silent = read(benchmark, &empty).problems.len() <= before;
        fault(samples(&others) != *expected && silent, format!("{benchmark}/{name}: no problem"));
    });
}
