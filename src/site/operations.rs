//! Everything about the operations of one benchmark: plots and all figures. Large benchmarks get
//! several pages, so that none is heavy.

use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;

use super::catalogue::Shelf;
use super::cells::{self, Head};
use super::figures::{self, Figures};
use super::names::slug;
use super::plot::{Plot, Subject, boxes, history};
use super::templates::{Link, Place};
use super::{Output, Site, SiteError};
use crate::analysis::{BenchmarkTable, OperationTable};

/// What a page may weigh, in figures and marks of its plots.
const WEIGHT_PER_PAGE: usize = 10_000;
/// An operation without any kernel weighs as much: axes and headings.
const WEIGHT_OF_ITSELF: usize = 40;
/// Operations on one page, however light.
const OPERATIONS_PER_PAGE: usize = 60;

#[derive(Serialize)]
struct Page {
    title: String,
    back: Link,
    heads: Vec<Head>,
    operations: Vec<Entry>,
    pages: Vec<Turn>,
}

/// One operation.
#[derive(Serialize)]
struct Entry {
    id: String,
    name: String,
    note: String,
    plots: Vec<Plot>,
    figures: Figures,
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
            chunk.map(move |at| format!("{page}#{}", id(at)))
        })
        .collect()
}

fn id(at: usize) -> String {
    format!("op-{}", at + 1)
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
pub fn write_all(site: &Site, shelf: &Shelf, out: &dyn Output) -> Result<(), SiteError> {
    shelf.comparison.benchmarks.par_iter().try_for_each(|benchmark| {
        let chunks = chunks(benchmark);
        (0..chunks.len())
            .into_par_iter()
            .try_for_each(|number| write(site, shelf, (benchmark, &chunks, number), out))
    })
}

fn write(
    site: &Site,
    shelf: &Shelf,
    (benchmark, chunks, number): (&BenchmarkTable, &[Range<usize>], usize),
    out: &dyn Output,
) -> Result<(), SiteError> {
    let title = format!("{}: every operation", benchmark.name);
    let page = Page {
        title: title.clone(),
        back: Link::new(shelf.title(), shelf.page()),
        heads: cells::heads(shelf),
        operations: chunks[number]
            .clone()
            .into_par_iter()
            .map(|at| entry(shelf, benchmark, at))
            .collect::<Result<_, _>>()?,
        pages: turns(shelf, benchmark, chunks, number),
    };
    let path = self::page(shelf, benchmark, number);
    site.write("operations.html", &Place { path, title, crumbs: shelf.crumbs() }, &page, out)
}

fn entry(shelf: &Shelf, benchmark: &BenchmarkTable, at: usize) -> Result<Entry, SiteError> {
    let operation = &benchmark.operations[at];
    let kernels: Vec<&str> = shelf.comparison.columns.iter().map(|c| c.run.as_str()).collect();
    let subject = Subject { operation: &operation.name, unit: &operation.unit, kernels: &kernels };
    let plots = [history(subject, &operation.cells)?, boxes(subject, &operation.cells)?];
    Ok(Entry {
        id: id(at),
        name: operation.name.clone(),
        note: cells::note(operation),
        plots: plots.into_iter().flatten().collect(),
        figures: figures::figures(operation, benchmark.decimals),
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
