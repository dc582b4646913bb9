//! A line of the journal of a search.

use serde::{Deserialize, Serialize};

/// A line of the journal: exactly one of `value`, `skip`, `image`, `revert`, `layout` and `widened` is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it was written.
    #[serde(default)]
    pub time: String,
    /// Full name of the commit; of a reverted one, what was reverted.
    pub commit: String,
    /// A measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why it cannot be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
    /// It was built: the hash of its image, as hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The bad end without the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revert: Option<Check>,
    /// The commit, built with another code layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Check>,
    /// More of the config is run from now on, and why; what was measured before does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widened: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// What became of a kernel that is measured only to be sure of the culprit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// A measurement of it.
    Value(f64),
    /// It cannot be made or measured, and why.
    Failed(String),
}
