//! Reading MMTests result trees.

pub(crate) mod activity;
#[cfg(test)]
mod cut_tests;
mod discover;
pub(crate) mod environment;
pub(crate) mod external;
mod fingerprint;
pub mod imported;
mod layout;
pub mod logs;
pub mod monitor;
mod noted;
mod printable;
#[cfg(test)]
mod property_tests;
mod read;
pub mod shellpack;

pub use discover::{Discovery, FoundRun, SEARCH, describe, discover, iteration_number};
pub use external::External;
pub use layout::Place;
pub use printable::printable;
pub use read::{BenchmarkSamples, ReadRun, read_run};
