//! The kernels of one config on one machine, side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::alerts::Place;
use super::baseline::{Baseline, UnknownBaseline};
use super::ratios::RatioTable;
use super::verdict::Verdict;
use crate::model::{
    Benchmark, Direction, Operation, Outcome, Release, Run, SummaryKind, compare_runs,
};
use crate::stats::difference::{change_percent, interval_score};
use crate::stats::summary::Statistic;

/// One config on one machine: all kernels, all benchmarks.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The machine.
    pub machine: String,
    /// The MMTests config.
    pub config: String,
    /// The runs, in the order of their kernels.
    pub columns: Vec<Column>,
    /// The benchmarks, in the order in which they were run.
    pub benchmarks: Vec<BenchmarkTable>,
}

/// One run of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Name of the run.
    pub run: String,
    /// `mainline`, `6.12.y`, or absent for free-text names.
    pub track: Option<String>,
    /// When its kernel was released, in seconds since 1970, if a git tree tells.
    pub released: Option<i64>,
    /// Start, in seconds since 1970.
    pub started: Option<i64>,
    /// The folder that the run lies in, relative to the results folder.
    pub folder: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Position of the column that this one is set against; its own for a baseline.
    pub baseline: usize,
}

/// One benchmark of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct BenchmarkTable {
    /// Folder name.
    pub name: String,
    /// What it measures.
    pub title: String,
    /// How samples are summarised.
    pub kind: SummaryKind,
    /// Digits after the decimal point.
    pub decimals: usize,
    /// One row an operation.
    pub operations: Vec<OperationTable>,
    /// The ratio table.
    pub ratios: RatioTable,
    /// Folders of the raw logs, per column.
    pub logs: Vec<Vec<String>>,
    /// User, system and elapsed seconds, per column.
    pub time: Vec<Option<[f64; 3]>>,
}

/// One operation over all columns.
#[derive(Clone, Debug, Serialize)]
pub struct OperationTable {
    /// Name.
    pub name: String,
    /// Which way is better.
    pub direction: Direction,
    /// Unit.
    pub unit: String,
    /// `true` if ratio tables show it.
    pub ratio: bool,
    /// All figures.
    pub statistics: Vec<StatisticRow>,
    /// Position of the figure that stands for the operation.
    pub main: usize,
    /// Per column what pages need beside the figures.
    pub cells: Vec<Cell>,
}

/// One figure over all columns.
#[derive(Clone, Debug, Serialize)]
pub struct StatisticRow {
    /// MMTests' name.
    pub name: String,
    /// Per column.
    pub cells: Vec<Figure>,
}

/// One figure of one run, against its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The figure; absent where nothing was measured, or where it is undefined.
    pub value: Option<f64>,
    /// Change in percent as MMTests has it, positive where better.
    pub change: Option<f64>,
    /// MMTests' star: the intervals do not meet.
    pub starred: bool,
}

/// One operation of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Number of samples; 0 where nothing was measured.
    pub samples: u64,
    /// Mean of each iteration.
    pub iterations: Vec<f64>,
    /// Minimum, quartiles and maximum of the samples, where there are any.
    pub quartiles: Option<[f64; 5]>,
    /// MMTests' interval of the mean.
    pub interval: Option<(f64, f64)>,
    /// melbot's verdict; see [`super::set_verdicts`].
    pub verdict: Verdict,
}

/// Groups runs into pages by machine and config, ordered by name; runs ordered by kernel.
pub fn pages<'r>(runs: impl IntoIterator<Item = &'r Run>) -> Vec<Vec<&'r Run>> {
    let mut pages: BTreeMap<(&str, &str), Vec<&Run>> = BTreeMap::new();
    for run in runs {
        pages.entry((&run.machine, &run.config)).or_default().push(run);
    }
    let mut pages: Vec<Vec<&Run>> = pages.into_values().collect();
    for page in &mut pages {
        page.sort_by(|a, b| compare_runs(a, b));
    }
    pages
}

/// Compares the runs of a page, which are in the order of their kernels. Nothing is judged yet.
pub fn compare(runs: &[&Run], baseline: &Baseline) -> Result<Comparison, UnknownBaseline> {
    let baselines = baseline.choose(runs)?;
    let columns: Vec<Column> =
        runs.iter().zip(&baselines).map(|(run, baseline)| column(run, *baseline)).collect();
    let lists = runs.iter().map(|run| &run.benchmarks);
    let benchmarks: Vec<BenchmarkTable> = in_order(lists, |benchmark| &benchmark.name)
        .into_iter()
        .map(|first| benchmark_table(first, runs, &columns))
        .collect();
    Ok(Comparison {
        machine: runs.first().map_or(String::new(), |run| run.machine.clone()),
        config: runs.first().map_or(String::new(), |run| run.config.clone()),
        columns,
        benchmarks,
    })
}

fn column(run: &Run, baseline: usize) -> Column {
    Column {
        run: run.name.clone(),
        track: Release::parse(&run.name).map(|release| release.track().to_string()),
        released: run.released,
        started: run.started,
        folder: Place::of(run).run_path,
        outcome: run.outcome,
        baseline,
    }
}

/// The first of each name over several lists, in the order in which the lists have them: a name
/// that only later lists have comes after the one that precedes it there.
fn in_order<'i, T: 'i>(
    lists: impl Iterator<Item = &'i Vec<T>>,
    name: impl Fn(&'i T) -> &'i str,
) -> Vec<&'i T> {
    let mut order: Vec<&T> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for list in lists {
        let mut after = 0;
        for item in list {
            if order.get(after).is_some_and(|next| name(next) == name(item)) {
                after += 1;
            } else if known.insert(name(item)) {
                order.insert(after, item);
                after += 1;
            } else {
                after = order.iter().position(|o| name(o) == name(item)).map_or(after, |at| at + 1);
            }
        }
    }
    order
}

fn benchmark_table(first: &Benchmark, runs: &[&Run], columns: &[Column]) -> BenchmarkTable {
    let found: Vec<Option<&Benchmark>> =
        runs.iter().map(|run| benchmark(run, &first.name)).collect();
    let measured: Vec<HashMap<&str, &Operation>> =
        found.iter().map(|benchmark| benchmark.map_or(HashMap::new(), measured)).collect();
    let lists = found.iter().flatten().map(|benchmark| &benchmark.operations);
    let operations: Vec<OperationTable> = in_order(lists, |operation| &operation.name)
        .into_iter()
        .map(|operation| {
            let found: Vec<Option<&Operation>> = measured
                .iter()
                .map(|by_name| by_name.get(operation.name.as_str()).copied())
                .collect();
            operation_table(first.kind, operation, &found, columns)
        })
        .collect();
    BenchmarkTable {
        name: first.name.clone(),
        title: first.title.clone(),
        kind: first.kind,
        decimals: first.decimals,
        ratios: RatioTable::new(first.kind, columns, &operations),
        operations,
        logs: found.iter().map(|found| found.map_or(Vec::new(), |b| b.logs.clone())).collect(),
        time: found.iter().map(|found| found.and_then(Benchmark::time)).collect(),
    }
}

fn benchmark<'r>(run: &'r Run, name: &str) -> Option<&'r Benchmark> {
    run.benchmarks.iter().find(|benchmark| benchmark.name == name)
}

/// Operations that were measured, by name; one that only exists by name counts as absent.
fn measured(benchmark: &Benchmark) -> HashMap<&str, &Operation> {
    let operations = benchmark.operations.iter().filter(|operation| operation.samples > 0);
    operations.map(|operation| (operation.name.as_str(), operation)).collect()
}

fn operation_table(
    kind: SummaryKind,
    first: &Operation,
    found: &[Option<&Operation>],
    columns: &[Column],
) -> OperationTable {
    let starred = Statistic::ratio_of(kind);
    let statistics = Statistic::of(kind)
        .iter()
        .enumerate()
        .map(|(row, statistic)| StatisticRow {
            name: statistic.name(first.direction),
            cells: (0..found.len())
                .map(|at| {
                    let pair = (found[at], found[columns[at].baseline]);
                    let direction = statistic.direction(first.direction);
                    let mut figure = figure(*statistic, direction, row, pair);
                    figure.starred =
                        row == starred && at != columns[at].baseline && star(row, pair);
                    figure
                })
                .collect(),
        })
        .collect();
    OperationTable {
        name: first.name.clone(),
        direction: first.direction,
        unit: first.unit.clone(),
        ratio: first.ratio,
        statistics,
        main: Statistic::main_of(kind),
        cells: found.iter().map(|operation| cell(*operation)).collect(),
    }
}

/// New and old.
type Pair<'o> = (Option<&'o Operation>, Option<&'o Operation>);

fn value(operation: Option<&Operation>, row: usize) -> Option<f64> {
    *operation?.statistics.get(row)?
}

fn figure(statistic: Statistic, direction: Direction, row: usize, (new, old): Pair) -> Figure {
    let value = |operation| value(operation, row);
    // One sample has no deviation; like MMTests, tables show 0 for it.
    let single = |operation: Option<&Operation>| operation.is_some_and(|o| o.samples == 1);
    if statistic == Statistic::Stddev && single(new) {
        return Figure { value: Some(0.0), change: old.map(|_| 0.0), starred: false };
    }
    let change = value(new)
        .zip(value(old))
        .map(|(new, old)| change_percent(direction, old, new))
        .filter(|change| change.is_finite());
    Figure { value: value(new), change, starred: false }
}

fn star(row: usize, (new, old): Pair) -> bool {
    let side = |operation: Option<&Operation>| Some((value(operation, row)?, operation?.interval?));
    side(new)
        .zip(side(old))
        .is_some_and(|(new, old)| interval_score(old.0, old.1, new.0, new.1).abs() > 1.0)
}

fn cell(operation: Option<&Operation>) -> Cell {
    Cell {
        samples: operation.map_or(0, |operation| operation.samples),
        iterations: operation
            .map_or(Vec::new(), |o| o.iterations.iter().map(|iteration| iteration.mean).collect()),
        quartiles: operation.map(|operation| operation.quartiles),
        interval: operation.and_then(|operation| operation.interval),
        verdict: Verdict::baseline(operation.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_later_lists_are_put_where_they_belong() {
        let lists = [vec!["a", "c"], vec!["a", "b", "c", "d"]];
        let merged: Vec<&str> = in_order(lists.iter(), |name| name).into_iter().copied().collect();
        assert_eq!(merged, ["a", "b", "c", "d"]);
    }

    #[test]
    fn runs_are_grouped_and_ordered_by_kernel() {
        let run = |machine: &str, name: &str| Run {
            machine: machine.into(),
            config: "c".into(),
            name: name.into(),
            ..Run::default()
        };
        let runs = [run("b", "6.12"), run("a", "6.12.1"), run("a", "6.12-rc4"), run("a", "6.12")];
        let names: Vec<Vec<&str>> = pages(&runs)
            .iter()
            .map(|page| page.iter().map(|r| r.name.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["6.12-rc4", "6.12", "6.12.1"], vec!["6.12"]]);
    }
}
