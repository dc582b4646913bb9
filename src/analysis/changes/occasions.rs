//! How often something changes, by occasion.
//!
//! Two kernels that somebody set against each other differ more often than two that merely follow
//! one another in a long history, so each occasion has a rate of its own, learnt from the data base.

use serde::{Deserialize, Serialize};

use super::location::Located;

/// When a kernel is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// There are but two kernels.
    Pair,
    /// Nothing was measured after it.
    Newest,
    /// Inside a history.
    Within,
}

/// Number of occasions.
pub const OCCASIONS: usize = 3;

/// How often a benchmark changes at one kernel.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Chances {
    /// Probability of an event of the whole benchmark.
    pub event: f64,
    /// Probability of a change of a single series by itself.
    pub lone: f64,
}

/// Before any data, by occasion.
pub const PRIOR: [Chances; OCCASIONS] = [
    Chances { event: 0.06, lone: 0.008 },
    Chances { event: 0.03, lone: 0.004 },
    Chances { event: 0.02, lone: 0.003 },
];

impl Occasion {
    /// The occasion of a kernel in a group of series.
    pub fn of<'a>(kernel: usize, members: impl Iterator<Item = &'a Located> + Clone) -> Occasion {
        if members.clone().all(|series| series.seen.len() <= 2) {
            return Occasion::Pair;
        }
        let followed = |series: &Located| {
            let at = series.seen.iter().position(|seen| seen.kernel == kernel);
            at.is_some() && series.seen.iter().any(|seen| seen.parent == at)
        };
        if members.clone().any(followed) { Occasion::Within } else { Occasion::Newest }
    }

    /// Its place in tables by occasion.
    pub fn index(self) -> usize {
        self as usize
    }
}
