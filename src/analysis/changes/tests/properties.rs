//! What must hold whatever the data are.

use super::super::judge::judge;
use super::super::model::{Direction, Kernel, SeriesData, Settings, Tree};
use super::super::verdict::{Note, SeriesVerdicts, Verdict};
use super::line;
use proptest::prelude::*;

/// Samples by kernel and boot.
pub(super) type Samples = Vec<Vec<Vec<f64>>>;

/// The long variants, with many more series: minutes without optimisation.
fn slow() -> bool {
    std::env::var_os("MELBOT_SLOW_TESTS").is_some()
}

pub(super) fn data(samples: &Samples, group: usize, direction: Direction) -> SeriesData<'_> {
    let observations = samples
        .iter()
        .enumerate()
        .map(|(k, boots)| (k, boots.iter().map(Vec::as_slice).collect()))
        .collect();
    SeriesData { group, direction, observations }
}

/// Repeatable noise, about normal with deviation 1.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A series with a step of `step` at `from`.
fn made(seed: u64, kernels: usize, boots: usize, step: f64, from: usize) -> Samples {
    let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 77);
    (0..kernels)
        .map(|kernel| {
            let level: f64 = if kernel >= from { step } else { 0.0 };
            (0..boots)
                .map(|_| {
                    let boot = level + 0.008 * noise.normal();
                    (0..3).map(|_| 100.0 * (boot + 0.006 * noise.normal()).exp()).collect()
                })
                .collect()
        })
        .collect()
}

fn directions(judged: &[SeriesVerdicts]) -> Vec<Vec<i32>> {
    let sign = |verdict: &Verdict| match verdict {
        Verdict::Regressed | Verdict::Suspect { worse: true } => 1,
        Verdict::Improved | Verdict::Suspect { worse: false } => -1,
        Verdict::NoChange => 2,
        Verdict::Inconclusive { .. } => 3,
        Verdict::First => 4,
    };
    judged.iter().map(|s| s.comparisons.iter().map(|c| sign(&c.verdict)).collect()).collect()
}

fn judged(series: &[Samples], direction: Direction) -> Vec<SeriesVerdicts> {
    let kernels = series.iter().map(Vec::len).max().unwrap_or(0);
    let data: Vec<SeriesData> =
        series.iter().enumerate().map(|(s, samples)| data(samples, s / 4, direction)).collect();
    judge(&line(kernels), &data, &Settings::default())
}

pub(super) fn base(seed: u64) -> Vec<Samples> {
    let step = |s: u64| if s.is_multiple_of(3) { 0.08 } else { 0.0 };
    (0..12).map(|s| made(seed * 100 + s, 10, 3, step(s), 6)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if slow() { 12 } else { 2 }))]

    #[test]
    fn a_constant_factor_changes_nothing(seed in 0_u64..1000, power in -20_i32..20) {
        let series = base(seed);
        // A power of two keeps the digits.
        let factor = 2_f64.powi(power);
        let scaled: Vec<Samples> = series.iter().map(|s| {
            s.iter().map(|k| k.iter().map(|b| b.iter().map(|v| v * factor).collect()).collect()).collect()
        }).collect();
        let (a, b) = (judged(&series, Direction::Lower), judged(&scaled, Direction::Lower));
        prop_assert_eq!(directions(&a), directions(&b));
        for (x, y) in a.iter().zip(&b).flat_map(|(x, y)| x.comparisons.iter().zip(&y.comparisons)) {
            prop_assert!((x.effect - y.effect).abs() < 1e-6 && (x.lfdr - y.lfdr).abs() < 1e-4);
        }
    }

    #[test]
    fn the_order_of_series_is_irrelevant(seed in 0_u64..1000) {
        let series = base(seed);
        let forward: Vec<SeriesData> =
            series.iter().enumerate().map(|(s, x)| data(x, s / 4, Direction::Lower)).collect();
        let mut backward: Vec<SeriesData> = forward.clone();
        backward.reverse();
        let a = judge(&line(10), &forward, &Settings::default());
        let mut b = judge(&line(10), &backward, &Settings::default());
        b.reverse();
        prop_assert_eq!(directions(&a), directions(&b));
    }

    #[test]
    fn the_other_direction_mirrors(seed in 0_u64..1000) {
        let series = base(seed);
        let a = directions(&judged(&series, Direction::Lower));
        // Mirrored values, too: bad boots are bad for the worse in both worlds.
        let mirrored: Vec<Samples> = series.iter().map(|s| {
            s.iter().map(|k| k.iter().map(|b| b.iter().map(|v| 1e4 / v).collect()).collect()).collect()
        }).collect();
        prop_assert_eq!(&a, &directions(&judged(&mirrored, Direction::Higher)));
        // The same values: what was a regression is an improvement.
        let flip = |v: i32| if v.abs() == 1 { -v } else { v };
        let flipped: Vec<Vec<i32>> = directions(&judged(&series, Direction::Higher))
            .into_iter().map(|s| s.into_iter().map(flip).collect()).collect();
        let alerts = |v: &[Vec<i32>]| v.iter().flatten().filter(|v| v.abs() == 1).count();
        prop_assert_eq!(alerts(&a), alerts(&flipped));
        let same = a.iter().flatten().zip(flipped.iter().flatten()).all(|(a, b)| a.abs() != 1 || a == b);
        prop_assert!(same);
    }

    #[test]
    fn the_same_again_does_not_weaken(seed in 0_u64..1000) {
        let series = base(seed);
        let doubled: Vec<Samples> = series.iter().map(|s| {
            s.iter().map(|k| k.iter().chain(k).cloned().collect()).collect()
        }).collect();
        let (a, b) = (judged(&series, Direction::Lower), judged(&doubled, Direction::Lower));
        for (x, y) in a.iter().zip(&b) {
            for (x, y) in x.comparisons.iter().zip(&y.comparisons).filter(|(x, _)| x.alert) {
                prop_assert!(y.alert && y.probability > x.probability - 0.02, "{x:?} {y:?}");
            }
        }
    }

    #[test]
    fn anything_gets_a_verdict(
        values in prop::collection::vec(prop::collection::vec(prop::collection::vec(
            prop_oneof![
                Just(f64::NAN), Just(f64::INFINITY), Just(0.0), Just(-1.0), Just(1e300), Just(1e-300),
                Just(-1e300), any::<f64>(), 1.0..2.0,
            ], 0..4), 0..4), 0..6),
        parents in prop::collection::vec(prop::option::of(0_usize..8), 6),
    ) {
        let kernels = parents.iter().enumerate().map(|(order, parent)| Kernel {
            name: String::new(), track: 0, parent: *parent, order,
        });
        let tree = Tree { kernels: kernels.collect() };
        let series = [data(&values, 0, Direction::Lower), data(&values, 0, Direction::Higher)];
        let judged = judge(&tree, &series, &Settings::default());
        prop_assert_eq!(judged.len(), 2);
        for series in &judged {
            prop_assert!(!series.comparisons.is_empty() || series.notes.contains(&Note::NoData));
        }
    }
}

/// Shuffled kernels have no change points: alerts stay within the promise.
#[test]
fn permuted_kernels_give_few_alerts() {
    let mut noise = Noise(4242);
    let (mut alerts, mut comparisons) = (0, 0);
    let (seeds, count) = if slow() { (6, 40) } else { (2, 25) };
    for seed in 0..seeds {
        let mut series: Vec<Samples> =
            (0..count).map(|s| made(9000 + seed * 100 + s, 12, 3, 0.0, 0)).collect();
        for kernels in &mut series {
            for at in (1..kernels.len()).rev() {
                kernels.swap(at, (noise.uniform() * (at + 1) as f64) as usize);
            }
        }
        let judged = judged(&series, Direction::Lower);
        alerts += judged.iter().map(|s| s.changes().count()).sum::<usize>();
        comparisons += judged.iter().map(|s| s.comparisons.len() - 1).sum::<usize>();
    }
    assert!(alerts * 1000 <= comparisons, "{alerts} alerts in {comparisons} comparisons");
}
