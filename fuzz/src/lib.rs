//! What the fuzz targets do with the bytes they are given.
//!
//! The floors of melbot that see foreign bytes are compiled in here by their paths: linking melbot
//! itself would instrument and link polars, which takes many minutes and is not what is fuzzed.

// Each target uses a part of what is compiled in.
#![allow(dead_code, unused_imports)]

#[path = "../../src/import/mod.rs"]
pub mod import;
#[path = "../../src/mmtests/mod.rs"]
pub mod mmtests;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/notes/mod.rs"]
pub mod notes;
#[path = "../../src/stats/mod.rs"]
pub mod stats;

mod files;
mod order;
mod samples;
mod text;

pub use files::{logs, monitors, shellpacks};
pub use order::release;
pub use samples::summary;
pub use text::{activity, imports, protocol};
