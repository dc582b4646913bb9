//! Takes one machine through jobs: reserves it, brings it into a known state, boots a kernel, runs
//! MMTests on it, and brings the logs home.
//!
//! [`plan::next`] decides what to do from the journal alone and does no I/O. [`Journal`] keeps on
//! disk what happened. [`Work`] does one step after the other with the drivers of the lab; each step
//! can be done again after a kill in the middle of it.

mod attached;
mod fault;
mod folders;
mod history;
mod job;
mod journal;
mod notifier;
pub mod plan;
mod problems;
mod publish;
mod record;
mod results;
mod running;
mod sources;
mod up;
mod work;

pub use fault::{Fault, Why};
pub use folders::Folders;
pub use history::usual as usual_seconds;
pub use job::{Job, JobFile, KernelSource, MmtestsSource, jobs_of, parse as parse_job};
pub use journal::{Entry, Event, Facts, Journal, Step};
pub use plan::{Next, Outcome};
pub use record::RunRecord;
pub use work::{Progress, Work, unpublished};
