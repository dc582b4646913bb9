//! The table of a benchmark: operations down, kernels across.

use serde::Serialize;

use super::alerts::page_of;
use super::catalogue::{Shelf, named};
use super::format;
use super::plot::{Sparkline, sparkline};
use super::story::{shown_change, sign};
use crate::analysis::{BenchmarkTable, Cell, Column, OperationTable, Verdict, VerdictKind};
use crate::model::{Direction, FAILURES, Outcome};

/// The head of a column.
#[derive(Debug, Serialize)]
pub struct Head {
    name: String,
    href: String,
    track: Option<String>,
    against: Option<String>,
    state: Option<&'static str>,
}

/// With more kernels than this a table is wide: what moved has to stand out there, and a browser takes a
/// third of its time for what stands below the figures.
const WIDE: usize = 40;

/// An operation.
#[derive(Debug, Serialize)]
pub struct Row {
    name: String,
    href: String,
    /// Unit and direction, where they are not those of the whole benchmark.
    note: Option<String>,
    /// Which way is better.
    better: Direction,
    changed: bool,
    spark: Option<Sparkline>,
    cells: Vec<CellView>,
}

/// An operation of one kernel.
#[derive(Debug, Serialize)]
pub struct CellView {
    class: &'static str,
    value: String,
    star: bool,
    /// Symbol and size of the change.
    change: Option<String>,
    interval: Option<String>,
    /// Change and interval that are not shown below the value, but go along when the table is copied.
    aside: Option<String>,
    /// Page of the alert that tells more.
    alert: Option<String>,
    title: Option<String>,
}

/// The heads of all columns.
pub fn heads(shelf: &Shelf) -> Vec<Head> {
    let columns = &shelf.comparison.columns;
    let head = |(at, column): (usize, &Column)| Head {
        name: named(&column.run).to_owned(),
        href: shelf.runs[at].page.clone(),
        track: column.track.clone(),
        against: against(columns, at),
        state: match column.outcome {
            Outcome::Complete => None,
            Outcome::Failed => Some("failed"),
            Outcome::Unfinished => Some("unfinished"),
        },
    };
    columns.iter().enumerate().map(head).collect()
}

/// What a column is set against, where that is not the first column.
fn against(columns: &[Column], at: usize) -> Option<String> {
    match columns[at].baseline {
        baseline if baseline == at => Some("baseline".to_owned()),
        0 => None,
        baseline => Some(format!("vs {}", named(columns.get(baseline).map_or("", |c| &c.run)))),
    }
}

/// What is the same for all operations of a benchmark: unit and direction.
pub fn common_note(benchmark: &BenchmarkTable) -> Option<String> {
    let mut notes = benchmark.operations.iter().map(note);
    let first = notes.next()?;
    notes.all(|note| note == first).then_some(first)
}

/// Unit and direction of an operation.
pub fn note(operation: &OperationTable) -> String {
    match operation.unit.as_str() {
        "" => operation.direction.phrase().to_owned(),
        unit => format!("{unit}, {}", operation.direction.phrase()),
    }
}

/// A row; `href` leads to everything about the operation. `common` says that all operations of the
/// benchmark have the same note.
pub fn row(operation: &OperationTable, href: String, decimals: usize, common: bool) -> Row {
    Row {
        name: operation.name.clone(),
        href,
        note: (!common).then(|| note(operation)),
        better: operation.direction,
        changed: operation.cells.iter().any(|cell| cell.verdict.is_change()),
        spark: sparkline(&operation.cells),
        cells: (0..operation.cells.len()).map(|at| short_cell(operation, at, decimals)).collect(),
    }
}

/// `true` where there are so many kernels that only what changed has its change below the figure.
pub fn is_wide(columns: usize) -> bool {
    columns > WIDE
}

/// What fits into a row of all kernels.
fn short_cell(operation: &OperationTable, at: usize, decimals: usize) -> CellView {
    let mut view = cell(operation, at, decimals);
    if is_wide(operation.cells.len()) && !operation.cells[at].verdict.is_change() {
        let below = [view.change.take(), view.interval.take()];
        view.aside = Some(below.into_iter().flatten().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty());
    }
    view
}

/// What is said of an operation in one kernel.
pub fn cell(operation: &OperationTable, at: usize, decimals: usize) -> CellView {
    let verdict = &operation.cells[at].verdict;
    let figure = |row: &crate::analysis::StatisticRow| row.cells.get(at).copied();
    let main = operation.statistics.get(operation.main).and_then(figure);
    let value = main.and_then(|figure| figure.value);
    let (class, mark) = sign(verdict);
    if operation.unit == FAILURES {
        return test_cell(operation, at);
    }
    let change = shown_change(operation, at).map(|effect| match verdict.kind {
        VerdictKind::Regressed | VerdictKind::Improved => {
            format!("{mark} {}", format::percent(effect))
        }
        _ => format!("{mark} {}", format::signed_percent(effect)),
    });
    CellView {
        class,
        value: value.map_or(format::NOTHING.to_owned(), |value| format::number(value, decimals)),
        star: operation.statistics.iter().filter_map(figure).any(|figure| figure.starred),
        change,
        interval: shown_interval(verdict).map(format::interval),
        aside: None,
        alert: verdict.alert.as_deref().map(page_of),
        title: (verdict.kind != VerdictKind::Baseline).then(|| verdict.sentence()),
    }
}

/// The interval that belongs to the change shown.
fn shown_interval(verdict: &Verdict) -> Option<(f64, f64)> {
    verdict.interval.filter(|_| !verdict.cannot_be_judged())
}

/// What became of a functional test with one kernel.
fn test_cell(operation: &OperationTable, at: usize) -> CellView {
    let Cell { iterations, verdict, .. } = &operation.cells[at];
    let failed = iterations.iter().filter(|failures| **failures != 0.0).count();
    let (class, mark) = sign(verdict);
    let change = match verdict.kind {
        VerdictKind::Regressed => Some(format!("{mark} newly")),
        VerdictKind::Improved => Some(format!("{mark} again")),
        _ => None,
    };
    CellView {
        class: if change.is_some() { class } else { "same" },
        value: match (failed, iterations.len()) {
            (_, 0) => format::NOTHING.to_owned(),
            (0, _) => "passes".to_owned(),
            (failed, runs) if failed == runs => "fails".to_owned(),
            (failed, runs) => format!("fails {failed} of {runs}"),
        },
        star: false,
        change,
        interval: None,
        aside: None,
        alert: verdict.alert.as_deref().map(page_of),
        title: None,
    }
}
