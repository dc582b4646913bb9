//! Figures of samples.

use crate::model::{Direction, SummaryKind};
use crate::stats::summary::{Statistic, summarise};
use crate::stats::difference;

/// What [`crate::model::Samples`] accepts.
const LARGEST: f64 = 1e100;

const KINDS: [SummaryKind; 5] = [
    SummaryKind::Multiops,
    SummaryKind::Normalisedops,
    SummaryKind::NormalisedLeftSkewops,
    SummaryKind::Singleops,
    SummaryKind::Subselection,
];

/// Any finite numbers as samples: figures are finite, and lie where they must.
pub fn summary(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let direction = if choice & 1 == 0 { Direction::Lower } else { Direction::Higher };
    let numbers = data.chunks_exact(8).map(|eight| {
        f64::from_le_bytes(eight.try_into().expect("eight bytes"))
    });
    let values: Vec<f64> = numbers.filter(|number| number.abs() <= LARGEST).take(48).collect();
    let size = usize::from(choice >> 1).max(1);
    let iterations: Vec<&[f64]> = values.chunks(size).collect();
    for kind in KINDS {
        check(kind, direction, &iterations, &values);
    }
    let spread = summarise(SummaryKind::Multiops, direction, &iterations).quartiles;
    assert!(spread.is_sorted() && spread.iter().all(|figure| figure.is_finite()), "{spread:?}");
    compare(direction, &values);
}

fn check(kind: SummaryKind, direction: Direction, iterations: &[&[f64]], values: &[f64]) {
    let least = values.iter().copied().reduce(f64::min);
    let most = values.iter().copied().reduce(f64::max);
    let within = |figure: f64| {
        let (Some(least), Some(most)) = (least, most) else { return false };
        // Sums are rounded, more than half of the way down to the smallest number there is.
        let slack = 1e-9 * least.abs().max(most.abs()) + f64::MIN_POSITIVE;
        least - slack <= figure && figure <= most + slack
    };
    let summary = summarise(kind, direction, iterations);
    for (statistic, figure) in Statistic::of(kind).iter().zip(&summary.statistics) {
        let Some(figure) = *figure else { continue };
        assert!(figure.is_finite(), "{statistic:?} of {values:?} is {figure}");
        match statistic {
            Statistic::Stddev | Statistic::SubmeanInterval => {
                assert!(figure >= 0.0, "{statistic:?} of {values:?} is {figure}");
            }
            Statistic::CoeffVar => {}
            Statistic::Min | Statistic::Max | Statistic::Best | Statistic::Percentile(_) => {
                assert!(values.contains(&figure), "{statistic:?} of {values:?} is {figure}");
            }
            Statistic::Mean | Statistic::MeanOfBest(_) | Statistic::Submean => {
                assert!(within(figure), "{statistic:?} of {values:?} is {figure}");
            }
        }
    }
    if let Some((low, high)) = summary.interval {
        assert!(low.is_finite() && high.is_finite() && low <= high, "{values:?}: {low} {high}");
    }
}

/// Neighbours set against each other.
fn compare(direction: Direction, values: &[f64]) {
    for pair in values.windows(2) {
        assert!(!difference::change_percent(direction, pair[0], pair[1]).is_nan());
    }
}
