//! What melbot knows about each MMTests benchmark ("shellpack"): how to read its logs, which way
//! its operations are better, how they are summarised.
//!
//! One file a benchmark, or a family whose logs look alike. To add one, write a file with a
//! `pub const … : Shellpack` and name it in [`ALL`].

mod gnu_time;

use super::logs::{Logs, Text};
use crate::model::{Direction, Problem, Samples, Severity, SummaryKind};

/// All benchmarks that melbot reads by itself.
pub const ALL: &[&Shellpack] = &[&gnu_time::KERNBENCH];

/// One benchmark of MMTests.
#[derive(Debug)]
pub struct Shellpack {
    /// MMTests' name, such as `hackbench`. Names like `hackbench-process-pipes` lead here too.
    pub name: &'static str,
    /// What it measures, in a few words, for headings.
    pub title: &'static str,
    /// How the samples of an operation are summarised.
    pub kind: SummaryKind,
    /// Digits after the decimal point in tables (`DecimalPlaces` in MMTests; 2 where it says none).
    pub decimals: usize,
    /// What each operation means; the first whose `prefix` starts the operation's name holds.
    pub metrics: &'static [Metric],
    /// Reads the logs of one iteration.
    pub parse: fn(&Source, &mut Parsed),
}

/// The meaning of the operations whose names start with `prefix`.
#[derive(Debug)]
pub struct Metric {
    /// Start of the operation's name; empty for all.
    pub prefix: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// Unit of the values: `s`, `ms`, `µs`, `MB/s`, `ops/s` …
    pub unit: &'static str,
}

/// Where a parser reads from.
#[derive(Debug)]
pub struct Source {
    /// Name of the benchmark's folder, such as `netperf-udp`.
    pub benchmark: String,
    /// Its logs: the files of `iter-N/<benchmark>/logs`.
    pub logs: Logs,
    /// The files of `iter-N` itself, for the few benchmarks that need one of them.
    pub iteration: Logs,
}

/// What a parser found.
#[derive(Debug, Default)]
pub struct Parsed {
    /// All samples, in the order of the logs.
    pub samples: Samples,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// Reads a log of the benchmark; `None` if there is no such log. Damage is noted as a problem.
    pub fn read(&mut self, logs: &Logs, name: &str) -> Option<Text> {
        let (text, problem) = logs.read(name)?;
        self.problems.extend(problem);
        Some(text)
    }

    /// Adds a sample of an operation; a value that is not finite becomes a problem instead.
    pub fn add(&mut self, at: (&Text, u64), operation: &str, interval: f64, value: f64) {
        let id = self.samples.operation(operation);
        if !self.samples.add(id, interval, value) {
            self.not_a_number(at);
        }
    }

    /// As [`Parsed::add`], for an operation that the ratio table shows.
    pub fn add_ratio(&mut self, at: (&Text, u64), operation: &str, interval: f64, value: f64) {
        let id = self.samples.ratio_operation(operation);
        if !self.samples.add(id, interval, value) {
            self.not_a_number(at);
        }
    }

    fn not_a_number(&mut self, at: (&Text, u64)) {
        self.complain(at, "a value that is no number, or beyond 1e100, was left out");
    }

    /// Notes a line that was expected to hold a result and does not.
    pub fn complain(&mut self, (text, line): (&Text, u64), what: impl Into<String>) {
        self.problems.push(Problem {
            severity: Severity::Warning,
            path: text.path().to_owned(),
            line: Some(line),
            what: what.into(),
            remedy: "look at the raw log; repeat the run if the benchmark failed".to_owned(),
        });
    }
}

impl Shellpack {
    /// The meaning of an operation.
    ///
    /// Every table of metrics ends with a prefix that fits all that the parser makes; a name that
    /// fits none is treated as the last.
    pub fn metric(&self, operation: &str) -> &Metric {
        const UNKNOWN: Metric = Metric { prefix: "", direction: Direction::Lower, unit: "" };
        self.metrics
            .iter()
            .find(|metric| operation.starts_with(metric.prefix))
            .or(self.metrics.last())
            .unwrap_or(&UNKNOWN)
    }
}

/// The benchmark that a folder name such as `netperf-tcp` belongs to: the name itself, or the name
/// with endings taken off at hyphens, as MMTests does it.
pub fn lookup(folder: &str) -> Option<&'static Shellpack> {
    let mut name = folder;
    loop {
        if let Some(found) = ALL.iter().find(|shellpack| shellpack.name == name) {
            return Some(found);
        }
        name = &name[..name.rfind('-')?];
    }
}
