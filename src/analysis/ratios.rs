//! MMTests' ratio table: each kernel in relation to its baseline, and means over operations.

use serde::Serialize;

use super::comparison::{Column, OperationTable};
use crate::model::{Direction, SummaryKind};
use crate::stats::difference::{change_percent, geometric_mean, interval_score, ratio};
use crate::stats::summary::Statistic;

/// The ratios of one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RatioTable {
    /// The direction that the table has; ratios of other operations are turned over.
    pub direction: Direction,
    /// One row an operation, of those that MMTests puts on dashboards, or of all.
    pub rows: Vec<RatioRow>,
    /// Geometric mean of the ratios, per kernel.
    pub gmean: Vec<Option<f64>>,
    /// Mean, least and greatest score, per kernel; absent for kinds without intervals.
    pub dmean: Vec<Option<f64>>,
    /// See `dmean`.
    pub dmin: Vec<Option<f64>>,
    /// See `dmean`.
    pub dmax: Vec<Option<f64>>,
}

/// The ratios of one operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RatioRow {
    /// Operation.
    pub operation: String,
    /// One a kernel; absent where one of the two was not measured.
    pub cells: Vec<Option<RatioCell>>,
}

/// One ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RatioCell {
    /// Kernel divided by baseline.
    pub ratio: f64,
    /// The ratio's distance from 1 in percent, positive where better.
    pub change: f64,
    /// The difference in units of the intervals (`s` in MMTests).
    pub score: Option<f64>,
}

impl RatioTable {
    /// The ratios of the operations of one benchmark.
    pub fn new(kind: SummaryKind, columns: &[Column], operations: &[OperationTable]) -> RatioTable {
        let marked = operations.iter().any(|operation| operation.ratio);
        let shown: Vec<&OperationTable> =
            operations.iter().filter(|operation| operation.ratio || !marked).collect();
        let direction = shown.first().map_or(Direction::Lower, |operation| operation.direction);
        let figure = Statistic::ratio_of(kind);
        let rows: Vec<RatioRow> = shown
            .into_iter()
            .map(|operation| RatioRow {
                operation: operation.name.clone(),
                cells: (0..columns.len())
                    .map(|at| cell(direction, operation, figure, at, columns[at].baseline))
                    .collect(),
            })
            .collect();
        let over = |summarise: &dyn Fn(Vec<RatioCell>) -> Option<f64>| {
            (0..columns.len())
                .map(|at| summarise(rows.iter().filter_map(|row| row.cells[at]).collect()))
                .collect()
        };
        let gmean = over(&|cells| geometric_mean(&positive(&cells)));
        let dmean = over(&|cells| {
            let scores = scores(&cells);
            (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
        });
        let dmin = over(&|cells| scores(&cells).into_iter().reduce(f64::min));
        let dmax = over(&|cells| scores(&cells).into_iter().reduce(f64::max));
        RatioTable { direction, rows, gmean, dmean, dmin, dmax }
    }
}

fn scores(cells: &[RatioCell]) -> Vec<f64> {
    cells.iter().filter_map(|cell| cell.score).collect()
}

/// A ratio of 0 has no logarithm.
fn positive(cells: &[RatioCell]) -> Vec<f64> {
    cells.iter().map(|cell| cell.ratio).filter(|ratio| *ratio > 0.0).collect()
}

fn cell(
    direction: Direction,
    operation: &OperationTable,
    figure: usize,
    at: usize,
    baseline: usize,
) -> Option<RatioCell> {
    let figures = &operation.statistics.get(figure)?.cells;
    let value = |at: usize| figures.get(at)?.value;
    let interval = |at: usize| operation.cells.get(at)?.interval;
    let (mut new, mut old) = ((value(at)?, interval(at)), (value(baseline)?, interval(baseline)));
    if operation.direction != direction {
        std::mem::swap(&mut new, &mut old);
    }
    let score = new.1.zip(old.1).map(|(new_interval, old_interval)| {
        interval_score(new.0, new_interval, old.0, old_interval)
    });
    let ratio = ratio(new.0, old.0)?;
    Some(RatioCell { ratio, change: change_percent(direction, 1.0, ratio), score })
}
