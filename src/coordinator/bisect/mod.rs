//! Searches for commits that go through the queue: each measurement is a build and a run like any other, and
//! what it brings home decides which is the next.
//!
//! The folder of a search has, beside what `bisect` keeps there, an [`Assignment`]: how its kernels are built and
//! measured in this lab. Nothing else has to be remembered: what comes next follows from the journal, and its
//! job has a key that follows from the same, so that whoever is killed in between finds the job again.

use std::fmt::Display;

use crate::lab::LabError;

mod assignment;
mod begin;
mod ending;
mod estimate;
mod experiment;
mod policy;
mod qualify;
mod searching;
mod seen;
mod week;
mod work;

pub use assignment::{Assignment, By, Stage, readable};
pub use begin::{begin, set};
pub use estimate::{Estimate, estimate};
pub use policy::{Auto, Says};
pub use qualify::{Qualified, qualify};
pub use seen::{Seen, alerts};
pub use work::work;

/// What is wrong with the folder of a search.
fn unusable(error: impl Display) -> LabError {
    LabError::new(error.to_string(), "see docs/BISECT.md")
}
