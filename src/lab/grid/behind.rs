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

    /// Gives it back if it is held, and leaves the queue.
    fn give_back(&self, held: bool) -> Result<(), LabError>;
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
        let holder = self.outer.holder()?;
        match (&holder, self.local.holder()?) {
            // Only they can.
            (Holder::Other(held), _) if held.owner == owner => {
                return Err(GridError::Held(held.clone()));
            }
            (_, Some(held)) if held.owner != owner => return Ok(()),
            _ => {}
        }
        // The lease goes last: until then, nobody else of this lab begins.
        self.outer.give_back(holder == Holder::Us)?;
        self.local.release(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A grid with a queue: the first of those who ask has it.
    struct Queue(Mutex<Vec<&'static str>>);

    impl Queue {
        fn all(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
            self.0.lock().expect("one thread")
        }
    }

    impl Outer for Queue {
        fn name(&self) -> &str {
            "lab"
        }

        fn holder(&self) -> Result<Holder, LabError> {
            Ok(match self.all().first() {
                None => Holder::Nobody,
                Some(&"lab") => Holder::Us,
                Some(other) => {
                    let owner = (*other).to_owned();
                    Holder::Other(Lease { owner, reason: String::new(), until: None })
                }
            })
        }

        fn take(&self, _: &str, _: Duration) -> Result<(), LabError> {
            let mut all = self.all();
            if !all.contains(&"lab") {
                all.push("lab");
            }
            Ok(())
        }

        fn keep(&self, _: &str, _: Duration) -> Result<(), LabError> {
            Ok(())
        }

        fn give_back(&self, _: bool) -> Result<(), LabError> {
            self.all().retain(|who| *who != "lab");
            Ok(())
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    fn behind(first: &[&'static str]) -> (tempfile::TempDir, Behind<Queue>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let local = LocalGrid { folder: folder.path().to_owned() };
        (folder, Behind { local, outer: Queue(Mutex::new(first.to_vec())) })
    }

    fn held(result: Result<Lease, GridError>) -> String {
        match result {
            Err(GridError::Held(lease)) => lease.owner,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_waits_gets_it_when_it_is_given_back() {
        let (_folder, grid) = behind(&["bob"]);
        assert_eq!(held(grid.reserve("ann", "", HOUR)), "bob");
        assert_eq!(*grid.outer.all(), ["bob", "lab"], "asked once");
        assert_eq!(held(grid.reserve("eve", "", HOUR)), "bob", "nobody of the lab has it yet");
        grid.outer.all().remove(0);
        grid.reserve("eve", "", HOUR).expect("it is the lab's");
        assert_eq!(held(grid.reserve("ann", "", HOUR)), "eve");
        grid.release("ann").expect("no harm");
        assert_eq!(*grid.outer.all(), ["lab"], "she does not give back what is eve's");
        grid.release("eve").expect("it is hers");
        assert_eq!(grid.holder(), Ok(None));
    }

    #[test]
    fn a_place_that_somebody_took_away_is_noticed() {
        let (_folder, grid) = behind(&[]);
        grid.reserve("ann", "", HOUR).expect("it is free");
        grid.renew("ann", HOUR).expect("it is hers");
        *grid.outer.all() = vec!["bob"];
        assert_eq!(held(grid.renew("ann", HOUR)), "bob");
        assert!(matches!(grid.release("bob"), Err(GridError::Held(_))), "that is bob's to do");
        grid.release("ann").expect("no harm");
        assert_eq!(*grid.outer.all(), ["bob"]);
        grid.outer.all().clear();
        assert_eq!(grid.renew("ann", HOUR), Err(GridError::Gone { owner: "ann".to_owned() }));
    }

    #[test]
    fn what_was_not_given_back_is_the_labs_to_give() {
        let (_folder, grid) = behind(&["lab"]);
        let lease = grid.holder().expect("it answers").expect("it is lent");
        assert_eq!(lease.owner, "lab");
        grid.release("lab").expect("it is the lab's");
        assert_eq!(grid.holder(), Ok(None));
    }
}
