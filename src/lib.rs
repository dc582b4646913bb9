//! melbot finds performance regressions of the Linux kernel in the results of MMTests.

pub mod mmtests;
pub mod model;
pub mod stats;
