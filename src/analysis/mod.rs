//! Runs set against each other: comparisons, ratios, verdicts. No I/O.

pub mod alerts;
mod baseline;
pub mod changes;
mod comparison;
mod differences;
mod history;
mod judging;
mod moved;
mod ratios;
mod verdict;

pub use baseline::{Baseline, UnknownBaseline};
pub use comparison::{
    BenchmarkTable, Cell, Column, Comparison, Figure, OperationTable, StatisticRow, compare, pages,
};
pub use differences::{Complaint, Difference, Differences, complaints, differences};
pub use history::History;
pub use judging::set_verdicts;
pub use moved::{Moved, Shift, ShiftWords, moved};
pub use ratios::{RatioCell, RatioRow, RatioTable};
pub use verdict::{Reason, Verdict, VerdictKind};
