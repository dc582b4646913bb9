//! Small and odd data bases.

use super::super::judge::judge;
use super::super::model::{Direction, SeriesData, Settings};
use super::super::verdict::{Note, SeriesVerdicts, Verdict};
use super::line;

fn one(kernels: usize, observations: Vec<(usize, Vec<&[f64]>)>) -> SeriesVerdicts {
    let series = SeriesData { group: 0, direction: Direction::Lower, observations };
    judge(&line(kernels), &[series], &Settings::default()).remove(0)
}

#[test]
fn two_kernels_far_apart_are_told_apart() {
    let old: Vec<&[f64]> = vec![&[10.0, 10.1], &[10.05, 10.0], &[9.95, 10.02]];
    let new: Vec<&[f64]> = vec![&[12.0, 12.1], &[12.05, 12.0], &[11.95, 12.02]];
    let judged = one(2, vec![(0, old), (1, new)]);
    let last = &judged.comparisons[1];
    assert_eq!(last.verdict, Verdict::Regressed);
    assert!((last.effect_percent - 20.0).abs() < 1.0 && last.interval.0 > 0.1, "{last:?}");
}

#[test]
fn one_boot_is_at_most_suspect() {
    let same: Vec<&[f64]> = vec![&[10.0, 10.01, 9.99]];
    let observations =
        (0..9).map(|k| (k, same.clone())).chain([(9, vec![&[30.0, 30.1, 30.2][..]])]);
    let judged = one(10, observations.collect());
    let last = &judged.comparisons[9];
    assert!(!matches!(last.verdict, Verdict::Regressed | Verdict::NoChange), "{last:?}");
}

#[test]
fn a_level_of_one_boot_is_at_most_suspect_in_the_middle_of_a_history_too() {
    let usual: Vec<&[f64]> = vec![&[10.0, 10.01, 9.99], &[10.0, 9.99, 10.02]];
    let observations =
        (0..9).map(|k| if k == 5 { (k, vec![&[30.0, 30.1][..]]) } else { (k, usual.clone()) });
    let judged = one(9, observations.collect());
    for (at, comparison) in judged.comparisons.iter().enumerate() {
        let changed = matches!(comparison.verdict, Verdict::Regressed | Verdict::Improved);
        assert!(!changed, "{at}: {comparison:?}");
    }
    let suspect = |at: usize| judged.comparisons[at].single().collect::<Vec<_>>();
    assert_eq!((suspect(5), suspect(6)), (vec![5], vec![5]), "{:?}", judged.comparisons);
}

#[test]
fn boots_that_contradict_one_another_call_for_more_than_there_are() {
    let usual = [10.0, 10.01, 9.99, 10.0, 10.02, 9.98, 10.01, 9.99];
    let usual: Vec<&[f64]> = usual.iter().map(std::slice::from_ref).collect();
    let odd: Vec<&[f64]> =
        vec![&[10.0], &[10.01], &[11.5], &[9.99], &[11.6], &[11.4], &[10.0], &[11.5]];
    let observations = (0..9).map(|k| (k, usual.clone())).chain([(9, odd)]);
    let judged = one(10, observations.collect());
    let last = &judged.comparisons[9];
    match last.verdict {
        Verdict::Inconclusive { boots_needed: Some(boots) } => assert!(boots > 8, "{last:?}"),
        _ => panic!("undecided: {last:?}"),
    }
}

#[test]
fn constant_values_do_not_change() {
    let judged = one(4, (0..4).map(|k| (k, vec![&[5.0, 5.0][..], &[5.0]])).collect());
    assert!(judged.comparisons[1..].iter().all(|c| c.verdict == Verdict::NoChange));
}

#[test]
fn zero_and_negative_values_are_read_as_shares() {
    let observations = (0..6).map(|k| (k, vec![&[0.0, -1.0, 4.0][..], &[3.0, 4.0, 5.0]])).collect();
    let judged = one(6, observations);
    assert!(judged.notes.contains(&Note::IdentityScale));
    assert_eq!(judged.changes().count(), 0);
}

#[test]
fn all_zero_is_no_change() {
    let judged = one(3, (0..3).map(|k| (k, vec![&[0.0, 0.0][..]])).collect());
    assert_eq!(judged.changes().count(), 0);
}

#[test]
fn one_kernel_says_so() {
    let judged = one(3, vec![(1, vec![&[1.0, 2.0]])]);
    assert_eq!(judged.notes, [Note::OneKernel]);
    assert_eq!(judged.comparisons[0].verdict, Verdict::First);
}

#[test]
fn nothing_finite_says_so() {
    let judged = one(2, vec![(0, vec![&[f64::NAN]]), (1, vec![&[]]), (9, vec![&[1.0]])]);
    assert_eq!(judged.notes, [Note::NoData, Note::LeftOut(2)]);
    assert!(judged.comparisons.is_empty());
}

#[test]
fn a_missing_kernel_is_stepped_over() {
    let at = |level: f64| [[level, level * 1.001], [level * 0.999, level], [level * 1.002, level]];
    let (low, high) = (at(100.0), at(120.0));
    let boots = |values: &'static [[f64; 2]; 3]| values.iter().map(|b| &b[..]).collect::<Vec<_>>();
    let (low, high) = (Box::leak(Box::new(low)), Box::leak(Box::new(high)));
    let kernels = [0, 1, 2, 5, 6].map(|k| (k, boots(if k < 3 { low } else { high })));
    let judged = one(7, kernels.to_vec());
    let change: Vec<_> = judged.changes().collect();
    assert_eq!(change.len(), 1);
    assert_eq!((change[0].kernel, change[0].parent), (5, Some(2)));
}

#[test]
fn a_kernel_measured_twice_pools_its_boots() {
    let boots: Vec<&[f64]> = vec![&[10.0], &[10.1]];
    let twice = vec![(0, boots.clone()), (1, boots.clone()), (0, boots.clone())];
    let judged = one(2, twice);
    assert_eq!(judged.comparisons[1].boots, (4, 2));
}

#[test]
fn a_kernel_bad_alone_and_repaired_is_found() {
    let good = [[100.0, 100.2], [99.8, 100.1], [100.3, 99.9]];
    let bad = [[108.0, 108.3], [107.9, 108.1], [108.2, 108.4]];
    let boots = |values: &'static [[f64; 2]; 3]| values.iter().map(|b| &b[..]).collect::<Vec<_>>();
    let (good, bad) = (Box::leak(Box::new(good)), Box::leak(Box::new(bad)));
    let judged = one(9, (0..9).map(|k| (k, boots(if k == 4 { bad } else { good }))).collect());
    let changes: Vec<(usize, bool)> =
        judged.changes().map(|c| (c.kernel, c.effect > 0.0)).collect();
    assert_eq!(changes, [(4, true), (5, false)]);
}

#[test]
fn the_number_of_threads_is_irrelevant() {
    let values: Vec<[f64; 3]> = (0..200)
        .map(|i| {
            let x = f64::from(i * 7919 % 101) * 0.01;
            [100.0 + x, 100.5 - x, 99.7 + 0.5 * x]
        })
        .collect();
    let series: Vec<SeriesData> = (0..20)
        .map(|s| SeriesData {
            group: s / 3,
            direction: Direction::Higher,
            observations: (0..5)
                .map(|k| (k, vec![&values[s * 10 + k][..], &values[s * 10 + k + 5][..]]))
                .collect(),
        })
        .collect();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| format!("{:?}", judge(&line(5), &series, &Settings::default())))
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn a_step_without_any_noise_is_a_change() {
    for (before, after) in [(1000.0, 1300.0), (1000.0, 1050.0), (25.0, 26.5)] {
        let (before, after) = ([before], [after]);
        let (before, after) = (vec![&before[..]; 4], vec![&after[..]; 4]);
        let kernels = (0..12).map(|at| (at, if at < 6 { &before } else { &after }.clone()));
        let judged = one(12, kernels.collect());
        for (at, comparison) in judged.comparisons.iter().enumerate() {
            let expected = if at == 6 { Verdict::Regressed } else { Verdict::NoChange };
            let expected = if at == 0 { Verdict::First } else { expected };
            assert_eq!(comparison.verdict, expected, "{at}: {comparison:?}");
        }
    }
}

#[test]
fn a_step_of_the_last_digit_is_none() {
    // Printed with two decimals, and so coarse that all boots of a kernel read alike.
    let (low, high): (Vec<&[f64]>, Vec<&[f64]>) = (vec![&[1.00]; 4], vec![&[1.01]; 4]);
    let kernels = (0..12).map(|at| (at, if at % 3 == 0 { &low } else { &high }.clone()));
    let judged = one(12, kernels.collect());
    assert!(judged.changes().next().is_none(), "{:?}", judged.comparisons);
}
