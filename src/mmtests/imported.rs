//! Runs of other tools that `melbot import` put into a tree: how they are read.
//!
//! `run.toml` has a table `[imported]`; samples lie in `iter-N/<benchmark>/logs/samples.csv`, with a header
//! that names its columns: `operation` and `value`, and, if known, `interval`, `unit` and `better` (`higher`
//! or `lower`). docs/IMPORT.md describes both files.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::logs::{Logs, Text};
use super::printable::quote;
use super::shellpack::Parsed;
use crate::model::Direction;

/// The file of samples of a benchmark.
pub const SAMPLES: &str = "samples.csv";
/// The table of `run.toml` is short.
const MAX_NOTE_BYTES: u64 = 1 << 20;
/// Characters of a fact or unit.
const LONGEST: usize = 300;

/// What `run.toml` says of a run that was imported.
#[derive(Debug, Deserialize)]
pub struct Imported {
    /// When it was measured, in seconds since 1970.
    pub started: Option<i64>,
    /// What is known of kernel and machine.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RunToml {
    imported: Option<Imported>,
}

impl Imported {
    /// Of the run whose files these are, if it was imported. A file that is not valid was told of when
    /// the run was found.
    pub fn of(run: &Logs) -> Option<Imported> {
        let (text, _) = run.read_start("run.toml", MAX_NOTE_BYTES)?;
        let mut imported = toml::from_str::<RunToml>(text.as_str()).ok()?.imported?;
        imported.facts = imported
            .facts
            .into_iter()
            .map(|(name, value)| (quote(&name, LONGEST), quote(&value, LONGEST)))
            .collect();
        Some(imported)
    }
}

/// A benchmark of an imported run.
#[derive(Debug, Default)]
pub struct ImportedBenchmark {
    /// Heading: its name.
    pub title: String,
    operations: HashMap<String, (Direction, String)>,
}

impl ImportedBenchmark {
    /// One of which nothing was read yet.
    pub fn new(name: &str) -> ImportedBenchmark {
        ImportedBenchmark { title: name.to_owned(), operations: HashMap::new() }
    }

    /// Direction and unit of an operation.
    pub fn operation(&self, name: &str) -> (Direction, &str) {
        let known = self.operations.get(name);
        known.map_or((Direction::Higher, ""), |(direction, unit)| (*direction, unit))
    }

    /// Reads the samples of an iteration.
    pub fn parse(&mut self, logs: &Logs, out: &mut Parsed) {
        if let Some(text) = out.read(logs, SAMPLES) {
            self.rows(&text, out);
        }
        out.finish(logs);
    }

    fn rows(&mut self, text: &Text, out: &mut Parsed) {
        let mut rows =
            csv::ReaderBuilder::new().flexible(true).from_reader(text.as_str().as_bytes());
        let header = rows.headers().cloned().unwrap_or_default();
        let column = |name: &str| header.iter().position(|known| known == name);
        let (Some(operation), Some(value)) = (column("operation"), column("value")) else {
            return out.complain((text, 1), "the header does not name operation and value");
        };
        let (interval, unit, better) = (column("interval"), column("unit"), column("better"));
        for row in rows.records() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(1, csv::Position::line);
                    out.complain((text, line), "a line that is no CSV");
                    continue;
                }
            };
            let line = row.position().map_or(1, csv::Position::line);
            let number = |column: usize| row.get(column)?.trim().parse::<f64>().ok();
            let (Some(name), Some(value)) = (row.get(operation), number(value)) else {
                out.complain((text, line), "no operation or no value");
                continue;
            };
            if name.is_empty() {
                out.complain((text, line), "no operation or no value");
                continue;
            }
            // As [`Samples`](crate::model::Samples) shows it, so that both have the same name.
            let name = quote(name, LONGEST - 1);
            let id = out.samples.operation(&name);
            match interval.and_then(number) {
                Some(interval) => out.add_to((text, line), id, interval, value),
                None => out.add_next((text, line), id, value),
            }
            if !self.operations.contains_key(name.as_str()) {
                let unit = unit.and_then(|column| row.get(column)).unwrap_or_default();
                let better = better.and_then(|column| row.get(column)).unwrap_or_default();
                let direction = match better.trim().to_ascii_lowercase().as_str() {
                    "lower" => Direction::Lower,
                    "higher" | "" => Direction::Higher,
                    _ => {
                        out.complain((text, line), "better is neither higher nor lower");
                        Direction::Higher
                    }
                };
                self.operations.insert(name, (direction, quote(unit, LONGEST)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_the_header_and_bad_lines_named() {
        let text = Text::new(
            "samples.csv",
            b"value,operation,unit,better\n1.5,read,ms,lower\nx,read,ms,lower\n2,write,MB/s,higher\n3\n"
                .to_vec(),
        );
        let (mut benchmark, mut out) = (ImportedBenchmark::default(), Parsed::default());
        benchmark.rows(&text, &mut out);
        assert_eq!(out.samples.len(), 2);
        assert_eq!(benchmark.operation("read"), (Direction::Lower, "ms"));
        assert_eq!(benchmark.operation("write"), (Direction::Higher, "MB/s"));
        let lines: Vec<Option<u64>> = out.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(3), Some(5)]);
    }
}
