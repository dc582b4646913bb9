//! The page that compares the kernels of one config on one machine.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use super::alerts::{self, About, Line};
use super::catalogue::Shelf;
use super::cells::{self, Head, Row};
use super::differing;
use super::figures::{self, Figures, Ratios};
use super::heat::{Heat, heat};
use super::history::{Histories, History};
use super::monitors;
use super::operations;
use super::plot::{Plot, Shape, tracks};
use super::problems::{self, ProblemView};
use super::raw_logs::LogLink;
use super::story::{self, Tally};
use super::templates::{Link, Place, root_of};
use super::{Output, Site, SiteError, format};
use super::{badge, data};
use crate::analysis::{BenchmarkTable, OperationTable};

/// Plots on one page; the others are on the pages of the operations.
const PLOTS_PER_PAGE: usize = 24;
/// Plots of one benchmark, at most.
const PLOTS_PER_BENCHMARK: usize = 6;
/// The same where each of them has many kernels.
const WIDE_PLOTS_PER_BENCHMARK: usize = 3;
/// Figures on one page: with more, they are only on the pages of the operations.
const FIGURES_PER_PAGE: usize = 2_000;
/// Cells of the ratio tables of one page.
const RATIOS_PER_PAGE: usize = 2_000;
/// Alerts at the top.
const ALERTS: usize = 8;

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    /// The same for other programs, its alerts as a feed, and its badge.
    json: String,
    feed: String,
    badge: String,
    lead: String,
    tally: Tally,
    alerts: Vec<&'s Line>,
    more_alerts: usize,
    /// Of the intervals, in percent.
    coverage: String,
    heads: Vec<Head>,
    heat: Option<Heat>,
    benchmarks: Vec<Section>,
    differing: differing::Differing,
    problems: Vec<ProblemView>,
    problem_count: usize,
    empty: bool,
    operations: usize,
    judged: bool,
    /// There are so many kernels that less is written beside each figure.
    wide: bool,
}

/// One benchmark.
#[derive(Serialize)]
struct Section {
    id: String,
    name: String,
    title: String,
    note: String,
    rows: Vec<Row>,
    plots: Vec<Drawn>,
    operations: usize,
    details: String,
    figures: Vec<Figures>,
    ratios: Option<Ratios>,
    logs: Vec<Vec<LogLink>>,
    times: Vec<TimeRow>,
    /// Page of what the monitors saw.
    monitors: Option<String>,
}

/// A plot with its caption.
#[derive(Serialize)]
struct Drawn {
    caption: Link,
    unit: String,
    plot: Plot,
}

/// Seconds of one kind on each kernel.
#[derive(Serialize)]
pub struct TimeRow {
    name: &'static str,
    cells: Vec<String>,
}

/// Writes the page.
pub fn write(
    site: &Site,
    shelf: &Shelf,
    histories: &Histories,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let path = shelf.page();
    let mut alerts: Vec<&Line> = site.catalogue.alerts_of(shelf.comparison).collect();
    // What is still there comes first: it is in this order in the list.
    let more_alerts = alerts.len().saturating_sub(ALERTS);
    alerts.truncate(ALERTS);
    let tally = Tally::of_shelf(shelf, None);
    let root = root_of(&path);
    let odd = problems::worst_first(
        shelf.runs.iter().filter_map(|shelved| shelved.run).flat_map(|run| &run.problems),
    );
    let page = Page {
        title: shelf.title(),
        json: data::comparison::path(shelf),
        feed: format!("{}/alerts.xml", shelf.folder),
        badge: format!("{}/badge.svg", shelf.folder),
        lead: tally.sentence(),
        problems: problems::views(&site.catalogue.options.raw_logs, &root, &odd),
        problem_count: odd.len(),
        judged: tally.total() > tally.open,
        wide: cells::is_wide(shelf.comparison.columns.len()),
        tally,
        alerts,
        more_alerts,
        coverage: format!("{:.0}", 100.0 * site.catalogue.settings.coverage),
        heads: cells::heads(shelf),
        heat: heat(shelf, histories),
        benchmarks: sections(site, shelf, histories, &root)?,
        differing: differing::of_shelf(shelf),
        operations: shelf.comparison.benchmarks.iter().map(|b| b.operations.len()).sum(),
        empty: shelf.comparison.benchmarks.is_empty(),
    };
    data::comparison::write(shelf, out)?;
    let feed = About {
        path: page.feed.clone(),
        id: format!("urn:melbot:alerts:{}", shelf.folder),
        title: &page.title,
        page: path.clone(),
    };
    let (machine, config) = (&shelf.comparison.machine, &shelf.comparison.config);
    alerts::write_feed(site, feed, |(m, c)| m == machine && c == config, out)?;
    let alerts = site.catalogue.alerts_of(shelf.comparison);
    badge::write(site, page.badge.clone(), alerts, out)?;
    let crumbs = shelf.machine_crumbs();
    let data = Some(page.json.clone());
    let place = Place { path, title: shelf.title(), crumbs, data };
    site.write("comparison.html", &place, &page, out)
}

fn sections(
    site: &Site,
    shelf: &Shelf,
    histories: &Histories,
    root: &str,
) -> Result<Vec<Section>, SiteError> {
    let benchmarks = &shelf.comparison.benchmarks;
    let most = match cells::is_wide(shelf.comparison.columns.len()) {
        true => WIDE_PLOTS_PER_BENCHMARK,
        false => PLOTS_PER_BENCHMARK,
    };
    let plots = (PLOTS_PER_PAGE / benchmarks.len().max(1)).clamp(1, most);
    let figures = benchmarks.iter().map(figures::count).sum::<usize>() <= FIGURES_PER_PAGE;
    let budget = RATIOS_PER_PAGE / benchmarks.len().max(1);
    benchmarks
        .par_iter()
        .zip(histories)
        .map(|(benchmark, histories)| {
            let mut section = section(shelf, (benchmark, histories), plots, budget)?;
            if figures {
                let operations = benchmark.operations.iter();
                section.figures =
                    operations.map(|o| figures::figures(o, benchmark.decimals)).collect();
            }
            section.logs = logs(site, root, benchmark);
            Ok(section)
        })
        .collect()
}

fn section(
    shelf: &Shelf,
    (benchmark, histories): (&BenchmarkTable, &[Vec<History>]),
    plots: usize,
    ratios: usize,
) -> Result<Section, SiteError> {
    let hrefs = operations::hrefs(shelf, benchmark);
    let common_note = cells::common_note(benchmark);
    let common = common_note.is_some();
    let rows =
        benchmark.operations.iter().zip(&hrefs).map(|(operation, href)| {
            cells::row(operation, href.clone(), benchmark.decimals, common)
        });
    Ok(Section {
        id: story::anchor(&benchmark.name),
        name: benchmark.name.clone(),
        title: benchmark.title.clone(),
        note: note(benchmark, common_note),
        rows: rows.collect(),
        plots: drawn(benchmark, histories, &hrefs, plots)?,
        operations: benchmark.operations.len(),
        details: operations::page(shelf, benchmark, 0),
        figures: Vec::new(),
        ratios: figures::ratios(&benchmark.ratios, ratios),
        logs: Vec::new(),
        times: times(benchmark),
        monitors: monitors::has_page(shelf, &benchmark.name)
            .then(|| monitors::page(shelf, &benchmark.name)),
    })
}

/// What the values of a benchmark are.
fn note(benchmark: &BenchmarkTable, common: Option<String>) -> String {
    let figures: BTreeSet<&str> = benchmark
        .operations
        .iter()
        .filter_map(|operation| Some(operation.statistics.get(operation.main)?.name.as_str()))
        .collect();
    let figures: Vec<&str> = figures.into_iter().collect();
    let mut parts = vec![figures.join(" or ")];
    parts.extend(common);
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// Plots of the operations that changed most; in the order of the table.
fn drawn(
    benchmark: &BenchmarkTable,
    histories: &[Vec<History>],
    hrefs: &[String],
    most: usize,
) -> Result<Vec<Drawn>, SiteError> {
    let mut ranked: Vec<usize> = (0..benchmark.operations.len()).collect();
    ranked.sort_by(|a, b| {
        let interest = |at: &usize| interest(&benchmark.operations[*at]);
        interest(b).partial_cmp(&interest(a)).unwrap_or(std::cmp::Ordering::Equal)
    });
    ranked.truncate(most);
    ranked.sort_unstable();
    let draw = |(at, history): (usize, &History)| {
        let plot = tracks(history, Shape::Among)?;
        Ok(plot.map(|plot| {
            let caption = Link::new(history.operation.clone(), hrefs[at].clone());
            Drawn { caption, unit: history.unit.clone(), plot }
        }))
    };
    let chosen = ranked.into_par_iter().filter_map(|at| Some((at, histories.get(at)?)));
    let chosen = chosen.flat_map_iter(|(at, folders)| folders.iter().map(move |h| (at, h)));
    let all: Result<Vec<Option<Drawn>>, SiteError> = chosen.map(draw).collect();
    Ok(all?.into_iter().flatten().collect())
}

/// Changes come before differences that may be noise; then the larger before the smaller.
fn interest(operation: &OperationTable) -> (usize, f64) {
    let changed =
        |cell: &crate::analysis::Cell| matches!(story::sign(&cell.verdict).0, "worse" | "better");
    let columns = 0..operation.cells.len();
    let effects = columns.filter_map(|at| story::shown_change(operation, at)).map(f64::abs);
    (operation.cells.iter().filter(|cell| changed(cell)).count(), effects.fold(0.0, f64::max))
}

fn logs(site: &Site, root: &str, benchmark: &BenchmarkTable) -> Vec<Vec<LogLink>> {
    let raw = &site.catalogue.options.raw_logs;
    let links = |paths: &Vec<String>| -> Vec<LogLink> {
        paths.iter().map(|path| raw.link(root, iteration_of(path), path)).collect()
    };
    benchmark.logs.iter().map(links).collect()
}

/// The part of a path that names the iteration, else all of it.
pub fn iteration_of(path: &str) -> &str {
    path.rsplit('/').find(|part| part.starts_with("iter-")).unwrap_or(path)
}

/// The time that a benchmark used.
pub fn times(benchmark: &BenchmarkTable) -> Vec<TimeRow> {
    if benchmark.time.iter().all(Option::is_none) {
        return Vec::new();
    }
    let cell = |at: usize| {
        move |time: &Option<[f64; 3]>| {
            time.map_or(format::NOTHING.to_owned(), |time| format::number(time[at], 1))
        }
    };
    [(0, "User"), (1, "System"), (2, "Elapsed")]
        .map(|(at, name)| TimeRow { name, cells: benchmark.time.iter().map(cell(at)).collect() })
        .into()
}
