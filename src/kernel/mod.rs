//! Kernels: what a git tree tells about their versions, which of them are wanted, and how they are built.

pub mod build;
mod choice;
mod compilers;
pub mod git;
mod history;
pub mod images;
mod kconfig;
pub mod revert;
mod tree;

pub use build::{Build, Builder, Outcome};
pub use choice::Choice;
pub use history::{History, HistoryError};
pub use kconfig::{Kconfig, Package, other_layout};
pub use tree::{Point, Tree};
