//! `melbot alerts`: which kernels made what worse or better.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::results::{Filter, Loaded, ResultsArgs};
use super::{Ending, print};
use crate::analysis::History;
use crate::analysis::changes::{
    ChangeComparison, ChangeVerdict, SeriesData, SeriesVerdicts, Settings, judge,
};
use crate::model::{Direction, Run};

/// List the kernels at which an operation changed
///
/// Every kernel is set against the one that it was made from, with noise learnt from the whole tree
/// of results and iterations as the unit of replication. Young: expect more false alerts than the
/// pages show, until its rates are settled.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot alerts sample-results\n  \
    melbot alerts work/log --csv --all > changes.csv")]
pub struct Alerts {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    filter: Filter,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also list what could not be decided
    #[arg(long)]
    all: bool,
    /// Exit with status 1 if there are regressions
    #[arg(long)]
    fail: bool,
}

/// One change point. The columns of the CSV are a contract.
#[derive(Debug, Serialize)]
struct Change {
    machine: String,
    config: String,
    /// Folder that the runs lie in.
    run_path: String,
    benchmark: String,
    operation: String,
    /// The first kernel with the new level.
    kernel: String,
    direction: &'static str,
    /// Positive is worse.
    effect_pct: String,
    low_pct: String,
    high_pct: String,
    probability: String,
    state: &'static str,
}

/// Operation of a benchmark on a machine: the key of a series.
type Key = (String, String, String, String, String);

/// The samples of a series, by kernel and iteration.
struct Measured {
    direction: Direction,
    kernels: Vec<(usize, Vec<Vec<f64>>)>,
}

impl Alerts {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let loaded = self.results.find(&self.filter)?.load()?;
        let changes = self.changes(&loaded)?;
        let worse = changes.iter().any(|change| change.direction == "regression");
        print(&if self.json {
            serde_json::to_string_pretty(&changes)? + "\n"
        } else if self.csv {
            csv(&changes)?
        } else {
            text(&changes)
        })?;
        Ok(if self.fail && worse { Ending::Found } else { Ending::Fine })
    }

    fn changes(&self, loaded: &Loaded) -> anyhow::Result<Vec<Change>> {
        let runs: Vec<&Run> = loaded.runs.iter().map(|stored| &stored.run).collect();
        let history = History::new(&runs);
        let measured = measured(loaded, &history)?;
        let groups = groups(&measured);
        let series: Vec<SeriesData> = measured
            .values()
            .zip(&groups)
            .map(|(measured, group)| SeriesData {
                group: *group,
                direction: measured.direction,
                observations: measured
                    .kernels
                    .iter()
                    .map(|(kernel, boots)| (*kernel, boots.iter().map(Vec::as_slice).collect()))
                    .collect(),
            })
            .collect();
        let judged = judge(&history.tree, &series, &Settings::default());
        let mut changes: Vec<Change> = measured
            .keys()
            .zip(&judged)
            .filter(|(key, _)| self.filter.takes_benchmark(&key.3))
            .flat_map(|(key, verdicts)| self.of_series(key, verdicts, &history))
            .collect();
        changes.sort_by(|a, b| {
            let place = |c: &Change| (c.machine.clone(), c.config.clone(), c.benchmark.clone());
            place(a).cmp(&place(b)).then_with(|| a.kernel.cmp(&b.kernel))
        });
        Ok(changes)
    }

    fn of_series(&self, key: &Key, verdicts: &SeriesVerdicts, history: &History) -> Vec<Change> {
        let change = |comparison: &ChangeComparison| {
            let direction = direction(comparison, self.all)?;
            let (machine, config, run_path, benchmark, operation) = key.clone();
            let percent = |ratio: f64| format!("{:.2}", 100.0 * ratio.exp_m1());
            Some(Change {
                machine,
                config,
                run_path,
                benchmark,
                operation,
                kernel: history.tree.kernels.get(comparison.kernel)?.name.clone(),
                direction,
                effect_pct: format!("{:.2}", comparison.effect_percent),
                low_pct: percent(comparison.interval.0),
                high_pct: percent(comparison.interval.1),
                probability: format!("{:.4}", comparison.probability),
                state: "new",
            })
        };
        verdicts.comparisons.iter().filter_map(change).collect()
    }
}

/// What the list calls a comparison; absent where there is nothing to list.
///
/// A level that rests on a single iteration is never more than a suspicion, and neither is a change
/// whose interval holds 0.
fn direction(comparison: &ChangeComparison, all: bool) -> Option<&'static str> {
    let (before, after) = comparison.boots;
    let (low, high) = comparison.interval;
    let certain = before.min(after) >= 2 && (low > 0.0 || high < 0.0);
    match &comparison.verdict {
        ChangeVerdict::Regressed if certain => Some("regression"),
        ChangeVerdict::Improved if certain => Some("improvement"),
        ChangeVerdict::NoChange | ChangeVerdict::First => None,
        _ => all.then_some("inconclusive"),
    }
}

/// All samples by series, kernel and iteration.
fn measured(loaded: &Loaded, history: &History) -> anyhow::Result<BTreeMap<Key, Measured>> {
    let mut measured: BTreeMap<Key, Measured> = BTreeMap::new();
    for stored in &loaded.runs {
        let run = &stored.run;
        let Some(kernel) = history.place(&run.name) else { continue };
        let folder = run.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let directions: BTreeMap<(&str, &str), Direction> = run
            .benchmarks
            .iter()
            .flat_map(|b| b.operations.iter().map(|o| ((&*b.name, &*o.name), o.direction)))
            .collect();
        let samples = loaded.store.samples(stored)?;
        let mut last = None;
        for row in samples.rows()? {
            let Some(direction) = directions.get(&(row.benchmark, row.operation)) else { continue };
            let key: Key = (
                run.machine.clone(),
                run.config.clone(),
                folder.to_owned(),
                row.benchmark.to_owned(),
                row.operation.to_owned(),
            );
            let series = measured
                .entry(key)
                .or_insert_with(|| Measured { direction: *direction, kernels: Vec::new() });
            if series.kernels.last().is_none_or(|(at, _)| *at != kernel) {
                series.kernels.push((kernel, Vec::new()));
            }
            let part = (kernel, row.benchmark.to_owned(), row.operation.to_owned(), row.iteration);
            let Some((_, boots)) = series.kernels.last_mut() else { continue };
            if last.as_ref() != Some(&part) {
                boots.push(Vec::new());
                last = Some(part);
            }
            boots.last_mut().into_iter().for_each(|boot| boot.push(row.value));
        }
    }
    Ok(measured)
}

/// Number of the benchmark of each series: its operations lend each other evidence.
fn groups(measured: &BTreeMap<Key, Measured>) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    measured
        .keys()
        .map(|(machine, config, folder, benchmark, _)| {
            let next = numbers.len();
            *numbers.entry((machine, config, folder, benchmark)).or_insert(next)
        })
        .collect()
}

fn csv(changes: &[Change]) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record([
        "machine",
        "config",
        "run_path",
        "benchmark",
        "operation",
        "kernel",
        "direction",
        "effect_pct",
        "low_pct",
        "high_pct",
        "probability",
        "state",
    ])?;
    for change in changes {
        writer.serialize(change)?;
    }
    Ok(String::from_utf8_lossy(&writer.into_inner()?).into_owned())
}

fn text(changes: &[Change]) -> String {
    let mut out = String::new();
    for change in changes {
        let Change { machine, config, benchmark, operation, kernel, .. } = change;
        let effect = change.effect_pct.trim_start_matches(['-', '+']);
        let what = match change.direction {
            "regression" => format!("▼ {effect} % worse"),
            "improvement" => format!("▲ {effect} % better"),
            _ => format!("? {} %", change.effect_pct),
        };
        out += &format!(
            "{benchmark}/{operation} on {machine} ({config}): {what} [{}, {}] since {kernel}, probability {}\n",
            change.low_pct, change.high_pct, change.probability
        );
    }
    if changes.is_empty() {
        out += "no change that holds against noise\n";
    }
    out
}
