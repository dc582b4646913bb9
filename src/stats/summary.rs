//! MMTests' figures of a set of samples, to the last printed digit.
//!
//! Sums run over the samples sorted best first, as MMTests does it: floating-point sums depend on
//! the order.

use crate::model::{Direction, SummaryKind};
use crate::stats::subselection;

/// One figure of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Smallest sample.
    Min,
    /// Largest sample.
    Max,
    /// Best sample, the only figure of `Singleops`.
    Best,
    /// Arithmetic mean where lower is better, else harmonic.
    Mean,
    /// Mean of the best so many percent of the samples.
    MeanOfBest(u32),
    /// The sample below which so many percent lie, counted from the best.
    Percentile(u32),
    /// Sample deviation; around the harmonic mean where higher is better.
    Stddev,
    /// Deviation in percent of the mean.
    CoeffVar,
    /// Mean over subselections.
    Submean,
    /// Half length of the interval of the subselection mean.
    SubmeanInterval,
}

use Statistic::{Best, CoeffVar, Max, Mean, MeanOfBest, Min, Percentile, Stddev};

impl Statistic {
    /// The figures of a summary kind, in the order of MMTests' tables.
    pub fn of(kind: SummaryKind) -> &'static [Statistic] {
        match kind {
            SummaryKind::Multiops => &[Min, Mean, Stddev, CoeffVar, Max, MeanOfBest(95)],
            SummaryKind::Normalisedops => {
                &[Min, Mean, MeanOfBest(95), Percentile(95), Stddev, CoeffVar, Max]
            }
            SummaryKind::NormalisedLeftSkewops => &[
                Min,
                Mean,
                MeanOfBest(50),
                Percentile(50),
                MeanOfBest(75),
                Percentile(75),
                MeanOfBest(90),
                Percentile(90),
                MeanOfBest(99),
                Percentile(99),
                Stddev,
                CoeffVar,
                Max,
            ],
            SummaryKind::Singleops => &[Best],
            SummaryKind::Subselection => &[
                Min,
                Mean,
                MeanOfBest(95),
                Stddev,
                CoeffVar,
                Max,
                Statistic::Submean,
                Statistic::SubmeanInterval,
            ],
        }
    }

    /// Which of [`Statistic::of`] stands for the operation as a whole: the mean, or the one value.
    pub fn main_of(kind: SummaryKind) -> usize {
        match kind {
            SummaryKind::Singleops => 0,
            _ => 1,
        }
    }

    /// The figure that ratio tables are made of, and the half length of its interval.
    pub fn ratio_of(kind: SummaryKind) -> usize {
        match kind {
            SummaryKind::Subselection => 6,
            _ => Statistic::main_of(kind),
        }
    }

    /// MMTests' name of the figure.
    pub fn name(self, direction: Direction) -> String {
        let (mean, h) = match direction {
            Direction::Lower => ("Amean", ""),
            Direction::Higher => ("Hmean", "H"),
        };
        match self {
            Statistic::Min => "Min".into(),
            Statistic::Max => "Max".into(),
            Statistic::Best => "Ops".into(),
            Statistic::Mean => mean.into(),
            Statistic::MeanOfBest(percent) => format!("B{mean}.{percent}"),
            Statistic::Percentile(percent) => format!("Pctile.{percent}"),
            Statistic::Stddev => format!("{h}Stddev"),
            Statistic::CoeffVar => format!("{h}CoeffVar"),
            Statistic::Submean => format!("Sub{mean}"),
            Statistic::SubmeanInterval => format!("Sub{mean}CI"),
        }
    }

    /// The direction in which this figure is better: spread is better small, whatever the operation.
    pub fn direction(self, operation: Direction) -> Direction {
        match self {
            Statistic::Stddev | Statistic::CoeffVar | Statistic::SubmeanInterval => {
                Direction::Lower
            }
            _ => operation,
        }
    }
}

/// The figures of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// In the order of [`Statistic::of`]; absent where undefined.
    pub statistics: Vec<Option<f64>>,
    /// Mean ± 1.96 deviations, which MMTests compares to set its star.
    pub interval: Option<(f64, f64)>,
    /// Minimum, lower quartile, median, upper quartile, maximum; all 0 without samples.
    pub quartiles: [f64; 5],
}

/// Summarises samples; `iterations` are the samples of each iteration, all finite.
///
/// Without samples every figure is absent. A harmonic mean of values that are not all positive is
/// absent too, and with it all that is built on it. One sample has no deviation, but as in MMTests
/// a coefficient of variation of 0.
pub fn summarise(kind: SummaryKind, direction: Direction, iterations: &[&[f64]]) -> Summary {
    let sorted = best_first(direction, iterations);
    let mean = mean(direction, &sorted);
    let stddev = mean.and_then(|mean| stddev(direction, &sorted, mean));
    let subselection = (kind == SummaryKind::Subselection)
        .then(|| subselection::mean_and_interval(direction, iterations))
        .flatten();
    let figure = |statistic: &Statistic| match *statistic {
        Min => sorted.iter().copied().reduce(f64::min),
        Max => sorted.iter().copied().reduce(f64::max),
        Best => sorted.first().copied(),
        Mean => mean,
        MeanOfBest(percent) => self::mean(direction, best(&sorted, percent)),
        Percentile(percent) => best(&sorted, percent).last().copied(),
        Stddev => stddev,
        CoeffVar => mean
            .map(|mean| coefficient_of_variation(stddev.unwrap_or(0.0), mean))
            .filter(|figure| figure.is_finite()),
        Statistic::Submean => subselection.map(|(mean, _)| mean),
        Statistic::SubmeanInterval => subselection.map(|(_, half)| half),
    };
    let interval = match (kind, subselection) {
        (SummaryKind::Singleops, _) => None,
        (SummaryKind::Subselection, found) => found,
        _ => mean.zip(stddev.map(half_length)),
    };
    Summary {
        statistics: Statistic::of(kind).iter().map(figure).collect(),
        interval: interval.map(|(mean, half)| (mean - half, mean + half)),
        quartiles: quartiles(direction, &sorted),
    }
}

fn best_first(direction: Direction, iterations: &[&[f64]]) -> Vec<f64> {
    let mut sorted = iterations.concat();
    match direction {
        Direction::Lower => sorted.sort_unstable_by(f64::total_cmp),
        Direction::Higher => sorted.sort_unstable_by(|a, b| b.total_cmp(a)),
    }
    sorted
}

/// The best `percent` of the samples: at least one, if there is one.
fn best(sorted: &[f64], percent: u32) -> &[f64] {
    let share = sorted.len() as f64 * f64::from(percent) / 100.0;
    &sorted[..(share as usize).max(1).min(sorted.len())]
}

/// Arithmetic mean where lower is better, else harmonic.
///
/// Absent for an empty slice, and for a harmonic mean where a value is not positive.
pub fn mean(direction: Direction, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = match direction {
        Direction::Lower => sum(values.iter().copied()) / n,
        Direction::Higher if values.iter().any(|value| *value <= 0.0) => return None,
        Direction::Higher => n / sum(values.iter().map(|value| 1.0 / value)),
    };
    // The inverse of a very small value is beyond all numbers, and their mean would be 0.
    let defined = mean.is_finite() && (direction == Direction::Lower || mean > 0.0);
    defined.then_some(mean)
}

/// Adds up from 0.0: `Iterator::sum` starts at -0.0, which would print a sum of nothing as "-0".
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |total, value| total + value)
}

/// Sample deviation around the arithmetic mean (n-1), or by the delta method around the harmonic
/// mean (n), both as MMTests has them. Absent for fewer than two samples.
fn stddev(direction: Direction, sorted: &[f64], mean: f64) -> Option<f64> {
    if sorted.len() < 2 {
        return None;
    }
    let n = sorted.len() as f64;
    let stddev = match direction {
        Direction::Lower => {
            (sum(sorted.iter().map(|value| (value - mean).powi(2))) / (n - 1.0)).sqrt()
        }
        Direction::Higher => {
            let squares = sum(sorted.iter().map(|value| (1.0 / value - 1.0 / mean).powi(2)));
            (squares * mean.powf(4.0) / n).sqrt()
        }
    };
    stddev.is_finite().then_some(stddev)
}

fn coefficient_of_variation(stddev: f64, mean: f64) -> f64 {
    if mean == 0.0 { 0.0 } else { stddev * 100.0 / mean }
}

/// 1.96 deviations, rounded as MMTests gets it: it asks R, which prints seven significant digits.
fn half_length(stddev: f64) -> f64 {
    const QNORM_975: f64 = 1.959_963_984_540_054;
    round_significant(QNORM_975 * round_significant(stddev, 15), 7)
}

fn round_significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Minimum, quartiles and maximum by linear interpolation (type 7 of Hyndman and Fan 1996).
fn quartiles(direction: Direction, best_first: &[f64]) -> [f64; 5] {
    let [best, better, median, worse, worst] =
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| quantile(best_first, share));
    match direction {
        Direction::Lower => [best, better, median, worse, worst],
        Direction::Higher => [worst, worse, median, better, best],
    }
}

/// The value below which this share of sorted values lies, between two of them by linear interpolation.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = last as f64 * share;
    let before = at.floor() as usize;
    let after = (before + 1).min(last);
    sorted[before] + (sorted[after] - sorted[before]) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(kind: SummaryKind, direction: Direction, values: &[f64]) -> Vec<Option<f64>> {
        summarise(kind, direction, &[values]).statistics
    }

    #[test]
    fn nothing_measured_gives_no_figures() {
        for kind in [SummaryKind::Multiops, SummaryKind::Singleops, SummaryKind::Subselection] {
            let summary = summarise(kind, Direction::Higher, &[]);
            assert!(summary.statistics.iter().all(Option::is_none));
            assert_eq!(summary.interval, None);
        }
    }

    #[test]
    fn zeros_have_no_harmonic_mean_but_a_minimum() {
        let figures = figures(SummaryKind::Multiops, Direction::Higher, &[0.0, 0.0]);
        assert_eq!(figures[0], Some(0.0));
        assert_eq!(figures[1], None);
        assert_eq!(figures[2], None);
    }

    #[test]
    fn values_too_small_to_be_inverted_have_no_harmonic_mean() {
        let figures = figures(SummaryKind::Multiops, Direction::Higher, &[1e-320, 1.0]);
        assert_eq!(figures[1], None);
    }

    #[test]
    fn the_best_sample_depends_on_the_direction() {
        let values = [3.0, 1.0, 2.0];
        assert_eq!(figures(SummaryKind::Singleops, Direction::Lower, &values), [Some(1.0)]);
        assert_eq!(figures(SummaryKind::Singleops, Direction::Higher, &values), [Some(3.0)]);
    }

    #[test]
    fn means_of_the_best_take_at_least_one_sample() {
        let figures = figures(SummaryKind::NormalisedLeftSkewops, Direction::Lower, &[5.0]);
        assert_eq!(figures[2], Some(5.0));
        assert_eq!(figures[10..12], [None, Some(0.0)]);
    }

    #[test]
    fn quartiles_interpolate() {
        for direction in [Direction::Lower, Direction::Higher] {
            let summary = summarise(SummaryKind::Singleops, direction, &[&[4.0, 1.0], &[3.0, 2.0]]);
            assert_eq!(summary.quartiles, [1.0, 1.75, 2.5, 3.25, 4.0]);
            assert_eq!(summarise(SummaryKind::Singleops, direction, &[]).quartiles, [0.0; 5]);
        }
    }
}
