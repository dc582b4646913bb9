//! Welch's test: do two sets of means differ, without assuming equal variances?

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Result of a test between two groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Two-sided p-value.
    pub p: f64,
    /// 95 % interval of the difference of the means, `new - old`.
    pub interval: (f64, f64),
}

/// Welch 1947, degrees of freedom after Satterthwaite. Needs two values on each side.
///
/// Two groups without any spread differ for certain, or not at all.
pub fn test(old: &[f64], new: &[f64]) -> Option<Welch> {
    let (mean_old, part_old) = mean_and_error(old)?;
    let (mean_new, part_new) = mean_and_error(new)?;
    let difference = mean_new - mean_old;
    let variance = part_old + part_new;
    if variance == 0.0 {
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        return Some(Welch { p, interval: (difference, difference) });
    }
    // Shares of the variance: the squares of the parts themselves may leave the range of a double.
    let share = |part: f64, size: usize| (part / variance).powi(2) / (size as f64 - 1.0);
    let freedom = (1.0 / (share(part_old, old.len()) + share(part_new, new.len()))).max(1.0);
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    let error = variance.sqrt();
    let half = t.inverse_cdf(0.975) * error;
    Some(Welch {
        p: 2.0 * t.sf((difference / error).abs()),
        interval: (difference - half, difference + half),
    })
}

/// Mean, and variance of the mean.
fn mean_and_error(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some((mean, variance / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_published_example() {
        // R: t.test(c(19.8,20.4,19.6,17.8,18.5,18.9), c(28.2,26.6,20.1,23.3,25.2,22.1,17.7,27.6))
        let old = [19.8, 20.4, 19.6, 17.8, 18.5, 18.9];
        let new = [28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6];
        let found = test(&old, &new).expect("enough values");
        assert!((found.p - 0.008_9).abs() < 0.001, "p = {}", found.p);
        assert!(found.interval.0 > 0.0);
    }

    #[test]
    fn any_scale_gives_the_same_answer() {
        let at = |scale: f64| {
            let scaled = |values: &[f64]| values.iter().map(|v| v * scale).collect::<Vec<_>>();
            test(&scaled(&[1.0, 2.0, 4.0]), &scaled(&[5.0, 9.0])).expect("enough values").p
        };
        assert!((at(1e-100) - at(1.0)).abs() < 1e-9 && (at(1e95) - at(1.0)).abs() < 1e-9);
    }

    #[test]
    fn needs_two_values_a_side() {
        assert_eq!(test(&[1.0], &[2.0, 3.0]), None);
    }

    #[test]
    fn groups_without_spread_differ_for_certain_or_not_at_all() {
        assert_eq!(test(&[1.0, 1.0], &[1.0, 1.0]).map(|w| w.p), Some(1.0));
        assert_eq!(test(&[1.0, 1.0], &[2.0, 2.0]).map(|w| w.p), Some(0.0));
    }
}
