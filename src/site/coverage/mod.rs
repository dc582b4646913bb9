//! What was measured, what is missing and what is still to come: configs on machines down, kernels across.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::catalogue::{Catalogue, Shelf};
use super::story::Tally;
use crate::analysis::VerdictKind;
use crate::model::{Outcome, natural_cmp};
use crate::notes::pending::Pending;

pub use table::{Coverage, coverage, outlook};

/// Days before the newest run of all after which a config on a machine is stale: new kernels are
/// looked for once a month at least.
const STALE: i64 = 45;

/// What became of a config on a machine with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It did not run, and nothing says that it should have.
    NotRun,
    /// It did not run, though the kernel ran on the machine or with the config.
    Missing,
    /// It did not run, but is to.
    Queued,
    /// It is being measured, perhaps again.
    Running,
    /// It ended with an error.
    Failed,
    /// It measured nothing.
    Empty,
    /// Something is worse, and nothing better.
    Regressed,
    /// Something is better, and nothing worse.
    Improved,
    /// Something is worse and something better.
    Mixed,
    /// Others are set against it.
    Baseline,
    /// Something is the same, and nothing worse or better, or likely so.
    NoChange,
    /// Nothing could be decided, or something likely changed that could not.
    Inconclusive,
}

/// What was measured of all kernels, and what was not.
pub struct Grid<'s> {
    /// The kernels, parents first; behind them those of which nothing was measured yet.
    pub kernels: Vec<&'s str>,
    /// How many of the first of them were measured.
    pub measured: usize,
    /// By comparison and kernel.
    pub states: Vec<Vec<State>>,
    /// By comparison, when the newest run was made if that is long before the newest of all.
    pub stale: Vec<Option<i64>>,
}

impl<'s> Grid<'s> {
    /// That of these comparisons.
    pub fn new(catalogue: &Catalogue<'s>, shelves: &[&Shelf]) -> Grid<'s> {
        let known = catalogue.judged.tree().kernels.iter().map(|kernel| kernel.name.as_str());
        let here: BTreeSet<&str> = shelves.iter().flat_map(|shelf| runs(shelf)).collect();
        let mut kernels: Vec<&str> = known.filter(|kernel| here.contains(kernel)).collect();
        let pending = to_come(catalogue.pending, shelves);
        let mut new: Vec<&str> = pending.keys().map(|(_, kernel)| *kernel).collect();
        new.retain(|kernel| !here.contains(kernel));
        new.sort_by(|a, b| natural_cmp(a, b));
        new.dedup();
        kernels.extend(&new);
        let mut of_machine: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut of_config: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for shelf in shelves {
            of_machine.entry(&shelf.comparison.machine).or_default().extend(runs(shelf));
            of_config.entry(&shelf.comparison.config).or_default().extend(runs(shelf));
        }
        // What ran on the machine, or with the config, could have run here as well.
        let expected = |shelf: &Shelf, kernel: &str| {
            let ran = |of: &BTreeMap<&str, BTreeSet<&str>>, name: &str| {
                of.get(name).is_some_and(|kernels| kernels.contains(kernel))
            };
            ran(&of_machine, &shelf.comparison.machine) || ran(&of_config, &shelf.comparison.config)
        };
        let states = |(at, shelf): (usize, &&Shelf)| {
            let state = |kernel: &&str| match (pending.get(&(at, *kernel)), column(shelf, kernel)) {
                (Some(true), _) => State::Running,
                (_, Some(column)) => state(shelf, column),
                (Some(false), None) => State::Queued,
                (None, None) if expected(shelf, kernel) => State::Missing,
                (None, None) => State::NotRun,
            };
            kernels.iter().map(state).collect()
        };
        let newest = catalogue.shelves.iter().filter_map(newest_of).max();
        let is_stale = |at: &i64| newest.is_some_and(|newest| newest - at > STALE * 86_400);
        Grid {
            states: shelves.iter().enumerate().map(states).collect(),
            stale: shelves.iter().map(|shelf| newest_of(shelf).filter(is_stale)).collect(),
            measured: kernels.len() - new.len(),
            kernels,
        }
    }
}

/// What is still to be measured of these comparisons, by the comparison and the kernel; whether it has
/// begun.
fn to_come<'s>(pending: &'s Pending, shelves: &[&Shelf]) -> BTreeMap<(usize, &'s str), bool> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, shelf) in shelves.iter().enumerate() {
        places.insert((&shelf.comparison.machine, &shelf.comparison.config), at);
    }
    let mut found = BTreeMap::new();
    for run in &pending.runs {
        if let Some(at) = places.get(&(run.machine.as_str(), run.config.as_str())) {
            *found.entry((*at, run.kernel.as_str())).or_default() |= run.running;
        }
    }
    found
}

/// When the newest run of a comparison was made.
fn newest_of(shelf: &Shelf) -> Option<i64> {
    shelf.comparison.columns.iter().filter_map(|column| column.started).max()
}

fn runs<'s>(shelf: &'s Shelf) -> impl Iterator<Item = &'s str> {
    shelf.comparison.columns.iter().map(|column| column.run.as_str())
}

/// The column of a kernel; of several runs of one name the last one counts.
fn column(shelf: &Shelf, kernel: &str) -> Option<usize> {
    shelf.comparison.columns.iter().rposition(|column| column.run == kernel)
}

fn state(shelf: &Shelf, at: usize) -> State {
    let tally = Tally::of_shelf(shelf, Some(at));
    let column = &shelf.comparison.columns[at];
    let mut measured = shelf.comparison.benchmarks.iter().flat_map(|b| &b.operations);
    match column.outcome {
        _ if !measured.any(|o| o.cells.get(at).is_some_and(|c| c.samples > 0)) => State::Empty,
        Outcome::Failed => State::Failed,
        _ if tally.worse > 0 && tally.better > 0 => State::Mixed,
        _ if tally.worse > 0 => State::Regressed,
        _ if tally.better > 0 => State::Improved,
        _ if column.baseline == at => State::Baseline,
        _ if tally.same > 0 && !may_have_changed(shelf, at) => State::NoChange,
        _ => State::Inconclusive,
    }
}

/// Something looks changed, and more likely is than not.
fn may_have_changed(shelf: &Shelf, at: usize) -> bool {
    let operations = shelf.comparison.benchmarks.iter().flat_map(|b| &b.operations);
    let mut verdicts = operations.filter_map(|o| Some(&o.cells.get(at)?.verdict));
    verdicts.any(|verdict| match verdict.kind {
        VerdictKind::Suspect => true,
        VerdictKind::Inconclusive => verdict.probability.is_some_and(|p| p > 0.5),
        _ => false,
    })
}
