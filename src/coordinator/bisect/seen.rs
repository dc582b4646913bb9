//! Alerts, as `melbot alerts --json` tells them.

use serde::Deserialize;

use crate::coordinator::child::said;
use crate::coordinator::desk::Desk;
use crate::lab::LabError;

/// What matters of an alert.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Seen {
    /// Its name.
    pub id: String,
    /// Machine that it is on.
    pub machine: String,
    /// Config of MMTests.
    pub config: String,
    /// Folder of the runs in that of the results.
    pub run_path: String,
    /// Benchmark.
    pub benchmark: String,
    /// `regression` or `improvement`.
    pub turn: String,
    /// Where it moved.
    pub window: Window,
    /// In percent of the benchmark.
    pub severity: f64,
    /// `minor`, `notable` or `severe`.
    pub class: String,
    /// Operations, the worst first.
    pub members: Vec<Member>,
    /// What other machines say.
    pub witnesses: Vec<Witness>,
    /// `own`, `repair` or `backport`.
    pub role: String,
    /// What people say about it.
    pub state: String,
    /// It is over wherever it was seen.
    pub over: bool,
    /// In a line.
    pub title: String,
}

/// Where something moved.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Window {
    /// Last kernel with the old level.
    pub last_good: String,
    /// First kernel with the new one.
    pub first_bad: String,
}

/// An operation that moved.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Member {
    /// Its name.
    pub operation: String,
    /// By how much.
    pub effect: Effect,
    /// Probability of a change.
    pub probability: f64,
}

/// How the value changed, in percent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Effect {
    /// The change.
    pub value_pct: f64,
    /// Its interval.
    pub value_interval: (f64, f64),
}

/// What another machine says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Witness {
    /// The machine.
    pub machine: String,
    /// `agrees`, `contradicts` or `cannot_tell`.
    pub says: String,
}

/// All alerts of a lab.
pub fn alerts(desk: &Desk) -> Result<Vec<Seen>, LabError> {
    #[derive(Deserialize)]
    struct Report {
        alerts: Vec<Seen>,
    }
    said::<Report>(desk, &["alerts", "list"]).map(|report| report.alerts)
}
