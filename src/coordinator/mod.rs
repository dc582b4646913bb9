//! Bob: watches git trees, has kernels built, queues jobs for machines, publishes what was measured and
//! tells of it.
//!
//! What decides does no I/O: [`schedule`] says what is due, [`orders`] what is to be queued for a kernel,
//! [`summary`] what came of it. Threads do the rest, and know one another by the queue only, so that
//! each of them may end at any moment and be started again.

mod analyst;
mod away;
pub mod bisect;
mod builder;
mod builds;
mod child;
mod clients;
mod desk;
mod doctor;
pub mod estimate;
mod hand;
mod http;
mod keeper;
mod lines;
mod memory;
pub mod missing;
mod notify;
pub mod orders;
mod outlook;
mod pending;
mod reruns;
mod retention;
mod runner;
pub mod schedule;
mod serve;
mod settings;
pub mod summary;
pub mod tasks;
mod watch;

pub use away::Away;
pub use desk::Desk;
pub use doctor::{Finding, examine, what_builds_need};
pub use hand::{Added, add as add_by_hand};
pub use http::tokens;
pub use keeper::Keeper;
pub use runner::{Runner, Told};
pub use serve::run;
pub use settings::{FILE, Settings};
