//! A page of its own, without links to anything else.

use serde::Serialize;
use tera::{Context, Tera};

use super::table::{LEGEND, RowCell, rows, symbol, tally};
use super::{Options, ReportError};
use crate::analysis::{BenchmarkTable, Comparison, VerdictKind};

#[derive(Serialize)]
struct Page<'c> {
    config: &'c str,
    machine: &'c str,
    tally: String,
    benchmarks: Vec<Section<'c>>,
}

#[derive(Serialize)]
struct Section<'c> {
    name: &'c str,
    title: &'c str,
    head: Vec<&'c str>,
    rows: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    cells: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    text: String,
    kind: &'static str,
    why: String,
}

pub fn render(comparisons: &[Comparison], options: Options) -> Result<String, ReportError> {
    let mut tera = Tera::default();
    tera.add_raw_template("report.html", include_str!("../../templates/report.html"))?;
    let mut context = Context::new();
    let pages: Vec<Page> = comparisons.iter().map(|comparison| page(comparison, options)).collect();
    context.insert("pages", &pages);
    context.insert("legend", LEGEND);
    Ok(tera.render("report.html", &context)?)
}

fn page(comparison: &Comparison, options: Options) -> Page<'_> {
    Page {
        config: &comparison.config,
        machine: &comparison.machine,
        tally: tally(comparison),
        benchmarks: comparison
            .benchmarks
            .iter()
            .map(|benchmark| section(comparison, benchmark, options))
            .collect(),
    }
}

fn section<'c>(
    comparison: &'c Comparison,
    benchmark: &'c BenchmarkTable,
    options: Options,
) -> Section<'c> {
    let runs = comparison.columns.iter().map(|column| column.run.as_str());
    Section {
        name: &benchmark.name,
        title: &benchmark.title,
        head: ["Operation"].into_iter().chain(runs).collect(),
        rows: if options.ratio { ratios(benchmark) } else { figures(benchmark, options) },
    }
}

fn figures(benchmark: &BenchmarkTable, options: Options) -> Vec<Line> {
    rows(benchmark, options.detail)
        .into_iter()
        .map(|row| Line {
            name: format!("{} {}", row.statistic, row.operation),
            cells: row.cells.iter().map(|cell| shown(cell, benchmark.decimals)).collect(),
        })
        .collect()
}

fn shown(cell: &RowCell, decimals: usize) -> Shown {
    let sign = cell.verdict.map_or("", |verdict| symbol(verdict.kind));
    let text = match (cell.figure.value, cell.figure.change) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => format!("{value:.decimals$}"),
        (Some(value), Some(change)) => {
            let star = if cell.figure.starred { " *" } else { "" };
            format!("{value:.decimals$} ({change:+.2} %{star}) {sign}")
        }
    };
    Shown {
        text,
        kind: cell.verdict.map_or("", |verdict| class(verdict.kind)),
        why: cell.verdict.map_or(String::new(), |verdict| verdict.sentence()),
    }
}

fn class(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Regressed => "regressed",
        VerdictKind::Improved => "improved",
        VerdictKind::Inconclusive | VerdictKind::Suspect => "inconclusive",
        VerdictKind::NoChange | VerdictKind::Baseline | VerdictKind::NotMeasured => "",
    }
}

fn ratios(benchmark: &BenchmarkTable) -> Vec<Line> {
    let plain = |text: String| Shown { text, kind: "", why: String::new() };
    let mut lines: Vec<Line> = benchmark
        .ratios
        .rows
        .iter()
        .map(|row| Line {
            name: row.operation.clone(),
            cells: row
                .cells
                .iter()
                .map(|cell| match cell {
                    Some(cell) => plain(format!("{:.4} ({:+.2} %)", cell.ratio, cell.change)),
                    None => plain("–".to_owned()),
                })
                .collect(),
        })
        .collect();
    let mean = |mean: &Option<f64>| mean.map_or("–".to_owned(), |mean| format!("{mean:.4}"));
    lines.push(Line {
        name: "Gmean".to_owned(),
        cells: benchmark.ratios.gmean.iter().map(|value| plain(mean(value))).collect(),
    });
    lines
}
