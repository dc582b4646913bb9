//! The table of what was measured, as pages show it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Grid, State, column};
use crate::notes::pending::Pending;
use crate::site::catalogue::{Shelf, named};
use crate::site::format;
use crate::site::names::{self, kernel_page};
use crate::site::story::Tally;
use crate::site::templates::Link;

/// Configs on machines: with more, each machine has a single row.
const ROWS: usize = 60;
/// Kernels across: with more, the oldest are left out.
const KERNELS: usize = 32;

/// A table of runs.
#[derive(Debug, Serialize)]
pub struct Coverage {
    kernels: Vec<Kernel>,
    /// Older kernels that were left out.
    older: usize,
    rows: Vec<Row>,
    /// Cells that are missing.
    missing: usize,
    /// What is still to come, in a sentence.
    outlook: Option<String>,
}

/// A kernel; without a page where nothing was measured of it yet.
#[derive(Debug, Serialize)]
struct Kernel {
    label: String,
    href: Option<String>,
}

/// A config on a machine, or a machine.
#[derive(Debug, Serialize)]
struct Row {
    machine: Link,
    config: Option<Link>,
    /// The day of the newest run, if that is long ago.
    stale: Option<String>,
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

/// The cells of a config, and when its newest run was made if that is long ago.
type OfConfig = (Vec<Cell>, Option<i64>);

/// The table of these comparisons, whose grid this is; `outlook` is what [`outlook`] says of them.
pub fn coverage(shelves: &[&Shelf], grid: &Grid, outlook: Option<String>) -> Coverage {
    let older = grid.kernels.len().saturating_sub(KERNELS);
    let kernels = &grid.kernels[older..];
    let cells = |(shelf, states): (&&Shelf, &Vec<State>)| -> Vec<Cell> {
        let states = kernels.iter().zip(states.iter().skip(older));
        states.map(|(kernel, state)| cell(shelf, kernel, *state)).collect()
    };
    let all: Vec<Vec<Cell>> = shelves.iter().zip(&grid.states).map(cells).collect();
    let missing = all.iter().flatten().filter(|cell| cell.class == "missing").count();
    let measured = grid.measured;
    let head = |(at, name): (usize, &&str)| Kernel {
        label: named(name).to_owned(),
        href: (older + at < measured).then(|| kernel_page(name)),
    };
    Coverage {
        missing,
        kernels: kernels.iter().enumerate().map(head).collect(),
        older,
        rows: rows(shelves, grid, all),
        outlook,
    }
}

fn rows(shelves: &[&Shelf], grid: &Grid, all: Vec<Vec<Cell>>) -> Vec<Row> {
    let machine = |shelf: &Shelf| {
        let name = &shelf.comparison.machine;
        Link::new(named(name), names::machine_page(name))
    };
    let here = shelves.iter().zip(all).zip(&grid.stale);
    if shelves.len() <= ROWS {
        let row = |((shelf, cells), stale): ((&&Shelf, Vec<Cell>), &Option<i64>)| Row {
            machine: machine(shelf),
            config: Some(Link::new(named(&shelf.comparison.config), shelf.page())),
            stale: stale.map(format::day),
            cells,
        };
        return here.map(row).collect();
    }
    let mut machines: BTreeMap<&str, (Link, Vec<OfConfig>)> = BTreeMap::new();
    for ((shelf, cells), stale) in here {
        let of_machine = machines.entry(&shelf.comparison.machine);
        of_machine.or_insert_with(|| (machine(shelf), Vec::new())).1.push((cells, *stale));
    }
    let row = |(machine, configs): (Link, Vec<OfConfig>)| Row {
        cells: (0..grid.kernels.len().min(KERNELS))
            .map(|at| merged(&machine, configs.iter().filter_map(|(cells, _)| cells.get(at))))
            .collect(),
        stale: stale_machine(configs.iter().map(|(_, stale)| *stale)).map(format::day),
        machine,
        config: None,
    };
    machines.into_values().map(row).collect()
}

/// What is still to come, in a sentence; of one machine, or of all. Nothing if that is nothing.
pub fn outlook(pending: &Pending, machine: Option<&str>) -> Option<String> {
    let here = |name: &str| machine.is_none_or(|machine| machine == name);
    let runs = || pending.runs.iter().filter(|run| here(&run.machine));
    let running = runs().filter(|run| run.running).count();
    let queued = runs().count() - running;
    let are = |count: usize| if count == 1 { "is" } else { "are" };
    let what = match (running, queued) {
        (0, 0) => return None,
        (0, queued) => format!("{} {} queued", format::counted(queued, "run"), are(queued)),
        (running, 0) => format!("{} {} under way", format::counted(running, "run"), are(running)),
        (running, queued) => format!(
            "{} {} under way and {} queued",
            format::counted(running, "run"),
            are(running),
            format::count(queued)
        ),
    };
    let until = pending.until.filter(|_| machine.is_none());
    let until = until.map(|at| format!("; all should be measured by {}", format::time(at)));
    Some(format!("{what}{}, as of {}.", until.unwrap_or_default(), format::time(pending.as_of)))
}

fn cell(shelf: &Shelf, kernel: &str, state: State) -> Cell {
    let (class, mark) = match state {
        State::NotRun => ("none", ""),
        State::Missing => ("missing", ""),
        State::Queued => ("pending", "…"),
        State::Running => ("pending", "▶"),
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
        State::Queued => "queued".to_owned(),
        State::Running => "being measured".to_owned(),
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

/// A machine is stale if all of its configs are: then it is so since the last of them.
fn stale_machine(mut configs: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    configs.try_fold(i64::MIN, |newest, stale| Some(newest.max(stale?)))
}

/// All configs of a machine with one kernel: how many of those that could have run did.
fn merged<'c>(machine: &Link, configs: impl Iterator<Item = &'c Cell> + Clone) -> Cell {
    let cells = || configs.clone();
    let count = |wanted: &[&str]| cells().filter(|cell| wanted.contains(&cell.class)).count();
    let due = cells().count() - count(&["none"]);
    let pending = count(&["pending"]);
    let ran = due - count(&["missing"]) - pending;
    let class = match () {
        () if due == 0 => "none",
        () if count(&["worse"]) > 0 => "worse",
        () if count(&["better"]) > 0 => "better",
        () if count(&["failed"]) > 0 => "failed",
        () if pending > 0 => "pending",
        () if ran < due => "missing",
        () => "same",
    };
    let to_come = match pending {
        0 => String::new(),
        pending => format!(", {} to come", format::count(pending)),
    };
    Cell {
        class,
        mark: if due == 0 { String::new() } else { format!("{ran}/{due}") },
        href: (ran > 0).then(|| machine.href.clone()),
        title: format!("{}: {ran} of {}{to_come}", machine.label, format::counted(due, "config")),
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
