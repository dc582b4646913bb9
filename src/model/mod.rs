//! The vocabulary as plain types. No I/O.

mod date;
mod direction;
mod monitor;
mod natural;
mod places;
mod problem;
mod release;
mod run;
mod samples;
mod shown;

pub use date::civil;
pub use direction::{Direction, SummaryKind};
pub use monitor::{Curve, Figures, Reading, Seen, Stretch, Watched, common_name};
pub use natural::natural_cmp;
pub use places::Places;
pub use problem::{Problem, Severity};
pub use release::{Release, Track, compare_runs};
pub use run::{
    Benchmark, Environment, FAILURES, Iteration, KernelWarning, Noted, Operation, Outcome, Run,
    facts,
};
pub use samples::{Intervals, OperationId, Samples, Series};
pub use shown::{can_be_shown, with_causes};
