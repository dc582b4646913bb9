//! Change points in the histories of operations: which kernel made what slower, and how sure is it?
//!
//! Boots are the unit of replication. The noise of a series is learnt from its own boots and kernels
//! and moderated by all other series; changes are weighed along the tree of releases as Bayes factors,
//! shared between the operations of a benchmark; alerts are the comparisons whose local
//! false-discovery rate is small enough. Pure functions on slices: no I/O, no panics, the same result
//! whatever the number of threads.

mod blocks;
mod by_size;
mod contamination;
mod decision;
mod drift;
mod evidence;
mod group;
mod judge;
mod jumps;
mod levels;
mod likelihood;
mod location;
mod memory;
mod model;
mod noise;
mod occasions;
mod power;
mod rates;
mod report;
mod scene;
mod segmentation;
mod siblings;
mod special;
mod steps;
mod verdict;

#[cfg(test)]
mod tests;

pub use judge::{judge, judge_with};
pub use location::Scale;
pub use memory::Memory;
pub use model::{Kernel, Observation, SeriesData, Settings, TrackId, Tree};
pub use verdict::{
    Comparison as ChangeComparison, Detectable, NoiseModel, Note, SeriesVerdicts,
    Verdict as ChangeVerdict,
};
