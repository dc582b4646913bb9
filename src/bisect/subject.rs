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
    /// The two were given the other way around: the older end is the bad one, and the commit that repaired it
    /// is looked for, as one that makes something worse is. "Good" is the older end all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repair: bool,
    /// What is measured, in words.
    #[serde(default)]
    pub metric: String,
    /// The alert that the search began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alerted>,
}

impl Subject {
    /// What the older end is called, and the newer one.
    pub fn ends(&self) -> [&'static str; 2] {
        if self.repair { ["bad", "good"] } else { ["good", "bad"] }
    }
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
