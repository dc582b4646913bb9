//! A comparison: what its page says of every operation, and no more. `melbot compare --format json` has
//! all figures, which would be too much for a page.

use serde::Serialize;

use crate::analysis::{Column, OperationTable, VerdictKind};
use crate::model::Direction;
use crate::site::catalogue::Shelf;
use crate::site::operations;
use crate::site::{Output, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    machine: &'s str,
    config: &'s str,
    columns: &'s [Column],
    benchmarks: Vec<Benchmark<'s>>,
}

#[derive(Serialize)]
struct Benchmark<'s> {
    name: &'s str,
    title: &'s str,
    /// Path of the histories.
    page: String,
    operations: Vec<Operation<'s>>,
}

#[derive(Serialize)]
struct Operation<'s> {
    name: &'s str,
    unit: &'s str,
    direction: Direction,
    /// Name of the figure that stands for it.
    figure: &'s str,
    cells: Vec<Option<Cell<'s>>>,
}

/// What is said of an operation in one kernel.
#[derive(Serialize)]
pub struct Cell<'s> {
    value: Option<f64>,
    iterations: usize,
    verdict: VerdictKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'s str>,
}

/// Path of the data of a comparison.
pub fn path(shelf: &Shelf) -> String {
    format!("{}/comparison.json", shelf.folder)
}

/// Writes it.
pub fn write(shelf: &Shelf, out: &dyn Output) -> Result<(), SiteError> {
    let comparison = shelf.comparison;
    let data = Data {
        machine: &comparison.machine,
        config: &comparison.config,
        columns: &comparison.columns,
        benchmarks: comparison
            .benchmarks
            .iter()
            .map(|benchmark| Benchmark {
                name: &benchmark.name,
                title: &benchmark.title,
                page: operations::page(shelf, benchmark, 0),
                operations: benchmark.operations.iter().map(operation).collect(),
            })
            .collect(),
    };
    super::write(&path(shelf), "comparison", &data, out)
}

fn operation(operation: &OperationTable) -> Operation<'_> {
    let main = operation.statistics.get(operation.main);
    Operation {
        name: &operation.name,
        unit: &operation.unit,
        direction: operation.direction,
        figure: main.map_or("", |figures| &figures.name),
        cells: (0..operation.cells.len()).map(|at| cell(operation, at)).collect(),
    }
}

/// Absent where nothing was measured.
pub fn cell(operation: &OperationTable, at: usize) -> Option<Cell<'_>> {
    let cell = operation.cells.get(at).filter(|cell| cell.samples > 0)?;
    let figure = operation.statistics.get(operation.main).and_then(|row| row.cells.get(at));
    Some(Cell {
        value: figure.and_then(|figure| figure.value),
        iterations: cell.iterations.len(),
        verdict: cell.verdict.kind,
        change: cell.verdict.effect,
        interval: cell.verdict.interval,
        alert: cell.verdict.alert.as_deref(),
    })
}
