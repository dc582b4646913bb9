//! The mean of subselections and its interval, for benchmarks with long tails.

use crate::model::Direction;

const SELECTIONS: usize = 1000;
const SHARE: f64 = 0.8;
const QNORM_975: f64 = 1.959_963_984_540_054;

/// Mean over iterations of the median over resampled means, and the half length of its 95 %
/// interval.
///
/// After Kalibera, Bulej, Tůma 2005, "Automated Detection of Performance Regressions: The Mono
/// Experience". MMTests draws at random without a seed; here the seed comes from the samples, so
/// that the same samples give the same figures. Absent where an iteration has fewer than two
/// samples, or for a harmonic mean where a value is not positive.
pub fn mean_and_interval(direction: Direction, iterations: &[&[f64]]) -> Option<(f64, f64)> {
    let iterations: Vec<&[f64]> = iterations.iter().copied().filter(|i| !i.is_empty()).collect();
    if iterations.is_empty() || iterations.iter().any(|values| values.len() < 2) {
        return None;
    }
    if direction == Direction::Higher && iterations.iter().any(|v| v.iter().any(|x| *x <= 0.0)) {
        return None;
    }
    let mut random = fastrand::Rng::with_seed(seed(&iterations));
    let parts: Vec<Part> =
        iterations.iter().map(|values| Part::resample(direction, values, &mut random)).collect();
    let count = parts.len() as f64;
    let mean = parts.iter().map(|part| part.mean).sum::<f64>() / count;
    let within = parts.iter().map(|part| part.variance).sum::<f64>() / count;
    let between = match parts.len() {
        1 => 0.0,
        _ => parts.iter().map(|p| (p.mean - mean).powi(2) * p.size).sum::<f64>() / (count - 1.0),
    };
    let total: f64 = parts.iter().map(|part| part.size).sum();
    let half = QNORM_975 * ((between + within) / total).sqrt();
    // The inverse of a very small value is beyond all numbers.
    let defined = half.is_finite() && (direction == Direction::Lower || mean > 0.0);
    defined.then_some((mean, half))
}

/// One iteration, resampled.
struct Part {
    size: f64,
    mean: f64,
    variance: f64,
}

impl Part {
    fn resample(direction: Direction, values: &[f64], random: &mut fastrand::Rng) -> Part {
        let size = (SHARE * values.len() as f64) as usize;
        let mut draw = |figure: &dyn Fn(&[f64]) -> f64| {
            let mut figures: Vec<f64> = (0..SELECTIONS)
                .map(|_| {
                    let selection: Vec<f64> =
                        (0..size).map(|_| values[random.usize(..values.len())]).collect();
                    figure(&selection)
                })
                .collect();
            figures.sort_by(f64::total_cmp);
            (figures[SELECTIONS / 2 - 1] + figures[SELECTIONS / 2]) / 2.0
        };
        let mean = draw(&|selection| match direction {
            Direction::Lower => average(selection),
            Direction::Higher => {
                selection.len() as f64 / selection.iter().map(|value| 1.0 / value).sum::<f64>()
            }
        });
        let variance = draw(&|selection| {
            let mean = average(selection);
            selection.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
                / selection.len() as f64
        });
        Part { size: size as f64, mean, variance }
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn seed(iterations: &[&[f64]]) -> u64 {
    let bits = iterations.iter().flat_map(|values| values.iter().map(|value| value.to_bits()));
    bits.fold(0xcbf2_9ce4_8422_2325, |hash, bits| {
        (hash ^ bits).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_samples_give_the_same_figures_near_the_mean() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        let first = mean_and_interval(Direction::Lower, &[&samples]);
        let (mean, half) = first.expect("100 samples are enough");
        assert_eq!(mean_and_interval(Direction::Lower, &[&samples]), first);
        assert!((mean - 50.5).abs() < 2.0 && half > 3.0 && half < 9.0, "{mean} ± {half}");
    }

    #[test]
    fn one_sample_is_not_enough() {
        assert_eq!(mean_and_interval(Direction::Lower, &[&[1.0]]), None);
    }
}
