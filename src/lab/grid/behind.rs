//! A grid that others use as well, behind leases of this lab's own.
//!
//! Such a grid knows one name for all that this lab does, and lends for days or for ever. Which client
//! has a machine, and until when, is told by a lease of the lab; the machine is the lab's as long as the
//! grid says so.

use std::time::Duration;

use super::{Grid, GridError, Lease, LocalGrid};
use crate::lab::error::LabError;

/// Who has a machine of an outer grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This lab.
    Us,
    /// Somebody else.
    Other(Lease),
}

/// A grid that lends to a lab.
pub trait Outer: Send + Sync {
    /// What messages call it.
    fn name(&self) -> &str;

    /// Who has the machine now.
    fn holder(&self) -> Result<Holder, LabError>;

    /// Asks for the machine, or asks again where there is a queue. Whether it is lent is looked at
    /// afterwards.
    fn take(&self, reason: &str, time: Duration) -> Result<(), LabError>;

    /// Keeps it for longer, where it would end.
    fn keep(&self, reason: &str, time: Duration) -> Result<(), LabError>;

    /// Gives it back, and leaves the queue.
    fn give_back(&self) -> Result<(), LabError>;
}

/// Leases of this lab, of machines that an outer grid lends.
pub struct Behind<O> {
    /// The leases.
    pub local: LocalGrid,
    /// The grid.
    pub outer: O,
}

impl<O: Outer> Behind<O> {
    fn ours(&self) -> Lease {
        Lease { owner: self.outer.name().to_owned(), reason: String::new(), until: None }
    }
}

impl<O: Outer> Grid for Behind<O> {
    fn holder(&self) -> Result<Option<Lease>, GridError> {
        Ok(match self.outer.holder()? {
            Holder::Other(lease) => Some(lease),
            // Lent to this lab, and nobody works on it: it was not given back.
            Holder::Us => Some(self.local.holder()?.unwrap_or_else(|| self.ours())),
            Holder::Nobody => None,
        })
    }

    fn reserve(&self, owner: &str, reason: &str, time: Duration) -> Result<Lease, GridError> {
        let lease = self.local.reserve(owner, reason, time)?;
        let taken = match self.outer.holder() {
            Ok(Holder::Us) => Ok(Holder::Us),
            Ok(_) => self.outer.take(reason, time).and_then(|()| self.outer.holder()),
            Err(error) => Err(error),
        };
        let refused = match taken {
            Ok(Holder::Us) => return Ok(lease),
            Ok(Holder::Other(held)) => GridError::Held(held),
            Ok(Holder::Nobody) => GridError::Held(Lease {
                owner: format!("the queue of {}", self.outer.name()),
                reason: "others have asked before".to_owned(),
                until: None,
            }),
            Err(error) => error.into(),
        };
        self.local.release(owner)?;
        Err(refused)
    }

    fn renew(&self, owner: &str, time: Duration) -> Result<Lease, GridError> {
        match self.outer.holder()? {
            Holder::Other(held) => return Err(GridError::Held(held)),
            Holder::Nobody => return Err(GridError::Gone { owner: owner.to_owned() }),
            Holder::Us => {}
        }
        let lease = self.local.renew(owner, time)?;
        self.outer.keep(&lease.reason, time)?;
        Ok(lease)
    }

    fn release(&self, owner: &str) -> Result<(), GridError> {
        match self.local.holder()? {
            Some(held) if held.owner != owner => return Ok(()),
            _ => {}
        }
        // The lease goes last: until then, nobody else of this lab begins.
        self.outer.give_back()?;
        self.local.release(owner)
    }
}
