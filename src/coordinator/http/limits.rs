//! How often one may ask: each token for itself, and all who have none together, for behind a reverse proxy
//! everybody has its address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many requests are left to whom.
#[derive(Debug)]
pub struct Limits {
    /// Requests a second; twice as many may come at once.
    rate: f64,
    /// By the name of the token.
    left: Mutex<HashMap<Option<String>, (f64, Instant)>>,
}

impl Limits {
    /// All of them, at so many a second.
    pub fn new(rate: f64) -> Limits {
        Limits { rate, left: Mutex::new(HashMap::new()) }
    }

    /// `true` if one more of this token, or of those without, may be answered now.
    pub fn allow(&self, token: Option<String>, now: Instant) -> bool {
        let burst = 2.0 * self.rate;
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let has = all.entry(token).or_insert((burst, now));
        let since = now.saturating_duration_since(has.1).as_secs_f64();
        let left = (has.0 + self.rate * since).min(burst);
        *has = ((left - 1.0).max(0.0), now);
        left >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_asks_too_often_waits_and_nobody_else() {
        let now = Instant::now();
        let limits = Limits::new(200.0);
        let allowed = |token: Option<&str>, now| {
            (0..1000).filter(|_| limits.allow(token.map(str::to_owned), now)).count()
        };
        assert_eq!(allowed(None, now), 400);
        assert_eq!(allowed(Some("builder"), now), 400);
        let later = now + Duration::from_secs(1);
        assert_eq!(allowed(None, later), 200);
    }
}
