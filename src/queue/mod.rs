//! The queue: jobs that wait for one another and for somebody to do them. It knows nothing of labs.
//!
//! A job is taken on a lease. Whoever took it renews the lease while it works, and says how it ended;
//! a lease that runs out gives the job back to the queue, which counts and tells that it was lost. All
//! changes are transactions, one by one: what was said to be done is on disk, and nothing is taken twice.

mod changes;
mod clock;
mod database;
mod error;
mod job;
mod look;
mod pauses;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod take;

pub use changes::{Earlier, Submitted};
pub use clock::Clock;
pub use error::QueueError;
pub use job::{Event, Job, Kind, Need, NewJob, State};
pub use look::{Counts, Filter};
pub use pauses::Scope;
pub use take::{Lease, Taken, Worker};

use database::Database;

/// The queue of a lab.
#[derive(Debug)]
pub struct Queue {
    database: Database,
    clock: Clock,
}

#[cfg(test)]
mod tests;
