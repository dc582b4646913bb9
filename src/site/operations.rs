//! The histories of all operations of one benchmark, on one machine with one config: a plot along the
//! tracks, and beside it what was measured in each kernel. Large benchmarks get several pages, so that
//! none is heavy; the first of them knows where each operation is.

use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;

use super::alerts::Line;
use super::catalogue::Shelf;
use super::cells::{self, CellView, Head};
use super::figures::{self, FigureCell};
use super::history::{Histories, History, by_track};
use super::names::slug;
use super::plot::{Plot, Shape, Subject, boxes, tracks};
use super::story::anchor;
use super::templates::{self, Link};
use super::{Output, Site, SiteError, data};
use crate::analysis::{BenchmarkTable, OperationTable, StatisticRow};

/// What a page may weigh, in figures and marks of its plots.
const WEIGHT_PER_PAGE: usize = 3_000;
/// An operation without any kernel weighs as much: axes and headings.
const WEIGHT_OF_ITSELF: usize = 40;
/// Operations on one page, however light.
const OPERATIONS_PER_PAGE: usize = 60;

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    back: Link,
    comparison: Link,
    alerts: Vec<&'s Line>,
    index: Vec<Place>,
    operations: Vec<Entry<'s>>,
    pages: Vec<Turn>,
}

/// Where an operation is.
#[derive(Serialize)]
struct Place {
    name: String,
    href: String,
    /// Its anchor, where the operation itself is on another page: links to it stay valid when it moves.
    id: Option<String>,
}

/// One operation.
#[derive(Serialize)]
struct Entry<'s> {
    id: String,
    name: String,
    note: String,
    history: Vec<Plot>,
    /// There are so many kernels that the plot takes all the width.
    broad: bool,
    distribution: Option<Plot>,
    /// Name of the figure that stands for the operation.
    main: &'s str,
    /// Names of the other figures.
    figures: Vec<&'s str>,
    rows: Vec<Row<'s>>,
}

/// One kernel.
#[derive(Serialize)]
struct Row<'s> {
    head: &'s Head,
    main: Option<FigureCell>,
    verdict: CellView,
    iterations: usize,
    figures: Vec<FigureCell>,
}

/// A page among its neighbours.
#[derive(Serialize)]
struct Turn {
    number: usize,
    href: String,
    from: String,
    here: bool,
}

/// Path of the n-th page of a benchmark.
pub fn page(shelf: &Shelf, benchmark: &BenchmarkTable, number: usize) -> String {
    let folder = format!("{}/operations", shelf.folder);
    match number {
        0 => format!("{folder}/{}.html", slug(&benchmark.name)),
        // No slug ends like this: what follows a `~` there is longer.
        _ => format!("{folder}/{}~{}.html", slug(&benchmark.name), number + 1),
    }
}

/// Where each operation is.
pub fn hrefs(shelf: &Shelf, benchmark: &BenchmarkTable) -> Vec<String> {
    chunks(benchmark)
        .into_iter()
        .enumerate()
        .flat_map(|(number, chunk)| {
            let page = page(shelf, benchmark, number);
            chunk.map(move |at| format!("{page}#{}", id(&benchmark.operations[at])))
        })
        .collect()
}

/// The anchor of an operation: of its name alone, so that it lasts.
fn id(operation: &OperationTable) -> String {
    format!("op-{}", slug(&operation.name))
}

fn weight(operation: &OperationTable) -> usize {
    let iterations: usize = operation.cells.iter().map(|cell| cell.iterations.len()).sum();
    WEIGHT_OF_ITSELF + iterations + operation.cells.len() * (operation.statistics.len() + 5)
}

/// Which operations are on which page.
fn chunks(benchmark: &BenchmarkTable) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let (mut start, mut total) = (0, 0);
    for (at, operation) in benchmark.operations.iter().enumerate() {
        let weight = weight(operation);
        let full = total + weight > WEIGHT_PER_PAGE || at - start >= OPERATIONS_PER_PAGE;
        if full && at > start {
            chunks.push(start..at);
            (start, total) = (at, 0);
        }
        total += weight;
    }
    chunks.push(start..benchmark.operations.len());
    chunks
}

/// Writes the pages of all benchmarks of a comparison.
pub fn write_all(
    site: &Site,
    shelf: &Shelf,
    histories: &Histories,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let heads = cells::heads(shelf);
    shelf.comparison.benchmarks.par_iter().zip(histories).try_for_each(|(benchmark, histories)| {
        data::histories::write(shelf, benchmark, histories, out)?;
        let chunks = chunks(benchmark);
        let set = Set { shelf, heads: &heads, benchmark, histories, chunks: &chunks };
        (0..chunks.len()).into_par_iter().try_for_each(|number| write(site, set, number, out))
    })
}

/// All pages of a benchmark.
#[derive(Clone, Copy)]
struct Set<'s> {
    shelf: &'s Shelf<'s>,
    heads: &'s [Head],
    benchmark: &'s BenchmarkTable,
    histories: &'s [Vec<History>],
    chunks: &'s [Range<usize>],
}

fn write(site: &Site, set: Set, number: usize, out: &dyn Output) -> Result<(), SiteError> {
    let Set { shelf, benchmark, chunks, .. } = set;
    let title = format!("{} on {}", benchmark.name, shelf.comparison.machine);
    let alerts = site.catalogue.alerts_of(shelf.comparison);
    let page = Page {
        title: title.clone(),
        back: Link::new(shelf.comparison.config.clone(), shelf.page()),
        comparison: Link::new(
            "side by side",
            format!("{}#{}", shelf.page(), anchor(&benchmark.name)),
        ),
        alerts: alerts.filter(|line| line.benchmark == benchmark.name).collect(),
        index: if number == 0 { index(set) } else { Vec::new() },
        operations: chunks[number]
            .clone()
            .into_par_iter()
            .map(|at| entry(set, at))
            .collect::<Result<_, _>>()?,
        pages: turns(shelf, benchmark, chunks, number),
    };
    let path = self::page(shelf, benchmark, number);
    let data = Some(data::histories::path(shelf, benchmark));
    site.write(
        "operations.html",
        &templates::Place { path, title, crumbs: shelf.crumbs(), data },
        &page,
        out,
    )
}

/// Where each operation is, for the first page.
fn index(set: Set) -> Vec<Place> {
    let hrefs = hrefs(set.shelf, set.benchmark);
    let here = set.chunks.first().map_or(0, |chunk| chunk.end);
    let operations = set.benchmark.operations.iter().zip(hrefs).enumerate();
    operations
        .map(|(at, (operation, href))| Place {
            name: operation.name.clone(),
            href,
            id: (at >= here).then(|| id(operation)),
        })
        .collect()
}

fn entry(set: Set, at: usize) -> Result<Entry, SiteError> {
    let Set { shelf, benchmark, heads, .. } = set;
    let operation = &benchmark.operations[at];
    let kernels: Vec<&str> = shelf.comparison.columns.iter().map(|c| c.run.as_str()).collect();
    let subject = Subject { operation: &operation.name, unit: &operation.unit, kernels: &kernels };
    let mut history = Vec::new();
    for folder in set.histories.get(at).map_or(&[][..], Vec::as_slice) {
        history.extend(tracks(folder, Shape::Beside)?);
    }
    let (main, others) = figures::main_first(operation);
    let wide = cells::is_wide(operation.cells.len());
    let cell = |figures: &StatisticRow, at: usize| {
        let cell = figures::figure_cell(figures.cells.get(at)?, benchmark.decimals);
        Some(if wide { cell.brief() } else { cell })
    };
    let row = |at: usize| Row {
        head: &heads[at],
        main: main.and_then(|figures| cell(figures, at)),
        verdict: cells::cell(operation, at, benchmark.decimals),
        iterations: operation.cells[at].iterations.len(),
        figures: others.iter().filter_map(|figures| cell(figures, at)).collect(),
    };
    Ok(Entry {
        id: id(operation),
        name: operation.name.clone(),
        note: cells::note(operation),
        broad: history.iter().any(Plot::is_broad),
        history,
        distribution: boxes(subject, &operation.cells)?,
        main: main.map_or("", |figures| &figures.name),
        figures: others.iter().map(|figures| &*figures.name).collect(),
        rows: by_track(shelf).into_iter().flat_map(|(_, columns)| columns).map(row).collect(),
    })
}

fn turns(
    shelf: &Shelf,
    benchmark: &BenchmarkTable,
    chunks: &[Range<usize>],
    here: usize,
) -> Vec<Turn> {
    if chunks.len() < 2 {
        return Vec::new();
    }
    let turn = |(number, chunk): (usize, &Range<usize>)| Turn {
        number: number + 1,
        href: page(shelf, benchmark, number),
        from: benchmark.operations.get(chunk.start).map_or(String::new(), |o| o.name.clone()),
        here: number == here,
    };
    chunks.iter().enumerate().map(turn).collect()
}
