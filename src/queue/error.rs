//! Why the queue could not do it.

use thiserror::Error;

/// What went wrong, and what a person can do about it.
#[derive(Debug, Error)]
pub enum QueueError {
    /// The database.
    #[error("queue {place}: {what}; {remedy}")]
    Database {
        /// Where it is.
        place: String,
        /// What it said.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// There is no such job.
    #[error("there is no job {0}; see melbot queue list --all")]
    NoJob(i64),
    /// The job is in a state in which this makes no sense.
    #[error("job {id} is {state}; {remedy}")]
    Refused {
        /// Its number.
        id: i64,
        /// What it is.
        state: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// Somebody else has the job by now, or nobody shall do it any more.
    #[error("job {id} is ours no more: {what}")]
    Lost {
        /// Its number.
        id: i64,
        /// What became of it.
        what: String,
    },
}
