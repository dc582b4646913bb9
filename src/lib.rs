//! melbot finds performance regressions of the Linux kernel in the results of MMTests.

#![warn(missing_docs)]

pub mod analysis;
pub mod bisect;
pub mod cli;
pub mod client;
pub mod coordinator;
pub mod demo;
pub mod import;
pub mod kernel;
pub mod lab;
pub mod mmtests;
pub mod model;
pub mod notes;
pub mod notify;
pub mod queue;
pub mod report;
pub mod serve;
pub mod site;
pub mod stats;
pub mod store;
