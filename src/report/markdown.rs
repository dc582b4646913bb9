//! Tables in Markdown.

use super::Options;
use super::table::{LEGEND, RowCell, rows, set_against, symbol, tally};
use crate::analysis::{BenchmarkTable, Comparison};

pub fn render(comparisons: &[Comparison], options: Options) -> String {
    let mut out = String::new();
    for comparison in comparisons {
        out += &format!("# {} on {}\n", escape(&comparison.config), escape(&comparison.machine));
        for benchmark in &comparison.benchmarks {
            out += &format!("\n## {}\n\n{}\n\n", escape(&benchmark.name), escape(&benchmark.title));
            out += &match options.ratio {
                true => ratios(comparison, benchmark),
                false => figures(comparison, benchmark, options),
            };
        }
        out += &format!("\n{}\n\n{}\n\n", tally(comparison), escape(LEGEND));
    }
    out
}

fn figures(comparison: &Comparison, benchmark: &BenchmarkTable, options: Options) -> String {
    let mut out = header(comparison, &["Figure", "Operation"]);
    for row in rows(benchmark, options.detail) {
        let cells = row.cells.iter().map(|cell| figure(cell, benchmark.decimals));
        out += &line([escape(row.statistic), escape(row.operation)].into_iter().chain(cells));
    }
    out
}

fn header(comparison: &Comparison, before: &[&str]) -> String {
    let names = before.iter().map(|name| (*name).to_owned());
    let runs = comparison.columns.iter().enumerate().map(|(at, column)| {
        match set_against(comparison, at, column) {
            Some(baseline) => format!("{} (vs {})", escape(&column.run), escape(baseline)),
            None => escape(&column.run),
        }
    });
    let left = before.iter().map(|_| ":--".to_owned());
    let right = comparison.columns.iter().map(|_| "--:".to_owned());
    line(names.chain(runs)) + &line(left.chain(right))
}

fn figure(cell: &RowCell, decimals: usize) -> String {
    let Some(value) = cell.figure.value else { return "–".to_owned() };
    let star = if cell.figure.starred { "\\*" } else { "" };
    let sign = cell.verdict.map_or("", |verdict| symbol(verdict.kind));
    match cell.figure.change {
        Some(change) => format!("{value:.decimals$} ({change:+.2} %{star}) {sign}"),
        None => format!("{value:.decimals$}"),
    }
}

fn ratios(comparison: &Comparison, benchmark: &BenchmarkTable) -> String {
    let mut out = header(comparison, &["Ratio"]);
    for row in &benchmark.ratios.rows {
        let cells = row.cells.iter().map(|cell| match cell {
            Some(cell) => format!("{:.4} ({:+.2} %)", cell.ratio, cell.change),
            None => "–".to_owned(),
        });
        out += &line([escape(&row.operation)].into_iter().chain(cells));
    }
    let means = benchmark.ratios.gmean.iter();
    let means = means.map(|mean| mean.map_or("–".to_owned(), |mean| format!("{mean:.4}")));
    out += &line(["**Gmean**".to_owned()].into_iter().chain(means));
    out
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Makes text that came from logs and file names stand for itself.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
