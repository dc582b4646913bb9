//! Pages of kernels: everything that was measured of one, on all machines.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::alerts::Line;
use super::catalogue::{Catalogue, Shelf, named};
use super::cells::{self, CellView};
use super::names::kernel_page;
use super::operations;
use super::story::{Tally, anchor, shown_change};
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, data, format};
use crate::analysis::{OperationTable, VerdictKind};
use crate::model::{Release, natural_cmp};

/// Alerts on the page of a kernel.
const ALERTS: usize = 60;
/// Operations that are worse or better.
const MOVED: usize = 200;

/// A kernel in a list.
#[derive(Debug, Serialize)]
pub struct Kernel {
    name: String,
    href: String,
    track: Option<String>,
    released: String,
    day: String,
    runs: usize,
    worse: usize,
    better: usize,
    #[serde(skip)]
    newest: Option<i64>,
}

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    lead: String,
    alerts: Vec<&'s Line>,
    more_alerts: usize,
    moved: Vec<Moved>,
    more_moved: usize,
    rows: Vec<Measured>,
}

/// An operation that is worse or better with the kernel.
#[derive(Serialize)]
struct Moved {
    benchmark: Link,
    place: String,
    operation: Link,
    against: String,
    verdict: CellView,
    /// In percent, positive where better.
    #[serde(skip)]
    effect: f64,
}

/// A run of the kernel.
#[derive(Serialize)]
struct Measured {
    comparison: Link,
    run: Link,
    against: String,
    day: String,
    tally: Tally,
    benchmarks: Vec<String>,
}

/// A column of a comparison.
pub type Spot<'a> = (&'a Shelf<'a>, usize);

/// The columns of all comparisons by the name of the run.
fn spots<'a>(catalogue: &'a Catalogue<'a>) -> BTreeMap<&'a str, Vec<Spot<'a>>> {
    let mut spots: BTreeMap<&str, Vec<Spot>> = BTreeMap::new();
    for shelf in &catalogue.shelves {
        for (at, column) in shelf.comparison.columns.iter().enumerate() {
            spots.entry(&column.run).or_default().push((shelf, at));
        }
    }
    spots
}

/// All kernels, those that ran last first.
pub fn kernels(catalogue: &Catalogue) -> Vec<Kernel> {
    let mut kernels: Vec<Kernel> =
        spots(catalogue).into_iter().map(|(name, spots)| kernel(name, &spots)).collect();
    kernels.sort_by(|a, b| b.newest.cmp(&a.newest).then_with(|| natural_cmp(&b.name, &a.name)));
    kernels
}

fn kernel(name: &str, spots: &[Spot]) -> Kernel {
    let started = |(shelf, at): &Spot| shelf.comparison.columns.get(*at)?.started;
    let newest = spots.iter().filter_map(started).max();
    let released = spots.iter().find_map(|(s, at)| s.comparison.columns.get(*at)?.released);
    let tallies = || spots.iter().map(|(shelf, at)| Tally::of_shelf(shelf, Some(*at)));
    Kernel {
        name: named(name).to_owned(),
        href: kernel_page(name),
        track: Release::parse(name).map(|release| release.track().to_string()),
        released: released.map_or(String::new(), format::day),
        day: newest.map_or(String::new(), format::day),
        runs: spots.len(),
        worse: tallies().map(|tally| tally.worse).sum(),
        better: tallies().map(|tally| tally.better).sum(),
        newest,
    }
}

/// Writes the list of all kernels.
pub fn write_index(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    #[derive(Serialize)]
    struct Page {
        kernels: Vec<Kernel>,
        dated: bool,
    }
    let kernels = kernels(&site.catalogue);
    let dated = kernels.iter().any(|kernel| !kernel.released.is_empty());
    let place = Place {
        path: "kernels/index.html".into(),
        title: "Kernels".into(),
        crumbs: vec![Link::new("Home", "index.html")],
        data: None,
    };
    site.write("kernels.html", &place, &Page { kernels, dated }, out)
}

/// Writes the page of every kernel.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    spots(&site.catalogue).par_iter().try_for_each(|(name, spots)| write(site, name, spots, out))
}

fn write(site: &Site, name: &str, spots: &[Spot], out: &dyn Output) -> Result<(), SiteError> {
    let mut alerts: Vec<&Line> =
        site.catalogue.alerts.iter().filter(|line| line.kernel == name).collect();
    let more_alerts = alerts.len().saturating_sub(ALERTS);
    alerts.truncate(ALERTS);
    let mut moved: Vec<Moved> =
        spots.iter().flat_map(|(shelf, at)| self::moved(shelf, *at)).collect();
    // The worst first, and the best of what is better; places are in order already.
    moved.sort_by(|a, b| {
        let better = |moved: &Moved| moved.effect > 0.0;
        better(a).cmp(&better(b)).then_with(|| b.effect.abs().total_cmp(&a.effect.abs()))
    });
    let more_moved = moved.len().saturating_sub(MOVED);
    moved.truncate(MOVED);
    let page = Page {
        moved,
        more_moved,
        title: named(name).to_owned(),
        lead: lead(spots),
        alerts,
        more_alerts,
        rows: spots.iter().map(|(shelf, at)| measured(shelf, *at)).collect(),
    };
    data::kernel::write(site, name, spots, out)?;
    let path = kernel_page(name);
    let place = Place {
        data: Some(data::beside(&path)),
        path,
        title: named(name).to_owned(),
        crumbs: vec![Link::new("Home", "index.html"), Link::new("Kernels", "kernels/index.html")],
    };
    site.write("kernel.html", &place, &page, out)
}

fn lead(spots: &[Spot]) -> String {
    let verdicts = spots.iter().flat_map(|(shelf, at)| {
        let operations = shelf.comparison.benchmarks.iter().flat_map(|b| &b.operations);
        let counts = shelf.comparison.columns.get(*at).is_some_and(|c| c.baseline != *at);
        operations.filter(move |_| counts).filter_map(|o| Some(&o.cells.get(*at)?.verdict))
    });
    match Tally::of(verdicts) {
        tally if tally.total() == 0 => {
            "It is the baseline wherever it was measured, or nothing else was.".to_owned()
        }
        tally => tally.sentence(),
    }
}

/// It is worse or better with a kernel than with what that is set against, or looks so.
pub fn is_told(operation: &OperationTable, at: usize) -> bool {
    let verdict = operation.cells.get(at).map(|cell| &cell.verdict);
    verdict.is_some_and(|v| v.is_change() || v.kind == VerdictKind::Suspect)
}

/// The operations that are told.
fn moved(shelf: &Shelf, at: usize) -> Vec<Moved> {
    let baseline = shelf.comparison.columns.get(at).map_or(at, |column| column.baseline);
    let mut found = Vec::new();
    for benchmark in &shelf.comparison.benchmarks {
        if !benchmark.operations.iter().any(|operation| is_told(operation, at)) {
            continue;
        }
        let operations = benchmark.operations.iter().zip(operations::hrefs(shelf, benchmark));
        for (operation, href) in operations.filter(|(operation, _)| is_told(operation, at)) {
            let place = format!("{}#{}", shelf.page(), anchor(&benchmark.name));
            found.push(Moved {
                benchmark: Link::new(benchmark.name.clone(), place),
                place: shelf.title(),
                operation: Link::new(operation.name.clone(), href),
                against: named(shelf.run_name(baseline)).to_owned(),
                verdict: cells::cell(operation, at, benchmark.decimals),
                effect: shown_change(operation, at).unwrap_or(0.0),
            });
        }
    }
    found
}

fn measured(shelf: &Shelf, at: usize) -> Measured {
    let columns = &shelf.comparison.columns;
    let baseline = columns.get(at).map_or(at, |column| column.baseline);
    let has = |benchmark: &&crate::analysis::BenchmarkTable| {
        benchmark.logs.get(at).is_some_and(|logs| !logs.is_empty())
    };
    Measured {
        comparison: Link::new(shelf.title(), shelf.page()),
        run: Link::new("the run", shelf.runs[at].page.clone()),
        against: match baseline == at {
            true => "baseline".to_owned(),
            false => named(shelf.run_name(baseline)).to_owned(),
        },
        day: columns.get(at).and_then(|c| c.started).map_or(String::new(), format::day),
        tally: Tally::of_shelf(shelf, Some(at)),
        benchmarks: shelf
            .comparison
            .benchmarks
            .iter()
            .filter(has)
            .map(|b| b.name.clone())
            .collect(),
    }
}
