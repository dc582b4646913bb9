//! What was measured and what is missing: configs down, kernels across.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::catalogue::{Catalogue, Shelf, named};
use super::format;
use super::names::{self, kernel_page};
use super::story::Tally;
use super::templates::Link;
use crate::analysis::VerdictKind;
use crate::model::Outcome;

/// Configs on machines: with more, each machine has a single row.
const ROWS: usize = 60;
/// Kernels across: with more, the oldest are left out.
const KERNELS: usize = 32;

/// A table of runs.
#[derive(Debug, Serialize)]
pub struct Coverage {
    kernels: Vec<Link>,
    /// Older kernels that were left out.
    older: usize,
    rows: Vec<Row>,
    /// Cells that are missing.
    missing: usize,
}

/// A config on a machine, or a machine.
#[derive(Debug, Serialize)]
struct Row {
    machine: Link,
    config: Option<Link>,
    cells: Vec<Cell>,
}

/// A config on a machine with a kernel.
#[derive(Debug, Serialize)]
struct Cell {
    class: &'static str,
    mark: String,
    /// The page of the run.
    href: Option<String>,
    title: String,
}

/// What became of a config on a machine with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It did not run, and nothing says that it should have.
    NotRun,
    /// It did not run, though the kernel ran on the machine or with the config.
    Missing,
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
    /// The kernels, parents first.
    pub kernels: Vec<&'s str>,
    /// By comparison and kernel.
    pub states: Vec<Vec<State>>,
}

impl<'s> Grid<'s> {
    /// That of these comparisons.
    pub fn new(catalogue: &Catalogue<'s>, shelves: &[&Shelf]) -> Grid<'s> {
        let known = catalogue.judged.tree().kernels.iter().map(|kernel| kernel.name.as_str());
        let here: BTreeSet<&str> = shelves.iter().flat_map(|shelf| runs(shelf)).collect();
        let kernels: Vec<&str> = known.filter(|kernel| here.contains(kernel)).collect();
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
        let states = |shelf: &&Shelf| {
            let state = |kernel: &&str| match (column(shelf, kernel), expected(shelf, kernel)) {
                (Some(at), _) => state(shelf, at),
                (None, true) => State::Missing,
                (None, false) => State::NotRun,
            };
            kernels.iter().map(state).collect()
        };
        Grid { states: shelves.iter().map(states).collect(), kernels }
    }
}

/// The table of these comparisons.
pub fn coverage(catalogue: &Catalogue, shelves: &[&Shelf]) -> Coverage {
    let grid = Grid::new(catalogue, shelves);
    let older = grid.kernels.len().saturating_sub(KERNELS);
    let kernels = &grid.kernels[older..];
    let cells = |(shelf, states): (&&Shelf, &Vec<State>)| -> Vec<Cell> {
        let states = kernels.iter().zip(states.iter().skip(older));
        states.map(|(kernel, state)| cell(shelf, kernel, *state)).collect()
    };
    let all: Vec<Vec<Cell>> = shelves.iter().zip(&grid.states).map(cells).collect();
    let missing = all.iter().flatten().filter(|cell| cell.class == "missing").count();
    let head = |shelf: &Shelf| {
        Link::new(named(&shelf.comparison.machine), names::machine_page(&shelf.comparison.machine))
    };
    let rows = if shelves.len() > ROWS {
        let mut machines: BTreeMap<&str, (Link, Vec<Vec<Cell>>)> = BTreeMap::new();
        for (shelf, cells) in shelves.iter().zip(all) {
            let machine = machines.entry(&shelf.comparison.machine);
            machine.or_insert_with(|| (head(shelf), Vec::new())).1.push(cells);
        }
        let row = |(machine, cells): (Link, Vec<Vec<Cell>>)| Row {
            cells: (0..kernels.len()).map(|at| merged(&machine, &cells, at)).collect(),
            machine,
            config: None,
        };
        machines.into_values().map(row).collect()
    } else {
        let row = |(shelf, cells): (&&Shelf, Vec<Cell>)| Row {
            machine: head(shelf),
            config: Some(Link::new(named(&shelf.comparison.config), shelf.page())),
            cells,
        };
        shelves.iter().zip(all).map(row).collect()
    };
    Coverage {
        missing,
        kernels: kernels.iter().map(|name| Link::new(named(name), kernel_page(name))).collect(),
        older,
        rows,
    }
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

fn cell(shelf: &Shelf, kernel: &str, state: State) -> Cell {
    let (class, mark) = match state {
        State::NotRun => ("none", ""),
        State::Missing => ("missing", ""),
        State::Failed | State::Empty => ("failed", "×"),
        State::Mixed => ("worse", "▼▲"),
        State::Regressed => ("worse", "▼"),
        State::Improved => ("better", "▲"),
        State::Baseline => ("same", "•"),
        State::NoChange => ("same", "≈"),
        State::Inconclusive => ("unsure", "?"),
    };
    let at = column(shelf, kernel);
    let words = match state {
        State::NotRun => "not run".to_owned(),
        State::Missing => "missing".to_owned(),
        State::Empty => "measured nothing".to_owned(),
        State::Failed => "ended with an error".to_owned(),
        State::Baseline => "a baseline".to_owned(),
        _ => words(&Tally::of_shelf(shelf, at)),
    };
    Cell {
        class,
        mark: mark.to_owned(),
        href: at.map(|at| shelf.runs[at].page.clone()),
        title: format!("{} with {}: {words}", shelf.title(), named(kernel)),
    }
}

/// All configs of a machine with one kernel: how many of those that could have run did.
fn merged(machine: &Link, configs: &[Vec<Cell>], at: usize) -> Cell {
    let cells = || configs.iter().filter_map(|cells| cells.get(at));
    let count = |wanted: &[&str]| cells().filter(|cell| wanted.contains(&cell.class)).count();
    let due = cells().count() - count(&["none"]);
    let ran = due - count(&["missing"]);
    let class = match () {
        () if due == 0 => "none",
        () if count(&["worse"]) > 0 => "worse",
        () if count(&["better"]) > 0 => "better",
        () if count(&["failed"]) > 0 => "failed",
        () if ran < due => "missing",
        () => "same",
    };
    Cell {
        class,
        mark: if due == 0 { String::new() } else { format!("{ran}/{due}") },
        href: (ran > 0).then(|| machine.href.clone()),
        title: format!("{}: {ran} of {}", machine.label, format::counted(due, "config")),
    }
}

fn words(tally: &Tally) -> String {
    let parts = [
        (tally.worse, "worse"),
        (tally.better, "better"),
        (tally.same, "no change"),
        (tally.unsure + tally.open, "undecided"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", format::count(count)))
        .collect();
    if parts.is_empty() { "nothing to compare".to_owned() } else { parts.join(", ") }
}
