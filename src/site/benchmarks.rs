//! Pages of benchmarks: what each says on all machines.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::alerts::{Line, Section};
use super::catalogue::{Shelf, named};
use super::cells::{self, CellView};
use super::history::of_operation;
use super::names::benchmark_page;
use super::operations;
use super::plot::{Plot, Shape, tracks};
use super::story::{Tally, shown_change};
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, data, format};
use crate::analysis::{BenchmarkTable, Column, OperationTable};

/// Alerts on the page of a benchmark.
const ALERTS: usize = 40;
/// Plots on the page of a benchmark.
const PLOTS: usize = 12;

/// A benchmark of a comparison.
pub type Spot<'s> = (&'s Shelf<'s>, &'s BenchmarkTable);

/// A benchmark in the list.
#[derive(Debug, Serialize)]
struct Benchmark {
    name: String,
    title: String,
    href: String,
    machines: usize,
    configs: usize,
    worse: usize,
    better: usize,
}

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    lead: String,
    alerts: Vec<&'s Line>,
    more_alerts: usize,
    rows: Vec<Row>,
    operation: String,
    plots: Vec<Drawn>,
    more_plots: usize,
}

/// The benchmark in one config on one machine.
#[derive(Serialize)]
struct Row {
    machine: Link,
    config: Link,
    history: String,
    newest: Option<Latest>,
    worse: usize,
    better: usize,
}

/// The newest kernel that it was measured with.
#[derive(Serialize)]
struct Latest {
    run: Link,
    day: String,
    against: String,
    tally: Tally,
    /// The operation that differs most, and what is said of it.
    most: Option<(Link, CellView)>,
}

/// A plot with its caption.
#[derive(Serialize)]
struct Drawn {
    caption: Link,
    unit: String,
    plot: Plot,
}

/// All benchmarks by name, with the comparisons that have them.
fn spots<'s>(site: &'s Site) -> BTreeMap<&'s str, Vec<Spot<'s>>> {
    let mut spots: BTreeMap<&str, Vec<Spot>> = BTreeMap::new();
    for shelf in &site.catalogue.shelves {
        for benchmark in &shelf.comparison.benchmarks {
            spots.entry(&benchmark.name).or_default().push((shelf, benchmark));
        }
    }
    spots
}

fn count(site: &Site, section: Section, wanted: impl Fn(&Line) -> bool) -> usize {
    let lines = site.catalogue.alerts.iter().filter(|line| line.section == section);
    lines.filter(|line| wanted(line)).count()
}

fn different<'s>(names: impl Iterator<Item = &'s str>) -> usize {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

fn benchmark(site: &Site, name: &str, spots: &[Spot]) -> Benchmark {
    let of = |line: &Line| line.benchmark == name;
    Benchmark {
        name: named(name).to_owned(),
        title: spots.first().map_or(String::new(), |(_, benchmark)| benchmark.title.clone()),
        href: benchmark_page(name),
        machines: different(spots.iter().map(|(shelf, _)| shelf.comparison.machine.as_str())),
        configs: different(spots.iter().map(|(shelf, _)| shelf.comparison.config.as_str())),
        worse: count(site, Section::There, of),
        better: count(site, Section::Better, of),
    }
}

/// Writes the list of all benchmarks.
pub fn write_index(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    #[derive(Serialize)]
    struct Page {
        benchmarks: Vec<Benchmark>,
    }
    let spots = spots(site);
    let benchmarks = spots.iter().map(|(name, spots)| benchmark(site, name, spots)).collect();
    let place = Place {
        path: "benchmarks/index.html".into(),
        title: "Benchmarks".into(),
        crumbs: vec![Link::new("Home", "index.html")],
        data: None,
    };
    site.write("benchmarks.html", &place, &Page { benchmarks }, out)
}

/// Writes the page of every benchmark.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    spots(site).par_iter().try_for_each(|(name, spots)| write(site, name, spots, out))
}

fn write(site: &Site, name: &str, spots: &[Spot], out: &dyn Output) -> Result<(), SiteError> {
    let mut alerts: Vec<&Line> =
        site.catalogue.alerts.iter().filter(|line| line.benchmark == name).collect();
    // The operation of the most severe alert, else the first one.
    let first = || spots.first().and_then(|(_, b)| b.operations.first()).map(|o| &*o.name);
    let operation = alerts.first().map(|line| &*line.operation).or_else(first).unwrap_or("");
    let plots = plots(site, spots, operation)?;
    let more_alerts = alerts.len().saturating_sub(ALERTS);
    alerts.truncate(ALERTS);
    let Benchmark { machines, configs, title, .. } = benchmark(site, name, spots);
    let page = Page {
        lead: format!(
            "{title}{}Measured on {} with {}.",
            if title.is_empty() { "" } else { ". " },
            format::counted(machines, "machine"),
            format::counted(configs, "config")
        ),
        title: named(name).to_owned(),
        alerts,
        more_alerts,
        rows: spots.iter().map(|spot| row(site, spot)).collect(),
        operation: operation.to_owned(),
        more_plots: spots.len().saturating_sub(PLOTS),
        plots,
    };
    data::benchmark::write(site, name, spots, out)?;
    let path = benchmark_page(name);
    let place = Place {
        data: Some(data::beside(&path)),
        path,
        title: named(name).to_owned(),
        crumbs: vec![
            Link::new("Home", "index.html"),
            Link::new("Benchmarks", "benchmarks/index.html"),
        ],
    };
    site.write("benchmark.html", &place, &page, out)
}

fn row(site: &Site, (shelf, benchmark): &Spot) -> Row {
    let place = (shelf.comparison.machine.clone(), shelf.comparison.config.clone());
    let here = |line: &Line| line.place == place && line.benchmark == benchmark.name;
    Row {
        machine: Link::new(named(&place.0), shelf.machine_page()),
        config: Link::new(named(&place.1), shelf.page()),
        history: operations::page(shelf, benchmark, 0),
        newest: latest(shelf, benchmark),
        worse: count(site, Section::There, here),
        better: count(site, Section::Better, here),
    }
}

/// The newest kernel that the benchmark was measured with, and what is said of it.
pub fn newest<'s>((shelf, benchmark): &Spot<'s>) -> Option<(usize, &'s Column, Tally)> {
    let columns = &shelf.comparison.columns;
    let measured = |operation: &OperationTable, at: usize| operation.cells[at].samples > 0;
    let at =
        (0..columns.len()).rfind(|at| benchmark.operations.iter().any(|o| measured(o, *at)))?;
    let column = &columns[at];
    let verdicts = benchmark.operations.iter().map(|operation| &operation.cells[at].verdict);
    let tally = match column.baseline == at {
        true => Tally::default(),
        false => Tally::of(verdicts),
    };
    Some((at, column, tally))
}

fn latest(shelf: &Shelf, benchmark: &BenchmarkTable) -> Option<Latest> {
    let (at, column, tally) = newest(&(shelf, benchmark))?;
    let size = |operation: &OperationTable| shown_change(operation, at).map_or(0.0, f64::abs);
    let judged = benchmark.operations.iter().zip(operations::hrefs(shelf, benchmark));
    // What changed comes before differences that may be noise.
    let most = judged.filter(|_| column.baseline != at).max_by(|(a, _), (b, _)| {
        let changed = |o: &OperationTable| o.cells[at].verdict.is_change();
        changed(a).cmp(&changed(b)).then_with(|| size(a).total_cmp(&size(b)))
    });
    Some(Latest {
        run: Link::new(named(&column.run), shelf.runs[at].page.clone()),
        day: column.started.map_or(String::new(), format::day),
        against: match column.baseline == at {
            true => "baseline".to_owned(),
            false => named(shelf.run_name(column.baseline)).to_owned(),
        },
        tally,
        most: most.map(|(operation, href)| {
            let cell = cells::cell(operation, at, benchmark.decimals);
            (Link::new(operation.name.clone(), href), cell)
        }),
    })
}

/// The history of one operation on all machines.
fn plots(site: &Site, spots: &[Spot], name: &str) -> Result<Vec<Drawn>, SiteError> {
    let mut plots = Vec::new();
    for (shelf, benchmark) in spots.iter().take(PLOTS) {
        let Some(at) = benchmark.operations.iter().position(|o| o.name == name) else { continue };
        let operation = &benchmark.operations[at];
        for history in of_operation(&site.catalogue, shelf, benchmark, operation) {
            let href = operations::hrefs(shelf, benchmark).into_iter().nth(at).unwrap_or_default();
            let plot = tracks(&history, Shape::Among)?;
            plots.extend(plot.map(|plot| Drawn {
                caption: Link::new(shelf.title(), href),
                unit: operation.unit.clone(),
                plot,
            }));
        }
    }
    Ok(plots)
}
