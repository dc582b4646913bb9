//! Finds the commit that changed a benchmark, though measurements are noisy.
//!
//! [`Search`] decides what to measure next and when it is done, and does no I/O. A [`Session`] keeps
//! one on disk, [`candidates`] reads the commits in question from git, and [`local`] runs it here.

mod candidates;
mod channel;
mod commits;
pub mod local;
mod search;
mod session;

pub use candidates::{CandidatesError, candidates, subject};
pub use channel::Channel;
pub use commits::{BadGraph, Commits};
pub use search::{Culprit, Event, Outcome, Place, Purpose, Search, Settings, Step};
pub use session::{Session, SessionError, Subject};
