//! What is expected of the queue and what is missing, for whoever looks: worked out again only when something
//! happened.

use std::sync::{Arc, PoisonError};

use super::desk::Desk;
use super::estimate::{Estimate, Known, estimate};
use super::lines::Line;
use super::missing::{Overview, look};
use crate::queue::{Queue, QueueError, Scope};

/// Where nothing happened it is as old as that at most, in milliseconds: times go on, and results may be moved.
const LASTS: i64 = 10_000;

/// What is known at a time.
#[derive(Debug)]
pub struct Outlook {
    /// When each job will be done.
    pub expected: Estimate,
    /// What policies want and nobody does.
    pub missing: Overview,
    /// Which tracks build.
    pub lines: Vec<Line>,
    at: i64,
    last_event: i64,
    paused: Vec<Scope>,
}

impl Outlook {
    /// How it is now.
    pub fn of(desk: &Desk, queue: &Queue) -> Result<Arc<Outlook>, QueueError> {
        // Those who come meanwhile wait for it, and do not work it out as well.
        let mut known = desk.outlook.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, last_event, paused) = (desk.clock.now(), queue.last_event()?, queue.paused()?);
        let is_current = |known: &&Arc<Outlook>| {
            (0..LASTS).contains(&(at - known.at))
                && known.last_event == last_event
                && known.paused == paused
        };
        if let Some(known) = known.as_ref().filter(is_current) {
            return Ok(Arc::clone(known));
        }
        let missing = look(desk, queue).unwrap_or_else(|error| Overview {
            missing: Vec::new(),
            unknown: vec![error.to_string()],
        });
        let new = Arc::new(Outlook {
            expected: estimate(&Known::of(queue, at, desk.settings.builders)?),
            missing,
            lines: Line::all(queue)?,
            at,
            last_event,
            paused,
        });
        *known = Some(Arc::clone(&new));
        Ok(new)
    }
}
