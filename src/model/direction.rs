//! Which way is better, and how MMTests condenses the samples of an operation.

use serde::{Deserialize, Serialize};

/// Whether a smaller or a larger value of an operation is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Times, latencies, counts of failures.
    Lower,
    /// Throughputs and rates.
    Higher,
}

impl Direction {
    /// `true` if going from `old` to `new` is an improvement.
    pub fn improves(self, old: f64, new: f64) -> bool {
        match self {
            Direction::Lower => new < old,
            Direction::Higher => new > old,
        }
    }

    /// Factor that makes larger mean worse.
    pub fn worse_sign(self) -> f64 {
        match self {
            Direction::Lower => 1.0,
            Direction::Higher => -1.0,
        }
    }

    /// "lower is better" or "higher is better", as the pages say it.
    pub fn phrase(self) -> &'static str {
        match self {
            Direction::Lower => "lower is better",
            Direction::Higher => "higher is better",
        }
    }
}

/// The five ways in which MMTests summarises the samples of an operation
/// (`summarise:` in a benchmark's `shellpack.yaml`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SummaryKind {
    /// Minimum, mean, deviation, maximum and the mean of the best 95 %.
    Multiops,
    /// As [`SummaryKind::Multiops`], with the 95th percentile.
    Normalisedops,
    /// Means and percentiles of the best 50, 75, 90 and 99 %.
    NormalisedLeftSkewops,
    /// One value: the best sample.
    Singleops,
    /// As [`SummaryKind::Multiops`], with a resampled mean and its interval.
    Subselection,
}

impl SummaryKind {
    /// The kind that `shellpack.yaml` names, if MMTests knows it.
    pub fn from_name(name: &str) -> Option<SummaryKind> {
        Some(match name {
            "Multiops" => SummaryKind::Multiops,
            "Normalisedops" => SummaryKind::Normalisedops,
            "NormalisedLeftSkewops" => SummaryKind::NormalisedLeftSkewops,
            "Singleops" => SummaryKind::Singleops,
            "Subselection" => SummaryKind::Subselection,
            _ => return None,
        })
    }
}
