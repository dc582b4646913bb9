//! What the formats for people have in common: which rows there are, and what a cell says.

use crate::analysis::{BenchmarkTable, Column, Comparison, Figure, Verdict, VerdictKind};

/// Which figures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One row an operation: its mean, or its one value.
    Brief,
    /// All figures of MMTests, in its order.
    Full,
}

/// One row of a table.
pub struct Row<'c> {
    /// MMTests' name of the figure.
    pub statistic: &'c str,
    /// Operation.
    pub operation: &'c str,
    /// Per column.
    pub cells: Vec<RowCell<'c>>,
}

/// One cell of a row.
pub struct RowCell<'c> {
    /// The figure.
    pub figure: Figure,
    /// melbot's verdict, on the row that stands for the operation.
    pub verdict: Option<&'c Verdict>,
}

/// The rows of a benchmark, ordered as MMTests orders them: by figure, then by operation.
pub fn rows(benchmark: &BenchmarkTable, detail: Detail) -> Vec<Row<'_>> {
    let most = benchmark.operations.iter().map(|operation| operation.statistics.len()).max();
    let mut rows = Vec::new();
    for at in 0..most.unwrap_or(0) {
        for operation in &benchmark.operations {
            if detail == Detail::Brief && at != operation.main {
                continue;
            }
            let Some(statistic) = operation.statistics.get(at) else { continue };
            let cells =
                statistic.cells.iter().zip(&operation.cells).map(|(figure, cell)| RowCell {
                    figure: *figure,
                    verdict: (at == operation.main).then_some(&cell.verdict),
                });
            rows.push(Row {
                statistic: &statistic.name,
                operation: &operation.name,
                cells: cells.collect(),
            });
        }
    }
    rows
}

/// The sign of a verdict, the same in all formats.
pub fn symbol(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Regressed => "▼",
        VerdictKind::Improved => "▲",
        VerdictKind::NoChange => "≈",
        VerdictKind::Inconclusive | VerdictKind::Suspect => "?",
        VerdictKind::Baseline => "",
        VerdictKind::NotMeasured => "–",
    }
}

/// What the signs mean, for the foot of a table.
pub const LEGEND: &str =
    "▼ worse  ▲ better  ≈ no change  ? undecided  – not measured  *…* MMTests' star";

/// The run that a column is set against, where that is not the first of the table.
pub fn set_against<'c>(comparison: &'c Comparison, at: usize, column: &Column) -> Option<&'c str> {
    let differs = column.baseline != at && column.baseline != 0;
    differs.then(|| comparison.columns[column.baseline].run.as_str())
}

/// How many of each verdict, in words.
pub fn tally(comparison: &Comparison) -> String {
    let count = |kind| {
        let cells = comparison.benchmarks.iter().flat_map(|b| &b.operations).flat_map(|o| &o.cells);
        cells.filter(|cell| cell.verdict.kind == kind).count()
    };
    let undecided = count(VerdictKind::Inconclusive) + count(VerdictKind::Suspect);
    let single = comparison
        .benchmarks
        .iter()
        .flat_map(|b| &b.operations)
        .flat_map(|o| &o.cells)
        .filter(|c| c.verdict.cannot_be_judged())
        .count();
    let mut text = format!(
        "{} worse, {} better, {} unchanged, {undecided} undecided, {} not measured",
        count(VerdictKind::Regressed),
        count(VerdictKind::Improved),
        count(VerdictKind::NoChange),
        count(VerdictKind::NotMeasured),
    );
    if single > 0 {
        text += &format!(
            " ({single} undecided for want of iterations: at least 2 a side tell a change from noise)"
        );
    }
    text
}
