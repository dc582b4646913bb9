//! Alerts for tests.

use super::alert::{Alert, Member, Role, Turn, Window};
use super::effect::Effect;
use super::life::{Life, Shape};
use super::measured::{BenchmarkKey, Place};
use super::severity::Class;
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
