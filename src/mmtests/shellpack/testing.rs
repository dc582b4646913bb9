//! For tests: parses logs that are given as text.

use std::fs;

use super::{Parsed, Source, lookup};
use crate::mmtests::logs::Logs;

/// What [`super::Shellpack::read`] makes of these logs; names may hold folders.
pub fn parse<L: AsRef<[u8]> + ?Sized>(benchmark: &str, logs: &[(&str, &L)]) -> Parsed {
    let iteration = tempfile::tempdir().unwrap();
    let dir = iteration.path().join(benchmark).join("logs");
    fs::create_dir_all(&dir).unwrap();
    for (name, content) in logs {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let source = Source {
        benchmark: benchmark.to_owned(),
        logs: Logs::open(&dir, "logs").unwrap(),
        iteration: Logs::open(iteration.path(), "").unwrap(),
    };
    lookup(benchmark).unwrap().read(&source)
}

/// All samples as (operation, interval, value).
pub fn rows(parsed: &Parsed) -> Vec<(&str, f64, f64)> {
    let series = parsed.samples.series().iter();
    series
        .flat_map(|series| {
            let samples = series.intervals.iter().zip(&series.values);
            samples.map(|(interval, value)| (series.operation.as_str(), interval, *value))
        })
        .collect()
}
