//! Which measurements with another code layout are left: of the culprit and what it is set against, for where
//! functions lie in memory can make a kernel faster or slower although nothing was changed that matters (Mytkowicz
//! et al. 2009).

use super::entry::Check;
use super::session::Session;
use super::steps::Place;

/// Measurements of each.
const RELAID: usize = 5;

/// What is to be measured next, and how often that was done: the one of which there are fewest where they are to be
/// measured `in_turn`, for the machine may change meanwhile, else one after the other. `None` when all is done, or
/// one of them cannot be measured.
pub fn next_relay(session: &Session, culprit: usize, in_turn: bool) -> Option<(Place, usize)> {
    let places = session.search.against(culprit);
    let failed = |place: &Place| session.relaid(*place).any(|c| matches!(c, Check::Failed(_)));
    if places.iter().any(failed) {
        return None;
    }
    let counted = places.into_iter().map(|place| (place, session.relaid(place).count()));
    let mut left = counted.filter(|(_, count)| *count < RELAID);
    match in_turn {
        true => left.min_by_key(|(_, count)| *count),
        false => left.next(),
    }
}

/// How many measurements are left of a place that was measured so often.
pub fn relays_left(count: usize) -> usize {
    RELAID.saturating_sub(count)
}
