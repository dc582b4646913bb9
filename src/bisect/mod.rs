//! Finds the commit that changed a benchmark, though measurements are noisy.
//!
//! [`Search`] decides what to measure next and when it is done, and does no I/O. A [`Session`] keeps
//! one on disk, `candidates` reads the commits in question from git, [`local`] runs it here, and
//! [`Account`] and [`mail`] tell what came of it.

mod account;
mod candidates;
mod channel;
mod checkout;
mod commits;
mod explain;
pub mod local;
mod mail;
mod narrow;
mod reading;
mod search;
mod session;
mod subject;

pub use account::{Account, Candidate, Measured, Reverted, Stage, figure};
pub use candidates::{CandidatesError, Described};
pub use channel::Channel;
pub use commits::{BadGraph, Commits};
pub use explain::explain;
pub use local::{DOUBTED, REVERTED};
pub use mail::{mail, maintainers};
pub use narrow::{BENCHMARKS, narrow};
pub use reading::results;
pub use search::{Culprit, Event, Outcome, Place, Purpose, Search, Settings, Step};
pub use session::{Entry, Revert, Session, SessionError};
pub use subject::{Alerted, Subject};

/// Name of the folder of searches in that of the results.
pub const FOLDER: &str = "bisects";
