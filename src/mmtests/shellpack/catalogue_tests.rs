//! docs/BENCHMARKS.md, which lists all benchmarks and monitors, is made of [`ALL`], [`monitor::ALL`], and of
//! programs.tsv and monitors/programs.tsv in tests/data.
//!
//! After a change to either:
//!
//! ```sh
//! MELBOT_BLESS=1 cargo test --lib catalogue
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;

use super::{ALL, Shellpack, lookup};
use crate::mmtests::monitor;
use crate::model::Direction;

const HEAD: &str = "\
# Benchmarks that melbot reads

This table is made of the code by `MELBOT_BLESS=1 cargo test --lib catalogue`.

The operations of a benchmark are named as MMTests names them; the table shows how the names start, the
unit, and an arrow that points to where it is better (↑ higher, ↓ lower). The summary is MMTests' way to
make one figure of many samples. The last column names the programs whose real output, as it lies in
tests/data, is read in the tests; where there is none, the logs of the tests were made after a
few lines that others have shown, or after the source of the program. What is measured in seconds by GNU
time alone (autonumabench, gitcheckout, nas and others) has the same log as kernbench.

| benchmark | what it measures | operations, unit, better | summary | tested on the output of |
|---|---|---|---|---|
";

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What follows the benchmarks.
const MONITORS: &str = "
## Monitors

What MMTests' monitors write beside a benchmark (`iter-N/<monitor>-<benchmark>`), as series over time. Of ftrace,
events are counted by name, and what MMTests' summaries tell is worked out: stalls in reclaim, compaction, shrinkers and
writeback (`direct_reclaim-stall` is each of them in milliseconds, `direct_reclaim-stalled` their sum; those of the
kernel's own threads begin with `kswapd-`, `kcompactd-` or `khugepaged-`), fragmentation, pages scanned and reclaimed,
and moves between nodes.

Not read are those whose output are lists for people rather than figures over time: blktrace, dstate, file-frag,
function-frequency, highorder, perf-event, perf-sched, perf-top, proc-sched_debug, proc-stack, proc-stat,
proc-timer_list, and others that print stacks or reports.

| monitor | what it tells | tested on the output of |
|---|---|---|
";

/// The programs whose real output is read in the tests, by benchmark or monitor.
fn programs(list: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(project().join("tests/data").join(list)).unwrap();
    let rows = text.lines().map(|line| line.split_once('\t').expect("two columns"));
    rows.map(|(benchmark, program)| (benchmark.to_owned(), program.to_owned())).collect()
}

/// The benchmarks that have logs in the archives of real output.
fn measured() -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    for archive in ["benchmarks.tar.xz", "corpus.tar.xz"] {
        let packed = File::open(project().join("tests/data").join(archive)).unwrap();
        let mut archive = tar::Archive::new(liblzma::read::XzDecoder::new(packed));
        for entry in archive.entries().unwrap() {
            let path = entry.unwrap().path().unwrap().into_owned();
            let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
            let folder = parts.windows(2).find(|pair| pair[1] == "logs").map(|pair| pair[0]);
            names.extend(folder.and_then(lookup).map(|shellpack| shellpack.name));
        }
    }
    names
}

fn row(shellpack: &Shellpack, program: &str) -> String {
    let Shellpack { name, title, kind, metrics, .. } = shellpack;
    let operations = metrics.iter().map(|metric| {
        let name = match (metric.start, metric.anywhere) {
            ("", _) if metrics.len() == 1 => "all".to_owned(),
            ("", _) => "others".to_owned(),
            (start, false) => format!("`{start}…`"),
            (start, true) => format!("`…{start}…`"),
        };
        let arrow = if metric.direction == Direction::Higher { '↑' } else { '↓' };
        format!("{name} {} {arrow}", metric.unit)
    });
    let operations: Vec<String> = operations.collect();
    format!("| {name} | {title} | {} | {kind:?} | {program} |", operations.join("<br>"))
}

#[test]
fn the_list_of_benchmarks_is_current() {
    let of_monitors = programs("monitors/programs.tsv");
    let programs = programs("programs.tsv");
    let mut sorted = ALL.to_vec();
    sorted.sort_by_key(|shellpack| shellpack.name);
    let mut expected = HEAD.to_owned();
    for shellpack in sorted {
        let program = programs.get(shellpack.name).map_or("–", String::as_str);
        writeln!(expected, "{}", row(shellpack, program)).unwrap();
    }
    expected += MONITORS;
    for monitor in monitor::ALL {
        let program = of_monitors.get(monitor.name).map_or("–", String::as_str);
        writeln!(expected, "| {} | {} | {program} |", monitor.name, monitor.title).unwrap();
    }
    let path = project().join("docs/BENCHMARKS.md");
    if std::env::var_os("MELBOT_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/BENCHMARKS.md: run with MELBOT_BLESS=1 to write it");
}

#[test]
fn programs_are_named_of_the_logs_that_are_there() {
    let programs = programs("programs.tsv");
    let named: BTreeSet<&str> = programs.keys().map(String::as_str).collect();
    assert_eq!(named, measured());
}

#[test]
fn every_table_of_metrics_fits_all_operations() {
    for shellpack in ALL {
        let last = shellpack.metrics.last().unwrap();
        let open = last.start.is_empty() || shellpack.metrics.iter().all(|m| !m.start.is_empty());
        assert!(open, "{}: what follows the empty start never holds", shellpack.name);
        assert!(shellpack.metrics.iter().all(|metric| !metric.unit.is_empty()));
    }
}
