//! Invented runs: the later the kernel, the slower some of its operations.

use crate::analysis::History;
use crate::analysis::alerts::{Judged, Measurements};
use crate::analysis::changes::Settings;
use crate::model::{
    Benchmark, Direction, Environment, Iteration, Operation, Outcome, Problem, Run, Severity,
    SummaryKind,
};
use crate::stats::summary::summarise;
use crate::store::SampleRow;

pub fn problem(path: &str) -> Problem {
    Problem {
        severity: Severity::Warning,
        path: path.into(),
        line: Some(3),
        what: "odd <b>".into(),
        remedy: "look".into(),
    }
}

/// What the engine says about runs, whose samples are the means of their iterations.
pub fn judged(runs: &[&Run], settings: &Settings) -> Judged {
    let history = History::new(runs);
    let mut measured = Measurements::default();
    for run in runs {
        let rows = run.benchmarks.iter().flat_map(|benchmark| {
            benchmark.operations.iter().flat_map(move |operation| {
                operation.iterations.iter().map(move |iteration| SampleRow {
                    iteration: iteration.number,
                    benchmark: &benchmark.name,
                    operation: &operation.name,
                    interval: 0.0,
                    value: iteration.mean,
                })
            })
        });
        measured.add(&history, run, rows);
    }
    Judged::new(history, measured, settings)
}

/// One run for each machine, config and name.
pub fn invented_runs(
    machines: &[&str],
    configs: &[&str],
    names: &[&str],
    operations: usize,
    iterations: usize,
) -> Vec<Run> {
    let mut runs = Vec::new();
    for machine in machines {
        for config in configs {
            for (at, name) in names.iter().enumerate() {
                runs.push(run((machine, config, name), at, operations, iterations));
            }
        }
    }
    runs
}

fn run(
    (machine, config, name): (&str, &str, &str),
    at: usize,
    operations: usize,
    iterations: usize,
) -> Run {
    let path = format!("{machine}/{config}/{name}");
    Run {
        machine: machine.into(),
        config: config.into(),
        name: name.into(),
        started: Some(1_700_000_000 + at as i64 * 86_400),
        finished: Some(1_700_003_600 + at as i64 * 86_400),
        outcome: if at == 1 { Outcome::Unfinished } else { Outcome::Complete },
        environment: Environment {
            facts: vec![("Kernel".into(), format!("Linux {name}")), ("CPU".into(), "fast".into())],
            kernel_warnings: vec!["WARNING: <script>".into()],
        },
        benchmarks: vec![Benchmark {
            name: "bench".into(),
            title: "A benchmark & more".into(),
            kind: SummaryKind::Multiops,
            decimals: 2,
            time: Some([1.0, 2.0, 3.0]),
            logs: (0..iterations).map(|n| format!("{path}/iter-{n}/bench/logs")).collect(),
            operations: (0..operations).map(|n| operation(n, at, iterations)).collect(),
        }],
        problems: vec![problem(&path)],
        released: None,
        path,
    }
}

fn operation(number: usize, kernel: usize, iterations: usize) -> Operation {
    let slower = 1.0 + 0.05 * (kernel * (number % 3)) as f64;
    let mut noise = fastrand::Rng::with_seed((number * 1_000 + kernel) as u64);
    let samples: Vec<Vec<f64>> = (0..iterations)
        .map(|_| (0..8).map(|_| 100.0 * slower * (1.0 + 0.01 * noise.f64())).collect())
        .collect();
    let slices: Vec<&[f64]> = samples.iter().map(Vec::as_slice).collect();
    let summary = summarise(SummaryKind::Multiops, Direction::Lower, &slices);
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    Operation {
        name: format!("Op<{number}>-\"{number}\""),
        direction: Direction::Lower,
        unit: "s".into(),
        ratio: false,
        samples: 8 * iterations as u64,
        statistics: summary.statistics,
        interval: summary.interval,
        quartiles: summary.quartiles,
        iterations: (0..)
            .zip(&samples)
            .map(|(number, values)| Iteration { number, samples: 8, mean: mean(values) })
            .collect(),
    }
}
