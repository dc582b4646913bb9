//! How often somebody may ask.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests that may come at once.
const BURST: f64 = 200.0;
/// Requests a second after that.
const RATE: f64 = 50.0;
/// More addresses are not remembered at a time.
const ADDRESSES: usize = 10_000;

/// What each address has left.
#[derive(Debug, Default)]
pub struct Limits(Mutex<HashMap<IpAddr, (f64, Instant)>>);

impl Limits {
    /// `true` if this one may ask once more now.
    pub fn allow(&self, address: IpAddr, now: Instant) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |(left, since): (f64, Instant)| {
            (left + RATE * now.saturating_duration_since(since).as_secs_f64()).min(BURST)
        };
        if known.len() >= ADDRESSES {
            known.retain(|_, has| full(*has) < BURST);
        }
        if known.len() >= ADDRESSES && !known.contains_key(&address) {
            return false;
        }
        let has = known.entry(address).or_insert((BURST, now));
        let left = full(*has);
        *has = ((left - 1.0).max(0.0), now);
        left >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_asks_too_often_waits_and_others_do_not() {
        let limits = Limits::default();
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let now = Instant::now();
        let allowed = (0..300).filter(|_| limits.allow(one, now)).count();
        assert_eq!(allowed, 200);
        assert!(limits.allow(other, now));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..300).filter(|_| limits.allow(one, later)).count(), 50);
    }
}
