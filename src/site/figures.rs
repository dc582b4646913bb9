//! Everything MMTests would print: all figures of an operation, and the table of ratios.

use serde::Serialize;

use super::{cells, format};
use crate::analysis::{BenchmarkTable, Figure, OperationTable, RatioTable, StatisticRow};

/// All figures of one operation.
#[derive(Debug, Serialize)]
pub struct Figures {
    operation: String,
    rows: Vec<FigureRow>,
}

/// One figure over all kernels.
#[derive(Debug, Serialize)]
pub struct FigureRow {
    name: String,
    cells: Vec<FigureCell>,
}

/// One figure of one kernel.
#[derive(Debug, Serialize)]
pub struct FigureCell {
    value: String,
    note: Option<String>,
    star: bool,
}

impl FigureCell {
    /// Without the change, unless MMTests stars it: with many kernels those of all figures are more than
    /// anybody reads.
    pub fn brief(self) -> FigureCell {
        let note = self.note.filter(|_| self.star);
        FigureCell { note, ..self }
    }
}

/// The figures of an operation as MMTests has them.
pub fn figures(operation: &OperationTable, decimals: usize) -> Figures {
    let rows = operation.statistics.iter().map(|statistic| FigureRow {
        name: statistic.name.clone(),
        cells: statistic.cells.iter().map(|figure| figure_cell(figure, decimals)).collect(),
    });
    Figures { operation: operation.name.clone(), rows: rows.collect() }
}

/// The figure that stands for an operation, and the others.
pub fn main_first(operation: &OperationTable) -> (Option<&StatisticRow>, Vec<&StatisticRow>) {
    let others = operation.statistics.iter().enumerate().filter(|(at, _)| *at != operation.main);
    (operation.statistics.get(operation.main), others.map(|(_, figures)| figures).collect())
}

/// One figure of one kernel.
pub fn figure_cell(figure: &Figure, decimals: usize) -> FigureCell {
    FigureCell {
        value: figure
            .value
            .map_or(format::NOTHING.to_owned(), |value| format::number(value, decimals)),
        note: figure.change.map(format::signed_percent),
        star: figure.starred,
    }
}

/// Number of figures of a benchmark.
pub fn count(benchmark: &BenchmarkTable) -> usize {
    let figures = |operation: &OperationTable| operation.statistics.len() * operation.cells.len();
    benchmark.operations.iter().map(figures).sum()
}

/// The ratio table of a benchmark.
#[derive(Debug, Serialize)]
pub struct Ratios {
    direction: &'static str,
    rows: Vec<FigureRow>,
    means: Vec<FigureRow>,
    /// Rows that were left out to keep the page light.
    left_out: usize,
}

/// The ratio table, with at most so many cells; `None` where there is nothing in it.
pub fn ratios(table: &RatioTable, budget: usize) -> Option<Ratios> {
    let columns = table.gmean.len();
    if columns < 2 || table.rows.is_empty() {
        return None;
    }
    let shown = table.rows.len().min(budget / columns);
    let wide = cells::is_wide(columns);
    let rows = table.rows.iter().take(shown).map(|row| FigureRow {
        name: row.operation.clone(),
        cells: row
            .cells
            .iter()
            .map(|cell| FigureCell {
                value: cell
                    .map_or(format::NOTHING.to_owned(), |cell| format::number(cell.ratio, 4)),
                note: cell.map(|cell| format::signed_percent(cell.change)),
                star: false,
            })
            .map(|cell| if wide { cell.brief() } else { cell })
            .collect(),
    });
    Some(Ratios {
        direction: table.direction.phrase(),
        rows: rows.collect(),
        means: means(table),
        left_out: table.rows.len() - shown,
    })
}

/// Gmean and, where any kernel has one, Dmean, Dmin and Dmax.
fn means(table: &RatioTable) -> Vec<FigureRow> {
    let all = [
        ("Gmean", &table.gmean, 4),
        ("Dmean", &table.dmean, 2),
        ("Dmin", &table.dmin, 2),
        ("Dmax", &table.dmax, 2),
    ];
    let known = all.into_iter().filter(|(_, values, _)| values.iter().any(Option::is_some));
    known
        .map(|(name, values, decimals)| FigureRow {
            name: name.to_owned(),
            cells: values.iter().map(|value| mean(*value, decimals)).collect(),
        })
        .collect()
}

fn mean(value: Option<f64>, decimals: usize) -> FigureCell {
    let value = value.map_or(format::NOTHING.to_owned(), |value| format::number(value, decimals));
    FigureCell { value, note: None, star: false }
}
