//! Finds the commit that changed a benchmark, though measurements are noisy.
//!
//! [`Search`] decides what to measure next and when it is done, and does no I/O. A [`Session`] keeps
//! one on disk, `candidates` reads the commits in question from git, [`local`] runs it here, and
//! [`Account`] and [`mail`] tell what came of it.

mod account;
mod belief;
mod candidates;
mod checkout;
mod commits;
mod entry;
mod explain;
mod levels;
pub mod local;
mod lock;
pub mod logs;
mod mail;
mod narrow;
mod reading;
mod relays;
mod search;
mod session;
mod steps;
mod subject;

pub use account::{Account, Candidate, Measured, Relaid, Reverted, Stage, figure};
pub use candidates::{CandidatesError, Described};
pub use commits::{BadGraph, Commits};
pub use entry::{Check, Entry};
pub use explain::explain;
pub use levels::Levels;
pub use local::{DOUBTED, REVERTED};
pub use mail::{mail, maintainers};
pub use narrow::{BENCHMARKS, narrow};
pub use reading::results;
pub use relays::{next_relay, relays_left};
pub use search::Search;
pub use session::{Session, SessionError};
pub use steps::{Culprit, Event, Outcome, Place, Purpose, Settings, Step};
pub use subject::{Alerted, Subject};

/// Name of the folder of searches in that of the results.
pub const FOLDER: &str = "bisects";
