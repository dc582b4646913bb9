//! What could not be read, and why.

use serde::{Deserialize, Serialize};

/// How much was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Odd, but nothing was lost.
    Note,
    /// Some data could not be used.
    Warning,
    /// A whole benchmark or run gave no data.
    Error,
}

/// One line of the Problems page: what is wrong with which file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How much was lost.
    pub severity: Severity,
    /// Path of the file or folder, relative to the results folder, made printable.
    pub path: String,
    /// Line in the file (from 1), where there is one.
    pub line: Option<u64>,
    /// What is wrong, in one sentence without a full stop.
    pub what: String,
    /// What a person can do about it, in one sentence without a full stop.
    pub remedy: String,
}
