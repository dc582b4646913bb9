//! Alerts and verdicts for tests.

use std::collections::BTreeMap;

use super::alert::{Alert, Member, Role, Turn, Window};
use super::effect::Effect;
use super::failing::Tests;
use super::judged::{Judged, JudgedSeries};
use super::life::{Life, Shape};
use super::measured::{BenchmarkKey, Place, SeriesKey};
use super::repeats::Repeats;
use super::severity::Class;
use crate::analysis::History;
use crate::analysis::changes::{
    ChangeComparison, ChangeVerdict, Detectable, NoiseModel, Scale, SeriesVerdicts,
};
use crate::model::{Direction, Environment, Run};
use crate::notes::State;

/// A regression of so many operations by 10 % on the machine `ivor`.
pub fn alert(benchmark: &str, (last_good, first_bad): (&str, &str), operations: usize) -> Alert {
    let window =
        Window { last_good: last_good.to_owned(), first_bad: first_bad.to_owned(), commits: None };
    let place = Place {
        machine: "ivor".to_owned(),
        config: "workload".to_owned(),
        run_path: "ivor/workload".to_owned(),
    };
    Alert {
        id: String::new(),
        of: BenchmarkKey { place, benchmark: benchmark.to_owned() },
        turn: Turn::Regression,
        mixed: false,
        members: (0..operations).map(|at| member(at, &window, 10.0)).collect(),
        window,
        track: "mainline".to_owned(),
        measured: operations,
        severity: 10.0,
        class: Class::Severe,
        role: Role::Own,
        witnesses: Vec::new(),
        caveats: Vec::new(),
        state: State::New,
        notes: Vec::new(),
        kernel: 0,
    }
}

/// An operation that got worse by this much, give or take a tenth of it.
pub fn member(at: usize, window: &Window, percent: f64) -> Member {
    let effect = effect(percent);
    Member {
        operation: format!("op-{at}"),
        unit: "seconds".to_owned(),
        turn: Turn::Regression,
        window: window.clone(),
        effect,
        levels: (100.0, 100.0 + percent),
        probability: 0.99,
        ln_bayes_factor: 12.0,
        boots: (5, 5),
        kernels: (1, 1),
        life: Life {
            turn: Turn::Regression,
            kernel: window.first_bad.clone(),
            effect,
            events: Vec::new(),
            shape: Shape::Open,
        },
        series: 0,
        kernel: 0,
    }
}

/// An effect of this many percent, give or take a tenth of it, where lower is better.
pub fn effect(percent: f64) -> Effect {
    let interval = (0.9 * percent, 1.1 * percent);
    let interval = (interval.0.min(interval.1), interval.0.max(interval.1));
    Effect {
        log: (percent / 100.0).ln_1p(),
        worse_pct: percent,
        worse_interval: interval,
        value_pct: percent,
        value_interval: interval,
    }
}

/// What was judged, series by series: machine, benchmark, operation, and for each measured kernel its
/// level in percent above some base; `!` marks a change point, `?` what could not be decided. Kernels
/// have five iterations, and noise of 1 %.
pub fn judged(kernels: &[&str], rows: &[(&str, &str, &str, &str)]) -> Judged {
    let run = |name: &&str| Run { name: (*name).to_owned(), ..Run::default() };
    let runs: Vec<Run> = kernels.iter().map(run).collect();
    let history = History::new(&runs.iter().collect::<Vec<_>>());
    let mut series: Vec<JudgedSeries> = rows.iter().map(|row| row_of(&history, row)).collect();
    series.sort_by(|a, b| a.key.cmp(&b.key));
    let mut environments: BTreeMap<Place, BTreeMap<usize, Environment>> = BTreeMap::new();
    for one in &series {
        let known = environments.entry(one.key.of.place.clone()).or_default();
        known.extend(one.samples.keys().map(|kernel| (*kernel, Environment::default())));
    }
    let repeats = Repeats::new(&history, &environments);
    Judged { history, series, environments, repeats, tests: Tests::default() }
}

fn row_of(
    history: &History,
    (machine, benchmark, operation, levels): &(&str, &str, &str, &str),
) -> JudgedSeries {
    let measured: BTreeMap<usize, (f64, &str)> = levels
        .split(", ")
        .map(|row| {
            let (name, level) = row.split_once(' ').expect("name and level");
            let bare = level.trim_end_matches(['!', '?']);
            let percent: f64 = bare.parse().expect("a number");
            let mark = level.trim_start_matches(bare);
            (history.place(name).expect("a kernel"), ((percent / 100.0).ln_1p(), mark))
        })
        .collect();
    let comparison = |(kernel, (level, mark)): (&usize, &(f64, &str))| {
        let parent = history.tree.ancestors(*kernel).find(|up| measured.contains_key(up));
        let before = parent.map_or(*level, |parent| measured[&parent].0);
        comparison(*kernel, parent, (before, *level), mark)
    };
    let place = Place {
        machine: (*machine).to_owned(),
        config: "workload".to_owned(),
        run_path: (*machine).to_owned(),
    };
    let of = BenchmarkKey { place, benchmark: (*benchmark).to_owned() };
    let key = SeriesKey { of, operation: (*operation).to_owned() };
    series(key, measured.iter().map(comparison).collect())
}

/// A series of seconds with these comparisons.
pub fn series(key: SeriesKey, comparisons: Vec<ChangeComparison>) -> JudgedSeries {
    JudgedSeries {
        key,
        unit: "seconds".to_owned(),
        direction: Direction::Lower,
        samples: comparisons.iter().map(|c| (c.kernel, vec![3; 5])).collect(),
        verdicts: SeriesVerdicts {
            scale: Scale::Log,
            notes: Vec::new(),
            noise: NoiseModel { kernel: 0.01, boot: 0.02, df: 20.0, ..NoiseModel::default() },
            detectable: [(1, 0.2), (2, 0.1), (5, 0.05), (8, 0.02)]
                .map(|(boots, effect)| Detectable { boots, effect })
                .to_vec(),
            comparisons,
        },
    }
}

/// A kernel at this level, both as log ratios, with a mark as in [`judged`].
pub fn comparison(
    kernel: usize,
    parent: Option<usize>,
    (before, level): (f64, f64),
    mark: &str,
) -> ChangeComparison {
    let effect = level - before;
    let (verdict, probability) = match mark {
        _ if parent.is_none() => (ChangeVerdict::First, 0.0),
        "!" if effect > 0.0 => (ChangeVerdict::Regressed, 0.999),
        "!" => (ChangeVerdict::Improved, 0.999),
        "?" => (ChangeVerdict::Inconclusive { boots_needed: Some(8) }, 0.4),
        _ => (ChangeVerdict::NoChange, 0.001),
    };
    ChangeComparison {
        kernel,
        parent,
        verdict,
        effect,
        own: level,
        off_level: 0.0,
        change: probability,
        effect_percent: 100.0 * effect.exp_m1(),
        interval: (effect - 0.01, effect + 0.01),
        probability,
        lfdr: 1.0 - probability,
        ln_bayes_factor: 0.0,
        lent: 0.01,
        levels: (100.0 * before.exp(), 100.0 * level.exp()),
        kernels: (1, 1),
        boots: (5, 5),
        drift_end: None,
        drifting: false,
        alert: mark == "!",
    }
}
