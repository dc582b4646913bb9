//! How often something happens, from how often it was seen.

use statrs::distribution::{Beta, ContinuousCDF};

/// The exact interval of a probability of which `hits` of `trials` were seen (Clopper & Pearson 1934):
/// both ends as quantiles of beta distributions. From 0 to 1 where nothing was tried.
pub fn interval(hits: u64, trials: u64, coverage: f64) -> (f64, f64) {
    let hits = hits.min(trials);
    let tail = (0.5 * (1.0 - coverage)).clamp(0.0, 0.5);
    let (seen, not_seen) = (hits as f64, (trials - hits) as f64);
    let quantile = |a: f64, b: f64, p: f64, otherwise: f64| {
        let found = Beta::new(a, b).ok().and_then(|beta| beta.try_inverse_cdf(p).ok());
        found.filter(|p| p.is_finite()).unwrap_or(otherwise)
    };
    let low = if hits == 0 { 0.0 } else { quantile(seen, not_seen + 1.0, tail, 0.0) };
    let high = if hits == trials { 1.0 } else { quantile(seen + 1.0, not_seen, 1.0 - tail, 1.0) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_published_figures() {
        // As R's binom.test has them.
        let table = [
            ((0, 10), (0.0, 0.308_497)),
            ((10, 10), (0.691_503, 1.0)),
            ((5, 10), (0.187_086, 0.812_914)),
            ((1, 20), (0.001_265, 0.248_732)),
        ];
        for ((hits, trials), (low, high)) in table {
            let found = interval(hits, trials, 0.95);
            assert!((found.0 - low).abs() < 1e-5 && (found.1 - high).abs() < 1e-5, "{found:?}");
        }
        assert_eq!(interval(0, 0, 0.95), (0.0, 1.0));
    }

    /// Probability of at most so many hits, summed up.
    fn at_most(hits: u64, trials: u64, p: f64) -> f64 {
        let mut term = (trials as f64 * (-p).ln_1p()).exp();
        let mut sum = term;
        for k in 1..=hits {
            term *= (trials - k + 1) as f64 / k as f64 * p / (1.0 - p);
            sum += term;
        }
        sum
    }

    proptest! {
        #[test]
        fn each_end_leaves_its_tail_out(trials in 1_u64..3000, part in 0.0..0.05) {
            let hits = (trials as f64 * part) as u64;
            let (low, high) = interval(hits, trials, 0.95);
            let share = hits as f64 / trials as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            if hits < trials {
                prop_assert!((at_most(hits, trials, high) - 0.025).abs() < 1e-6);
            }
            if hits > 0 {
                prop_assert!((1.0 - at_most(hits - 1, trials, low) - 0.025).abs() < 1e-6);
            }
        }
    }
}
