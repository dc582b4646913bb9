//! How much an alert matters: size × certainty × share of the benchmark that moved.

use serde::Serialize;

use super::alert::Member;

/// From this severity on an alert is severe: a tenth of the performance of a whole benchmark.
pub const SEVERE: f64 = 10.0;
/// From this severity on it is notable.
pub const NOTABLE: f64 = 3.0;
/// Larger changes matter no more: something is broken, not slower.
const LARGEST: f64 = 400.0;

/// Severity, coarse, for filters and colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Less than [`NOTABLE`].
    Minor,
    /// At least [`NOTABLE`].
    Notable,
    /// At least [`SEVERE`].
    Severe,
}

impl Class {
    /// The class of a severity.
    pub fn of(severity: f64) -> Class {
        match severity {
            s if s >= SEVERE => Class::Severe,
            s if s >= NOTABLE => Class::Notable,
            _ => Class::Minor,
        }
    }

    /// `severe`, `notable` or `minor`.
    pub fn word(self) -> &'static str {
        match self {
            Class::Severe => "severe",
            Class::Notable => "notable",
            Class::Minor => "minor",
        }
    }
}

/// The size that the worst of these members has at least (the end of its interval that is nearer to
/// nothing), in percent, times its probability, times the square root of the share of the measured
/// operations that moved: of thirty operations one that moved alone is a fifth as severe as all.
pub fn severity<'m>(members: impl Iterator<Item = &'m Member>, measured: usize) -> f64 {
    let (mut worst, mut moved) = (0.0_f64, 0);
    for member in members {
        moved += 1;
        let size = member.effect.at_least_pct().min(LARGEST);
        worst = worst.max(size * member.probability.clamp(0.0, 1.0));
    }
    worst * (f64::from(moved) / measured.max(moved as usize).max(1) as f64).sqrt()
}
