//! The vocabulary as plain types. No I/O.

mod direction;
mod natural;
mod problem;
mod samples;

pub use direction::{Direction, SummaryKind};
pub use natural::natural_cmp;
pub use problem::{Problem, Severity};
pub use samples::{OperationId, Samples, Series};
