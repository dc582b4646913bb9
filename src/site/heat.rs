//! All operations and kernels of a comparison at a glance: where something moved, and whether it
//! stayed.

use std::collections::HashMap;

use serde::Serialize;

use super::catalogue::Shelf;
use super::history::{Histories, History, Tone};
use super::{format, operations};

/// Cells, at most.
const CELLS: usize = 4_000;

/// Operations down, kernels across.
#[derive(Debug, Serialize)]
pub struct Heat {
    rows: Vec<Row>,
    /// Operations that never moved, or for which there was no room.
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    benchmark: String,
    name: String,
    href: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    class: &'static str,
    /// Whole percent, positive where better.
    text: String,
}

/// The operations that moved; `None` if none did.
pub fn heat(shelf: &Shelf, histories: &Histories) -> Option<Heat> {
    let most = CELLS / shelf.comparison.columns.len().max(1);
    let mut rows = Vec::new();
    let mut all = 0;
    for (benchmark, histories) in shelf.comparison.benchmarks.iter().zip(histories) {
        all += benchmark.operations.len();
        if !histories.iter().flatten().any(moved) {
            continue;
        }
        let hrefs = operations::hrefs(shelf, benchmark);
        for ((operation, folders), href) in benchmark.operations.iter().zip(histories).zip(hrefs) {
            if rows.len() < most && folders.iter().any(moved) {
                let lower = operation.direction == crate::model::Direction::Lower;
                rows.push(Row {
                    benchmark: benchmark.name.clone(),
                    name: operation.name.clone(),
                    href,
                    cells: cells(shelf, folders, lower),
                });
            }
        }
    }
    (!rows.is_empty()).then(|| Heat { left_out: all - rows.len(), rows })
}

fn moved(history: &History) -> bool {
    let mut spots = history.panels.iter().flat_map(|panel| &panel.spots);
    spots.any(|spot| spot.tone != Tone::Plain || spot.mark.is_some())
}

fn cells(shelf: &Shelf, folders: &[History], lower: bool) -> Vec<Cell> {
    let mut known: HashMap<&str, Cell> = HashMap::new();
    for history in folders {
        let spots = || history.panels.iter().flat_map(|panel| &panel.spots);
        let Some(base) = spots().next().and_then(|spot| spot.level) else { continue };
        for spot in spots() {
            let Some(level) = spot.level else { continue };
            let change = 100.0 * (level - base) / base.abs() * if lower { -1.0 } else { 1.0 };
            known.insert(&spot.page, cell(spot.tone, change));
        }
    }
    let missing = || Cell { class: "none", text: String::new() };
    shelf.runs.iter().map(|run| known.remove(&*run.page).unwrap_or_else(missing)).collect()
}

fn cell(tone: Tone, change: f64) -> Cell {
    let class = match (tone, change.abs()) {
        (Tone::Plain, _) => "h0",
        (Tone::Worse, ..5.0) => "w1",
        (Tone::Worse, ..20.0) => "w2",
        (Tone::Worse, _) => "w3",
        (Tone::Better, ..5.0) => "b1",
        (Tone::Better, ..20.0) => "b2",
        (Tone::Better, _) => "b3",
    };
    let sign = if change > 0.0 { "+" } else { "−" };
    let text = match tone {
        Tone::Plain => String::new(),
        _ => format!("{sign}{}", format::number(change.abs(), 0)),
    };
    Cell { class, text }
}
