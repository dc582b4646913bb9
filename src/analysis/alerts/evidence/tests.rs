use proptest::prelude::*;

use super::super::measured::{BenchmarkKey, Place};
use super::*;
use crate::model::{Direction, Environment, Run};

const KERNELS: [&str; 9] = ["6.1", "6.2", "6.3", "6.4", "6.4-again", "6.5", "6.6", "6.7", "6.8"];
const OPERATIONS: usize = 3;

/// A lab of one machine: for each kernel and operation so many iterations, times what the kernel
/// does to it. `value` gives the noise of kernel, iteration and operation.
fn lab(
    iterations: usize,
    factor: impl Fn(&str) -> f64,
    mut noise: impl FnMut(usize, usize, usize) -> f64,
) -> (History, Measurements) {
    let run = |name: &&str| Run { name: (*name).to_owned(), ..Run::default() };
    let runs: Vec<Run> = KERNELS.iter().map(run).collect();
    let history = History::new(&runs.iter().collect::<Vec<_>>());
    let place = Place { machine: "ivor".to_owned(), ..Place::default() };
    let mut measured = Measurements::default();
    let ran = (0..KERNELS.len()).map(|kernel| (kernel, Environment::default())).collect();
    measured.environments.insert(place.clone(), ran);
    for operation in 0..OPERATIONS {
        let of = BenchmarkKey { place: place.clone(), benchmark: "aim9".to_owned() };
        let kernels = history.tree.kernels.iter().enumerate();
        let kernels = kernels.map(|(kernel, known)| {
            let mut boot = |boot| 100.0 * factor(&known.name) * noise(kernel, boot, operation);
            (kernel, (0..iterations).map(|at| vec![boot(at)]).collect())
        });
        let series = Measured {
            unit: "s".to_owned(),
            direction: Direction::Lower,
            kernels: kernels.collect(),
            samples: (0..KERNELS.len()).map(|kernel| (kernel, vec![1; iterations])).collect(),
        };
        measured.series.insert(SeriesKey { of, operation: format!("op-{operation}") }, series);
    }
    (history, measured)
}

/// 1 give or take 1 %, the same for the same arguments.
fn noise(seed: u64) -> impl FnMut(usize, usize, usize) -> f64 {
    move |kernel, boot, operation| {
        let place = (kernel * 100 + boot * 10 + operation) as u64;
        0.99 + 0.02 * fastrand::Rng::with_seed(seed * 100_000 + place).f64()
    }
}

fn measure((history, measured): &(History, Measurements)) -> Evidence {
    Evidence::measure(history, measured, &Settings::default(), &mut Memory::default())
}

#[test]
fn a_kernel_run_again_is_set_against_itself_and_others_are_halved() {
    let found = measure(&lab(4, |_| 1.0, noise(7)));
    // All but the two runs of 6.4 are halved.
    assert_eq!(found.halves.comparisons, OPERATIONS * (KERNELS.len() - 2));
    assert_eq!(found.repeats.comparisons, OPERATIONS);
    assert_eq!(found.all.comparisons, OPERATIONS * (KERNELS.len() - 1));
    assert_eq!((found.all.called, found.calls.len()), (0, 0));
    assert_eq!(found.machines.len(), 1);
    assert_eq!(
        found.sentence(),
        "A/A: 0 of 24 comparisons of a kernel with itself would have been called a change (0 %, \
         95 % interval 0–14.2 %)"
    );
    // Three iterations are not halved.
    assert_eq!(measure(&lab(3, |_| 1.0, noise(7))).halves.comparisons, 0);
}

#[test]
fn what_changes_with_a_new_kernel_is_not_held_against_anything() {
    let slower = |name: &str| if ["6.6", "6.7", "6.8"].contains(&name) { 1.1 } else { 1.0 };
    let found = measure(&lab(4, slower, noise(3)));
    assert_eq!(found.all.called, 0, "{:?}", found.calls);
}

#[test]
fn a_machine_that_changes_under_the_same_kernel_is_counted() {
    let warmer = |name: &str| if name == "6.4-again" { 1.15 } else { 1.0 };
    let found = measure(&lab(4, warmer, noise(5)));
    assert_eq!((found.repeats.called, found.halves.called), (OPERATIONS, 0), "{:?}", found.calls);
    let first = found.calls[0].words();
    assert!(first.contains("6.4-again against 6.4 +1"), "{first}");
}

#[test]
fn a_lab_without_anything_to_compare_says_so() {
    let none = Evidence::measure(
        &History::default(),
        &Measurements::default(),
        &Settings::default(),
        &mut Memory::default(),
    );
    assert!(none.sentence().contains("cannot be measured"), "{}", none.sentence());
    assert_eq!(none.all.rate_pct, None);
}

#[test]
fn figures_are_as_people_write_them() {
    let tally = Tally::of(3, 2410);
    assert_eq!(tally.words(), "3 of 2,410 (0.12 %, 95 % interval 0.026–0.36 %)");
    assert_eq!(grouped(1_234_567), "1,234,567");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn the_same_iterations_again_never_differ(seed in 0_u64..1000) {
        // Each second iteration repeats the one before it, and the run again that of 6.4.
        let mut noise = noise(seed);
        let found = measure(&lab(4, |_| 1.0, move |kernel, boot, operation| {
            let kernel = if KERNELS[kernel] == "6.4-again" { kernel - 1 } else { kernel };
            noise(kernel, boot / 2, operation)
        }));
        prop_assert_eq!(found.all.called, 0, "{:?}", found.calls);
    }
}
