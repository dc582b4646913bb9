//! Kernels: what a git tree tells about their versions.

mod history;

pub use history::{History, HistoryError};
