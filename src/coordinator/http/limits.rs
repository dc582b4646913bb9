//! How often one may ask. For all together: behind a reverse proxy, everybody has its address.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests that may come at once.
const BURST: f64 = 400.0;
/// Requests a second after that.
const RATE: f64 = 200.0;

/// How many requests are left.
#[derive(Debug)]
pub struct Limits(Mutex<(f64, Instant)>);

impl Limits {
    /// All of them.
    pub fn new(now: Instant) -> Limits {
        Limits(Mutex::new((BURST, now)))
    }

    /// `true` if one more may be answered now.
    pub fn allow(&self, now: Instant) -> bool {
        let mut has = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.saturating_duration_since(has.1).as_secs_f64();
        let left = (has.0 + RATE * since).min(BURST);
        *has = ((left - 1.0).max(0.0), now);
        left >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_asks_too_often_waits() {
        let now = Instant::now();
        let limits = Limits::new(now);
        assert_eq!((0..1000).filter(|_| limits.allow(now)).count(), 400);
        let later = now + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| limits.allow(later)).count(), 200);
    }
}
