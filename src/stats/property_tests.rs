//! What holds of figures whatever the samples are.

use proptest::prelude::*;

use super::summary::{Statistic, Summary, summarise};
use crate::model::{Direction, SummaryKind};

const KINDS: [SummaryKind; 5] = [
    SummaryKind::Multiops,
    SummaryKind::Normalisedops,
    SummaryKind::NormalisedLeftSkewops,
    SummaryKind::Singleops,
    SummaryKind::Subselection,
];

fn directions() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Lower), Just(Direction::Higher)]
}

/// The samples of some iterations.
fn iterations() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let value = prop_oneof![0.001_f64..1e6, Just(1.0), Just(2.5)];
    prop::collection::vec(prop::collection::vec(value, 1..12), 1..4)
}

fn summary(kind: SummaryKind, direction: Direction, iterations: &[Vec<f64>]) -> Summary {
    let slices: Vec<&[f64]> = iterations.iter().map(Vec::as_slice).collect();
    summarise(kind, direction, &slices)
}

fn figures(
    kind: SummaryKind,
    direction: Direction,
    iterations: &[Vec<f64>],
) -> Vec<(Statistic, Option<f64>)> {
    let figures = summary(kind, direction, iterations).statistics;
    Statistic::of(kind).iter().copied().zip(figures).collect()
}

/// Draws depend on the order of the samples.
fn is_drawn(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::Submean | Statistic::SubmeanInterval)
}

fn is_mean(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::Mean | Statistic::MeanOfBest(_) | Statistic::Submean)
}

fn quartiles(direction: Direction, iterations: &[Vec<f64>]) -> [f64; 5] {
    let slices: Vec<&[f64]> = iterations.iter().map(Vec::as_slice).collect();
    summarise(SummaryKind::Singleops, direction, &slices).quartiles
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_samples_does_not_matter(
        iterations in iterations(),
        direction in directions(),
        seed in any::<u64>(),
    ) {
        let mut shuffled = iterations.clone();
        let mut random = fastrand::Rng::with_seed(seed);
        shuffled.iter_mut().for_each(|values| random.shuffle(values));
        for kind in KINDS {
            let (before, after) =
                (figures(kind, direction, &iterations), figures(kind, direction, &shuffled));
            for (old, new) in before.into_iter().zip(after) {
                prop_assert!(old == new || is_drawn(old.0), "{:?} {:?}", old, new);
            }
        }
        prop_assert_eq!(quartiles(direction, &iterations), quartiles(direction, &shuffled));
    }

    #[test]
    fn other_units_give_the_same_means(
        iterations in iterations(),
        direction in directions(),
        exponent in -30_i32..30,
    ) {
        // A factor that a floating-point number takes without rounding. The subselection draws by a
        // seed made of the values.
        let factor = 2.0_f64.powi(exponent);
        let scaled: Vec<Vec<f64>> =
            iterations.iter().map(|values| values.iter().map(|v| v * factor).collect()).collect();
        for kind in KINDS {
            let (before, after) =
                (figures(kind, direction, &iterations), figures(kind, direction, &scaled));
            for ((statistic, old), (_, new)) in before.into_iter().zip(after) {
                if is_mean(statistic) && !is_drawn(statistic) {
                    prop_assert_eq!(old.map(|old| old * factor), new, "{:?}", statistic);
                }
            }
        }
    }

    #[test]
    fn more_of_the_same_does_not_widen(iterations in iterations(), direction in directions()) {
        let twice: Vec<Vec<f64>> =
            iterations.iter().map(|values| [values.as_slice(), values].concat()).collect();
        let width = |summary: Summary| summary.interval.map(|(low, high)| high - low);
        for kind in [SummaryKind::Multiops, SummaryKind::Normalisedops] {
            let once = width(summary(kind, direction, &iterations));
            let more = width(summary(kind, direction, &twice));
            // The ends are rounded to seven digits.
            if let (Some(once), Some(more)) = (once, more) {
                prop_assert!(more <= once * (1.0 + 1e-5) + 1e-7, "{} {}", once, more);
            }
        }
    }

    #[test]
    fn percentiles_and_quartiles_rise(iterations in iterations(), direction in directions()) {
        let all = figures(SummaryKind::NormalisedLeftSkewops, direction, &iterations);
        let sign = if direction == Direction::Lower { 1.0 } else { -1.0 };
        let rises = |wanted: &dyn Fn(Statistic) -> bool| {
            let found = all.iter().filter(|(statistic, _)| wanted(*statistic));
            let values: Vec<f64> = found.filter_map(|(_, value)| Some(value.as_ref()? * sign)).collect();
            values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9 * pair[1].abs())
        };
        prop_assert!(rises(&|s| matches!(s, Statistic::Percentile(_))), "{:?}", all);
        prop_assert!(rises(&|s| matches!(s, Statistic::MeanOfBest(_) )), "{:?}", all);
        prop_assert!(quartiles(direction, &iterations).is_sorted());
    }

    #[test]
    fn means_lie_among_the_samples(iterations in iterations(), direction in directions()) {
        let all = iterations.concat();
        let least = all.iter().copied().fold(f64::INFINITY, f64::min) * (1.0 - 1e-12);
        let most = all.iter().copied().fold(0.0, f64::max) * (1.0 + 1e-12);
        for kind in KINDS {
            for (statistic, value) in figures(kind, direction, &iterations) {
                let Some(value) = value.filter(|_| is_mean(statistic)) else { continue };
                prop_assert!(least <= value && value <= most, "{:?} {}", statistic, value);
            }
        }
    }
}
