//! Aligned columns for a terminal or a mail, in the shape of MMTests' own tables.

use super::Options;
use super::table::{LEGEND, Row, RowCell, rows, set_against, symbol, tally};
use crate::analysis::{BenchmarkTable, Comparison, RatioTable, VerdictKind};

pub fn render(comparisons: &[Comparison], options: Options) -> String {
    let mut out = String::new();
    for comparison in comparisons {
        out += &format!("{} on {}\n", comparison.config, comparison.machine);
        for benchmark in &comparison.benchmarks {
            out += &format!("\n{} ({}{})\n", benchmark.name, benchmark.title, unit(benchmark));
            let grid = match options.ratio {
                true => ratio_grid(comparison, &benchmark.ratios),
                false => figure_grid(comparison, benchmark, options),
            };
            out += &grid.print();
        }
        if !options.ratio {
            out += &format!("\n{}\n{LEGEND}\n", tally(comparison));
        }
        out.push('\n');
    }
    out
}

/// The unit, where all operations have the same.
fn unit(benchmark: &BenchmarkTable) -> String {
    let first = benchmark.operations.first().map_or("", |operation| operation.unit.as_str());
    let same = benchmark.operations.iter().all(|operation| operation.unit == first);
    if same && !first.is_empty() { format!(", {first}") } else { String::new() }
}

/// Cells in rows, each with the width that it takes on the screen.
struct Grid {
    rows: Vec<Vec<GridCell>>,
    /// Columns that are aligned to the left.
    left: usize,
}

struct GridCell {
    text: String,
    colour: Option<&'static str>,
}

impl GridCell {
    fn plain(text: impl Into<String>) -> GridCell {
        GridCell { text: text.into(), colour: None }
    }
}

impl Grid {
    fn print(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, width))| self.pad(at, cell, *width))
                .collect();
            out += cells.join("  ").trim_end();
            out.push('\n');
        }
        out
    }

    fn pad(&self, at: usize, cell: &GridCell, width: usize) -> String {
        let gap = " ".repeat(width - cell.text.chars().count());
        let text = match cell.colour {
            Some(colour) => format!("\x1b[{colour}m{}\x1b[0m", cell.text),
            None => cell.text.clone(),
        };
        if at < self.left { text + &gap } else { gap + &text }
    }
}

fn figure_grid(comparison: &Comparison, benchmark: &BenchmarkTable, options: Options) -> Grid {
    let mut grid = Grid { rows: header(comparison, 2), left: 2 };
    for row in rows(benchmark, options.detail) {
        grid.rows.push(figure_row(&row, benchmark.decimals, options.colour));
    }
    grid
}

/// Two or three lines: the names of the runs, their tracks, and what they are set against.
fn header(comparison: &Comparison, before: usize) -> Vec<Vec<GridCell>> {
    let line = |text: &dyn Fn(usize) -> String| -> Vec<GridCell> {
        let names = (0..comparison.columns.len()).map(|at| GridCell::plain(text(at)));
        (0..before).map(|_| GridCell::plain("")).chain(names).collect()
    };
    let columns = &comparison.columns;
    let mut lines = vec![line(&|at| columns[at].run.clone())];
    let against = |at: usize| set_against(comparison, at, &columns[at]);
    if (0..columns.len()).any(|at| against(at).is_some()) {
        let first = || format!("vs {}", columns[0].run);
        lines.push(line(&|at| match (columns[at].baseline == at, against(at)) {
            (true, _) => "baseline".to_owned(),
            (false, Some(run)) => format!("vs {run}"),
            (false, None) => first(),
        }));
    }
    lines
}

fn figure_row(row: &Row, decimals: usize, colour: bool) -> Vec<GridCell> {
    let names = [GridCell::plain(row.statistic), GridCell::plain(row.operation)];
    let cells = row.cells.iter().map(|cell| GridCell {
        text: figure_text(cell, decimals),
        colour: cell.verdict.filter(|_| colour).and_then(|verdict| colour_of(verdict.kind)),
    });
    names.into_iter().chain(cells).collect()
}

/// `12.34 ( -5.00%) ▼`, with stars instead of the brackets where MMTests sets its star.
fn figure_text(cell: &RowCell, decimals: usize) -> String {
    let figure = &cell.figure;
    let Some(value) = figure.value else { return "–".to_owned() };
    let (open, close) = if figure.starred { ('*', '*') } else { ('(', ')') };
    let change = match figure.change {
        Some(change) => format!("{open}{change:>7.2}%{close}"),
        None => format!("{open}{:>8}{close}", "–"),
    };
    let sign = cell.verdict.map_or(" ", |verdict| symbol(verdict.kind));
    format!("{value:.decimals$} {change} {sign:<1}")
}

fn colour_of(kind: VerdictKind) -> Option<&'static str> {
    match kind {
        VerdictKind::Regressed => Some("31"),
        VerdictKind::Improved => Some("34"),
        VerdictKind::Inconclusive | VerdictKind::Suspect => Some("33"),
        VerdictKind::NoChange | VerdictKind::Baseline | VerdictKind::NotMeasured => None,
    }
}

fn ratio_grid(comparison: &Comparison, ratios: &RatioTable) -> Grid {
    let mut grid = Grid { rows: header(comparison, 1), left: 1 };
    for row in &ratios.rows {
        let mut line = vec![GridCell::plain(format!("Ratio {}", row.operation))];
        line.extend(row.cells.iter().map(|cell| {
            GridCell::plain(cell.map_or("–".to_owned(), |cell| {
                let score = cell.score.map_or("–".to_owned(), |score| format!("{score:+.2}s"));
                format!("{:.4} ({:>7.2}%) ({score:>8})", cell.ratio, cell.change)
            }))
        }));
        grid.rows.push(line);
    }
    let better = format!("{:?}", ratios.direction);
    for (name, means) in [
        ("Dmean", &ratios.dmean),
        ("Dmin ", &ratios.dmin),
        ("Dmax ", &ratios.dmax),
        ("Gmean", &ratios.gmean),
    ] {
        let mut line = vec![GridCell::plain(format!("{name} {better}"))];
        let mean = |mean: &Option<f64>| mean.map_or("–".to_owned(), |mean| format!("{mean:.4}"));
        line.extend(means.iter().map(|value| GridCell::plain(mean(value))));
        grid.rows.push(line);
    }
    grid
}
