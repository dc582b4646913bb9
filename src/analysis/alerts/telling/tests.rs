//! Lives of many shapes, as tables.

use super::super::testing::effect;
use super::*;
use crate::analysis::History;
use crate::model::Run;

/// Kernels with their levels in percent above some base; `!` marks a change point, `~` the end of
/// a drift, `-` a kernel that was not measured here.
fn told(kernels: &str, change: &str) -> (String, Shape) {
    let rows: Vec<(&str, &str)> =
        kernels.split(", ").map(|row| row.split_once(' ').expect("name and level")).collect();
    let runs: Vec<Run> =
        rows.iter().map(|(name, _)| Run { name: (*name).to_owned(), ..Run::default() }).collect();
    let history = History::new(&runs.iter().collect::<Vec<_>>());
    let level = |kernel: usize| -> Option<f64> {
        let name = &history.tree.kernels[kernel].name;
        let (_, level) = rows.iter().find(|(row, _)| row == name)?;
        let percent: f64 = level.trim_end_matches(['!', '~']).parse().ok()?;
        Some((percent / 100.0).ln_1p())
    };
    let end = rows.iter().find(|(_, level)| level.ends_with('~'));
    let end = end.and_then(|(name, _)| history.place(name));
    let start = history.place(change).expect("a kernel of the table");
    let step = |kernel: usize| -> Option<Step> {
        let here = level(kernel)?;
        let parent = history.tree.ancestors(kernel).find(|up| level(*up).is_some());
        let before = parent.and_then(level).unwrap_or(here);
        let name = &history.tree.kernels[kernel].name;
        let marked = rows.iter().any(|(row, level)| row == name && level.ends_with('!'));
        Some(Step {
            kernel,
            parent,
            before,
            level: here,
            change: marked.then(|| effect(100.0 * (here - before).exp_m1())),
            drift_end: end.filter(|_| kernel == start),
        })
    };
    let steps: Vec<Step> = (0..history.tree.kernels.len()).filter_map(step).collect();
    let life = tell(&history.tree, &steps, start, 0.005).expect("a change");
    let mut sentence = String::new();
    for part in life.sentence().split(" [") {
        sentence += part.split_once(']').map_or(part, |(_, rest)| rest);
    }
    (sentence, life.shape)
}

#[test]
fn lives_are_told_as_people_tell_them() {
    let table = [
        // The line of mainline alone.
        (
            "6.8 0, 6.9 12!, 6.10 12",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), still present in 6.10",
        ),
        (
            "6.8 0, 6.9 12!",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), nothing later measured in mainline",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 12, 6.11 0!",
            "6.9",
            Shape::Fixed,
            "regressed in 6.9 (+12.0 %), fixed in 6.11",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 0!, 6.11 0",
            "6.9",
            Shape::Transient,
            "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 6!, 6.11 6",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), partly fixed in 6.10 (−5.4 %), still present in 6.11 (51 % of it)",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 12, 6.11 1",
            "6.9",
            Shape::Recovered,
            "regressed in 6.9 (+12.0 %), back at about the old level in 6.11",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 12, 6.11 0!, 6.12 12!",
            "6.9",
            Shape::Partly,
            "regressed in 6.9 (+12.0 %), fixed in 6.11, back again in 6.12",
        ),
        (
            "6.8 0, 6.9 4!, 6.10 8, 6.11 12~, 6.12 12",
            "6.9",
            Shape::Drifting,
            "got worse by and by from 6.9 (+4.0 %), until 6.11, still present in 6.12",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 20!",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), still present in 6.10",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 -5!",
            "6.9",
            Shape::Transient,
            "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
        ),
        // Improvements.
        (
            "6.8 0, 6.9 -10!, 6.10 -10",
            "6.9",
            Shape::Open,
            "improved in 6.9 (−10.0 %), kept in 6.10",
        ),
        (
            "6.8 0, 6.9 -10!, 6.10 -10, 6.11 0!",
            "6.9",
            Shape::Fixed,
            "improved in 6.9 (−10.0 %), lost again in 6.11",
        ),
        // Stable series that branched off while it was bad.
        (
            "6.8 0, 6.9 12!, 6.9.1 12, 6.9.2 0!, 6.10 12, 6.11 0!",
            "6.9",
            Shape::Fixed,
            "regressed in 6.9 (+12.0 %), fixed in 6.11 and 6.9.2",
        ),
        (
            "6.8 0, 6.9 12!, 6.9.1 0!, 6.10 0!",
            "6.9",
            Shape::Transient,
            "regressed in 6.9 alone (+12.0 %), fixed in 6.10 and 6.9.1",
        ),
        (
            "6.8 0, 6.9 12!, 6.9.1 12, 6.9.2 12, 6.10 12, 6.11 0!",
            "6.9",
            Shape::Partly,
            "regressed in 6.9 (+12.0 %), fixed in 6.11, still present in 6.9.y (6.9.2)",
        ),
        // One that branched off after the repair is not worth a word.
        (
            "6.8 0, 6.9 12!, 6.10 12, 6.11 0!, 6.11.1 0",
            "6.9",
            Shape::Fixed,
            "regressed in 6.9 (+12.0 %), fixed in 6.11",
        ),
        // One that was not measured here.
        (
            "6.8 0, 6.9 12!, 6.9.1 -, 6.10 12, 6.11 0!",
            "6.9",
            Shape::Fixed,
            "regressed in 6.9 (+12.0 %), fixed in 6.11, not measured in 6.9.y",
        ),
        (
            "6.8 0, 6.9 12!, 6.10 0!, 6.10.1 -",
            "6.9",
            Shape::Transient,
            "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
        ),
        // Series that branched off before it.
        (
            "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 12",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), still present in 6.10, backported to 6.6.31 (+12.0 %)",
        ),
        (
            "6.6 0, 6.6.30 0, 6.6.31 12!, 6.6.32 0!, 6.8 0, 6.9 12!, 6.10 0!",
            "6.9",
            Shape::Fixed,
            "regressed in 6.9 (+12.0 %), fixed in 6.10, backported to 6.6.31 (+12.0 %), fixed in 6.6.32",
        ),
        (
            "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 0!",
            "6.9",
            Shape::Partly,
            "regressed in 6.9 (+12.0 %), fixed in 6.10, backported to 6.6.31 (+12.0 %)",
        ),
        (
            "6.6 0, 6.6.30 0, 6.6.31 1!, 6.8 0, 6.9 12!, 6.10 12",
            "6.9",
            Shape::Open,
            "regressed in 6.9 (+12.0 %), still present in 6.10, not seen in 6.6.y",
        ),
        // All of it.
        (
            "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 12, 6.11 12, 6.11.9 12, 6.12 12, 6.12.2 12, 6.12.3 0!, 6.13 0!",
            "6.9",
            Shape::Partly,
            "regressed in 6.9 (+12.0 %), fixed in 6.13 and 6.12.3, still present in 6.11.y (6.11.9), backported to 6.6.31 (+12.0 %)",
        ),
        // Begun in a stable series.
        (
            "6.6 0, 6.6.1 0, 6.6.2 12!, 6.6.3 0!, 6.7 0",
            "6.6.2",
            Shape::Transient,
            "regressed in 6.6.2 alone (+12.0 %), fixed in 6.6.3",
        ),
        (
            "6.6 0, 6.6.30 0, 6.6.31 12!, 6.6.32 12, 6.8 0, 6.9 12!",
            "6.6.31",
            Shape::Open,
            "regressed in 6.6.31 (+12.0 %), as mainline had in 6.9, still present in 6.6.y (6.6.32)",
        ),
        // Names that are no releases.
        (
            "base 0, patched 12!, patched-2 0!",
            "patched",
            Shape::Transient,
            "regressed in patched alone (+12.0 %), fixed in patched-2",
        ),
        (
            "base 0, patched 12!",
            "patched",
            Shape::Open,
            "regressed in patched (+12.0 %), nothing later measured",
        ),
    ];
    for (kernels, change, shape, sentence) in table {
        assert_eq!(told(kernels, change), (sentence.to_owned(), shape), "{kernels}");
    }
}

#[test]
fn a_tree_that_makes_no_sense_has_no_life_and_no_end() {
    let kernel = |parent| crate::analysis::changes::Kernel {
        name: "6.9".to_owned(),
        track: 0,
        parent: Some(parent),
        order: 0,
    };
    let tree = Tree { kernels: vec![kernel(1), kernel(0), kernel(7)] };
    let step = |kernel, parent| Step {
        kernel,
        parent: Some(parent),
        before: 0.0,
        level: 0.1,
        change: Some(effect(10.0)),
        drift_end: Some(99),
    };
    let steps = [step(0, 1), step(1, 0), step(2, 7), step(9, 9)];
    for kernel in [0, 1, 2, 9] {
        assert!(tell(&tree, &steps, kernel, f64::NAN).is_some());
    }
    let mut level = step(0, 1);
    level.level = f64::NAN;
    assert_eq!(tell(&tree, &[level], 0, 0.1), None);
    assert_eq!(tell(&tree, &steps, 5, 0.1), None);
}
