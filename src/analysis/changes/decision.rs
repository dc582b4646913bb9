//! Which changes become alerts.

use super::model::Settings;

/// A change that may become an alert.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Probability that it is none.
    pub lfdr: f64,
    /// Size as a log ratio, larger is worse.
    pub effect: f64,
    /// Interval of the size, which siblings have no part in.
    pub interval: (f64, f64),
}

impl Candidate {
    /// The series says itself in which direction it changed; siblings may only say that it did.
    fn has_direction(&self) -> bool {
        self.interval.0 > 0.0 || self.interval.1 < 0.0
    }
}

/// Most probable first, as long as the mean local false-discovery rate of all taken stays below
/// the share promised (Sun & Cai 2007), each is more likely true than not, its interval is free of 0,
/// and it matters.
pub fn alerts(candidates: &[Candidate], settings: &Settings) -> Vec<bool> {
    let least = settings.min_effect.ln_1p();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.retain(|at| candidates[*at].effect.abs() >= least && candidates[*at].has_direction());
    order.sort_by(|a, b| candidates[*a].lfdr.total_cmp(&candidates[*b].lfdr));
    let mut taken = vec![false; candidates.len()];
    let mut sum = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        sum += candidates[at].lfdr;
        let fits = sum / (rank as f64 + 1.0) <= settings.false_share;
        if !fits || candidates[at].lfdr > settings.max_lfdr {
            break;
        }
        taken[at] = true;
    }
    taken
}
