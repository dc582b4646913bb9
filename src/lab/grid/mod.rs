//! Grids lend machines. Whoever works on a machine holds its lease, renews it, and gives it back.

mod behind;
mod labgrid;
mod local;
mod orthos;

use serde::{Deserialize, Serialize};
use std::time::Duration;

use thiserror::Error;

use super::error::LabError;

pub use behind::Behind;
pub use labgrid::{Labgrid, LabgridPlace};
pub use local::LocalGrid;
pub use orthos::{Orthos, OrthosMachine};

/// A machine that was lent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who has it: the same words reserve it again and renew it.
    pub owner: String,
    /// What for.
    pub reason: String,
    /// Until when, in seconds since 1970; `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Why a machine is not lent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GridError {
    /// Somebody else has it.
    #[error("{} has the machine{}: {}; wait, or ask them", .0.owner, local::until(.0.until), .0.reason)]
    Held(Lease),
    /// The lease that was to be renewed or given back is not there any more.
    #[error("the lease of {owner} is gone; reserve the machine again")]
    Gone {
        /// Who had it.
        owner: String,
    },
    /// The grid cannot be asked.
    #[error(transparent)]
    Lab(#[from] LabError),
}

/// Who lends one machine.
pub trait Grid: Send + Sync {
    /// Who has it now.
    fn holder(&self) -> Result<Option<Lease>, GridError>;

    /// Lends it for so long. Who has it already keeps it.
    fn reserve(&self, owner: &str, reason: &str, time: Duration) -> Result<Lease, GridError>;

    /// Keeps it for so long from now on; an error if somebody else has it by now.
    fn renew(&self, owner: &str, time: Duration) -> Result<Lease, GridError>;

    /// Gives it back. No harm if that was done before.
    fn release(&self, owner: &str) -> Result<(), GridError>;
}
