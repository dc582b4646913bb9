//! Invented runs: the later the kernel, the slower some of its operations.

use std::collections::BTreeMap;

use crate::analysis::History;
use crate::analysis::alerts::testing::{comparison, series};
use crate::analysis::alerts::{BenchmarkKey, Judged, Place, SeriesKey};
use crate::model::{
    Benchmark, Curve, Direction, Environment, Figures, Iteration, KernelWarning, Noted, Operation,
    Outcome, Problem, Reading, Run, Seen, Severity, Stretch, SummaryKind, Watched,
};
use crate::stats::summary::summarise;

pub fn problem(path: &str) -> Problem {
    Problem {
        severity: Severity::Warning,
        path: path.into(),
        line: Some(3),
        what: "odd <b>".into(),
        remedy: "look".into(),
    }
}

/// Verdicts on runs: what differs by more than 3 % from the kernel before has changed. Not those of
/// the engine, which takes its time and has tests of its own.
pub fn judged(runs: &[&Run]) -> Judged {
    let history = History::new(runs);
    let mut levels: BTreeMap<SeriesKey, BTreeMap<usize, f64>> = BTreeMap::new();
    for run in runs {
        for benchmark in &run.benchmarks {
            let of = BenchmarkKey { place: Place::of(run), benchmark: benchmark.name.clone() };
            for operation in &benchmark.operations {
                let key = SeriesKey { of: of.clone(), operation: operation.name.clone() };
                let Some(kernel) = history.place(&run.name) else { continue };
                let means = operation.iterations.iter().map(|iteration| iteration.mean / 100.0);
                let level = (means.sum::<f64>() / operation.iterations.len() as f64).ln();
                levels.entry(key).or_default().insert(kernel, level);
            }
        }
    }
    let judge = |(key, levels): (SeriesKey, BTreeMap<usize, f64>)| {
        let comparisons = levels.iter().map(|(kernel, level)| {
            let parent = history.tree.ancestors(*kernel).find(|up| levels.contains_key(up));
            let before = parent.map_or(*level, |parent| levels[&parent]);
            let mark = if (level - before).abs() > 0.03 { "!" } else { "" };
            comparison(*kernel, parent, (before, *level), mark)
        });
        series(key, comparisons.collect())
    };
    let series = levels.into_iter().map(judge).collect();
    Judged { history, series, ..Judged::default() }
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
            settings: vec![("Kernel config".into(), vec![format!("HZ={}", 100 + at)])],
            kernel_warnings: vec![KernelWarning {
                line: "WARNING: <script>".into(),
                stack: vec!["f+0x1/0x2".into()],
            }],
        },
        noted: vec![Noted { name: "Boot".into(), value: "3f1c, <b>".into() }],
        benchmarks: vec![Benchmark {
            name: "bench".into(),
            title: "A benchmark & more".into(),
            kind: SummaryKind::Multiops,
            decimals: 2,
            times: vec![(0, [1.0, 2.0, 3.0])],
            watched: Vec::new(),
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
            .map(|(number, values)| Iteration {
                number,
                samples: 8,
                mean: mean(values),
                digest: values.clone(),
            })
            .collect(),
    }
}

/// What three monitors saw, with curves as long as they get.
pub fn watched(seed: u64, series: usize, iterations: usize) -> Vec<Watched> {
    let mut noise = fastrand::Rng::with_seed(seed);
    let mut seen = |number: usize| {
        let values: Vec<f64> = (0..200).map(|_| 1e6 * noise.f64()).collect();
        let mut figures = || Figures {
            mean: 1e6 * noise.f64(),
            p95: 2e6 * noise.f64(),
            increase: (1e9 * noise.f64()).round(),
        };
        Seen {
            name: format!("<counter>_{number}"),
            unit: "pages".into(),
            reading: if number.is_multiple_of(2) { Reading::Level } else { Reading::Counter },
            iterations: (0..iterations).map(|_| Some(figures())).collect(),
            curve: Curve::new((0.0, 400.0), &values).filter(|_| number < 40),
        }
    };
    ["iostat", "proc-vmstat", "vmstat"]
        .map(|monitor| Watched {
            monitor: monitor.into(),
            title: "A <monitor>".into(),
            iterations: (0..iterations as u32)
                .map(|number| Stretch { number, seconds: 400.0 })
                .collect(),
            series: (0..series).map(&mut seen).collect(),
            still: vec!["never".into()],
            left_out: 3,
        })
        .into()
}
