//! Where good and bad are, and how much measurements vary around them.

use crate::stats::robust;

/// How good and bad look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Values are read as logarithms: none is 0 or less.
    pub log: bool,
    /// Level of the good end, on that scale.
    pub good: f64,
    /// Level of the bad end.
    pub bad: f64,
    /// Deviation of a measurement.
    pub noise: f64,
    /// Standard error of the difference of the levels.
    pub error: f64,
}

impl Levels {
    /// From the measurements of both ends; `None` with fewer than two of one of them, or any that is
    /// not finite.
    pub fn fit(good: &[f64], bad: &[f64]) -> Option<Levels> {
        if good.len() < 2 || bad.len() < 2 || !good.iter().chain(bad).all(|v| v.is_finite()) {
            return None;
        }
        let log = good.iter().chain(bad).all(|value| *value > 0.0);
        let scale = |values: &[f64]| -> Vec<f64> {
            values.iter().map(|v| if log { v.ln() } else { *v }).collect()
        };
        let (good, bad) = (scale(good), scale(bad));
        let deviation = deviation(&good, &bad);
        let level = |values: &[f64]| robust::huber_mean(values, deviation);
        let (at_good, at_bad) = (level(&good)?, level(&bad)?);
        let size = at_good.abs().max(at_bad.abs()).max(1e-12);
        let noise = deviation.max(if log { 1e-6 } else { 1e-6 * size });
        let error = noise * (1.0 / good.len() as f64 + 1.0 / bad.len() as f64).sqrt();
        Some(Levels { log, good: at_good, bad: at_bad, noise, error })
    }

    /// Distance of the ends in deviations of a measurement.
    pub fn distance(&self) -> f64 {
        (self.bad - self.good).abs() / self.noise
    }

    /// Change from good to bad, in percent of good; `None` where good is 0 or next to it.
    pub fn percent(&self) -> Option<f64> {
        let difference = self.bad - self.good;
        let percent = match self.log {
            true => 100.0 * difference.exp_m1(),
            false => 100.0 * difference / self.good.abs(),
        };
        Some(percent).filter(|percent| percent.abs() < 1e9)
    }

    /// A value in deviations of a measurement; not finite where it has no logarithm.
    pub fn scaled(&self, value: f64) -> f64 {
        (if self.log { value.ln() } else { value }) / self.noise
    }
}

/// Pooled deviation around both medians: the robust one or, with few values, the plain one if that is
/// larger, for a small sample's median deviation is easily too small.
fn deviation(good: &[f64], bad: &[f64]) -> f64 {
    let around = |values: &[f64]| -> Vec<f64> {
        let centre = robust::median(values).unwrap_or(0.0);
        values.iter().map(|value| (value - centre).abs()).collect()
    };
    let all = [around(good), around(bad)].concat();
    let n = all.len() as f64;
    let robust = 1.4826 * robust::median(&all).unwrap_or(0.0) * (n / (n - 2.0).max(1.0)).sqrt();
    // One wild value in each end is cut, so that it does not decide.
    let mut sorted = all;
    sorted.sort_by(f64::total_cmp);
    sorted.truncate(sorted.len() - sorted.len() / 8);
    let kept = sorted.len() as f64;
    let plain = (sorted.iter().map(|d| d * d).sum::<f64>() / (kept - 2.0).max(1.0)).sqrt();
    robust.max(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [f64; 6] = [100.0, 101.0, 99.5, 100.4, 99.8, 100.1];
    const BAD: [f64; 6] = [108.0, 107.2, 108.4, 107.9, 108.8, 107.7];

    #[test]
    fn the_change_is_that_of_the_ends() {
        let levels = Levels::fit(&GOOD, &BAD).expect("enough");
        let percent = levels.percent().expect("not from zero");
        assert!((percent - 7.9).abs() < 0.5, "{percent}");
        assert!(levels.distance() > 5.0 && levels.scaled(-1.0).is_nan());
    }

    #[test]
    fn one_bad_boot_moves_no_end() {
        let mut good = GOOD.to_vec();
        good[2] = 160.0;
        let (clean, dirty) =
            (Levels::fit(&GOOD, &BAD).expect("enough"), Levels::fit(&good, &BAD).expect("enough"));
        assert!((clean.good - dirty.good).abs() < 0.01, "{clean:?} {dirty:?}");
    }

    #[test]
    fn too_little_gives_no_levels() {
        assert!(Levels::fit(&[1.0], &[2.0, 3.0]).is_none());
        assert!(Levels::fit(&[1.0, f64::NAN], &[2.0, 3.0]).is_none());
        assert!(Levels::fit(&[0.0, 0.0], &[0.0, 0.0]).is_some());
    }
}
