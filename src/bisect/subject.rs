//! What is searched for: `bisect.toml` in the folder of a search.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Two ends of a git tree, and what differs between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The git tree.
    pub tree: PathBuf,
    /// Full name of the good end.
    pub good: String,
    /// Full name of the bad end.
    pub bad: String,
    /// What is measured, in words.
    #[serde(default)]
    pub metric: String,
    /// The alert that the search began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alerted>,
}

/// An alert, and the operation that shows it best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerted {
    /// Name of the alert.
    pub id: String,
    /// Folder of the notes on alerts.
    pub notes: PathBuf,
    /// Machine that it is on.
    pub machine: String,
    /// Config of MMTests.
    pub config: String,
    /// Benchmark.
    pub benchmark: String,
    /// Operation of it that is measured.
    pub operation: String,
    /// Last kernel with the old level.
    pub last_good: String,
    /// First kernel with the new level.
    pub first_bad: String,
    /// `regression` or `improvement`.
    pub direction: String,
    /// Change from good to bad in percent of the value, as the alert has it.
    pub change_pct: f64,
    /// Its interval.
    pub interval_pct: (f64, f64),
}
