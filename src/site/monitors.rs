//! What the monitors saw while a benchmark ran: a page a benchmark, with the time it used, plots over
//! time of the newest kernels, and a table of all series.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::cells::{self, Head};
use super::comparison::{TimeRow, times};
use super::names::slug;
use super::plot::{Ink, Plot, courses};
use super::problems::{self, ProblemView};
use super::templates::{Link, Place, root_of};
use super::{Output, Site, SiteError, data, format};
use crate::analysis::BenchmarkTable;
use crate::model::{Curve, Figures, Problem, Reading, Run, Seen, Watched, common_name};
use crate::stats::robust::median;

/// Plots on a page.
const PLOTS: usize = 16;
/// Cells of the tables of a page.
const CELLS: usize = 5_000;
/// Rows of a monitor that are shown however many kernels there are.
const FEWEST_ROWS: usize = 12;

#[derive(Serialize)]
struct Page {
    title: String,
    comparison: Link,
    heads: Vec<Head>,
    times: Vec<TimeRow>,
    keys: Vec<Key>,
    plots: Vec<Drawn>,
    monitors: Vec<Table>,
    problems: Vec<ProblemView>,
    problem_count: usize,
}

/// A kernel in the plots.
#[derive(Serialize)]
struct Key {
    class: &'static str,
    run: Link,
}

#[derive(Serialize)]
struct Drawn {
    caption: String,
    unit: String,
    plot: Plot,
}

/// What one monitor saw.
#[derive(Serialize)]
struct Table {
    name: String,
    title: String,
    rows: Vec<Row>,
    /// Series that are not shown, for there are too many, or that never moved.
    left_out: usize,
    still: usize,
}

#[derive(Serialize)]
struct Row {
    name: String,
    common: Option<&'static str>,
    unit: String,
    cells: Vec<(String, String)>,
}

/// Path of the page of a benchmark.
pub fn page(shelf: &Shelf, benchmark: &str) -> String {
    format!("{}/monitors/{}.html", shelf.folder, slug(benchmark))
}

/// `true` if there is such a page.
pub fn has_page(shelf: &Shelf, benchmark: &str) -> bool {
    watched(shelf, benchmark).any(|(_, watched)| !watched.is_empty())
}

/// What the monitors saw of a benchmark, by column.
fn watched<'a>(
    shelf: &'a Shelf,
    benchmark: &'a str,
) -> impl Iterator<Item = (usize, &'a [Watched])> {
    shelf.runs.iter().enumerate().filter_map(move |(at, shelved)| {
        let run: &Run = shelved.run?;
        let found = run.benchmarks.iter().find(|known| known.name == benchmark)?;
        Some((at, found.watched.as_slice()))
    })
}

/// Writes the pages of all benchmarks that were watched.
pub fn write_all(site: &Site, shelf: &Shelf, out: &dyn Output) -> Result<(), SiteError> {
    let benchmarks = shelf.comparison.benchmarks.par_iter();
    let seen = benchmarks.filter(|benchmark| has_page(shelf, &benchmark.name));
    seen.try_for_each(|benchmark| write(site, shelf, benchmark, out))
}

fn write(
    site: &Site,
    shelf: &Shelf,
    benchmark: &BenchmarkTable,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let path = page(shelf, &benchmark.name);
    let columns: Vec<(usize, &[Watched])> = watched(shelf, &benchmark.name).collect();
    let newest = newest(&columns);
    let odd = problems::worst_first(problems_of(shelf, &benchmark.name));
    let title = format!("What the monitors saw of {}", benchmark.name);
    let root = root_of(&path);
    let page = Page {
        title: title.clone(),
        comparison: Link::new(shelf.title(), shelf.page()),
        heads: cells::heads(shelf),
        times: times(benchmark),
        keys: newest
            .iter()
            .zip(Ink::KERNELS)
            .map(|((at, _), ink)| Key {
                class: ink.class(),
                run: Link::new(named(shelf.run_name(*at)), shelf.runs[*at].page.clone()),
            })
            .collect(),
        plots: plots(&newest)?,
        monitors: tables(&columns, shelf.runs.len()),
        problem_count: odd.len(),
        problems: problems::views(&site.catalogue.options.raw_logs, &root, &odd),
    };
    data::monitors::write(shelf, benchmark, &columns, out)?;
    let data = Some(data::beside(&path));
    site.write("monitors.html", &Place { path, title, crumbs: shelf.crumbs(), data }, &page, out)
}

/// The newest columns that a monitor watched, as many as can be told apart in a plot.
fn newest<'a>(columns: &[(usize, &'a [Watched])]) -> Vec<(usize, &'a [Watched])> {
    let mut seen: Vec<_> =
        columns.iter().copied().filter(|(_, watched)| !watched.is_empty()).collect();
    seen.drain(..seen.len().saturating_sub(Ink::KERNELS.len()));
    seen
}

/// What is wrong with the logs of monitors of this benchmark.
fn problems_of<'a>(shelf: &'a Shelf, benchmark: &'a str) -> impl Iterator<Item = &'a Problem> {
    let monitors: BTreeSet<&str> =
        watched(shelf, benchmark).flat_map(|(_, all)| all).map(|w| w.monitor.as_str()).collect();
    let names: Vec<String> =
        monitors.into_iter().map(|monitor| format!("{monitor}-{benchmark}")).collect();
    let all = shelf.runs.iter().filter_map(|shelved| shelved.run).flat_map(|run| &run.problems);
    all.filter(move |problem| {
        let file = problem.path.rsplit('/').next().unwrap_or(&problem.path);
        let is_of = |name: &String| {
            let rest = file.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        names.iter().any(is_of)
    })
}

/// A series of a monitor.
type Name<'a> = (&'a str, &'a str);
/// Its unit, and how it went on each kernel.
type Course<'a> = (&'a str, Vec<(Ink, &'a Curve)>);

/// Plots of the series that everybody knows, and of those that vary most, in the order of the monitors.
fn plots(newest: &[(usize, &[Watched])]) -> Result<Vec<Drawn>, SiteError> {
    let mut curves: BTreeMap<Name, Course> = BTreeMap::new();
    for ((_, watched), ink) in newest.iter().zip(Ink::KERNELS) {
        for watched in *watched {
            for seen in &watched.series {
                let Some(curve) = &seen.curve else { continue };
                let known = curves.entry((&watched.monitor, &seen.name));
                known.or_insert_with(|| (&seen.unit, Vec::new())).1.push((ink, curve));
            }
        }
    }
    let mut ranked: Vec<(Name, f64)> =
        curves.iter().map(|(name, (_, curves))| (*name, variation(curves))).collect();
    ranked.retain(|(_, variation)| *variation > 0.0);
    let is_odd = |(monitor, series): Name| common_name(monitor, series).is_none();
    ranked.sort_by(|a, b| {
        is_odd(a.0).cmp(&is_odd(b.0)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0))
    });
    ranked.truncate(PLOTS);
    ranked.sort_by_key(|(name, _)| *name);
    let draw = |(monitor, series): Name| {
        let (unit, curves) = &curves[&(monitor, series)];
        let caption = match common_name(monitor, series) {
            Some(common) => format!("{common} ({monitor} {series})"),
            None => format!("{monitor} {series}"),
        };
        let label = format!("{caption} over time on {}", format::counted(curves.len(), "kernel"));
        let per_second = monitor.starts_with("proc-") && *unit != "pages";
        let unit = if per_second { format!("{unit}/s") } else { (*unit).to_owned() };
        Ok(courses(label, curves)?.map(|plot| Drawn { caption, unit, plot }))
    };
    let drawn: Result<Vec<Option<Drawn>>, SiteError> =
        ranked.into_par_iter().map(|(name, _)| draw(name)).collect();
    Ok(drawn?.into_iter().flatten().collect())
}

/// How much there is to be seen in a plot: the range of what is drawn, as a share of its size.
fn variation(curves: &[(Ink, &Curve)]) -> f64 {
    let ends = curves.iter().map(|(_, curve)| (curve.low, curve.high));
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| {
        (low.min(end.0), high.max(end.1))
    });
    let size = low.abs().max(high.abs());
    // A series that some kernels do not have is less of a comparison.
    if size > 0.0 { (high - low) / size * curves.len() as f64 } else { 0.0 }
}

fn tables(columns: &[(usize, &[Watched])], count: usize) -> Vec<Table> {
    let names: BTreeSet<&str> =
        columns.iter().flat_map(|(_, all)| *all).map(|w| w.monitor.as_str()).collect();
    let most = (CELLS / (count.max(1) * names.len().max(1))).max(FEWEST_ROWS);
    names.into_iter().map(|monitor| table(monitor, columns, count, most)).collect()
}

fn table(monitor: &str, columns: &[(usize, &[Watched])], count: usize, most: usize) -> Table {
    let of = |all: &[Watched]| all.iter().position(|watched| watched.monitor == monitor);
    let here: Vec<(usize, &Watched)> =
        columns.iter().filter_map(|(at, all)| Some((*at, &all[of(all)?]))).collect();
    // In the order of the newest kernel; what only others have stands behind.
    let mut names: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for (_, watched) in here.iter().rev() {
        names.extend(watched.series.iter().map(|s| s.name.as_str()).filter(|n| known.insert(*n)));
    }
    let total = names.len();
    let mut rows: Vec<(f64, usize, Row)> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let (spread, row) = row(monitor, name, &here, count);
            (spread, place, row)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows.truncate(most);
    rows.sort_by_key(|(_, place, _)| *place);
    let still: BTreeSet<&str> = here
        .iter()
        .flat_map(|(_, watched)| &watched.still)
        .map(String::as_str)
        .filter(|name| !known.contains(name))
        .collect();
    Table {
        name: monitor.to_owned(),
        title: here.first().map_or(String::new(), |(_, watched)| watched.title.clone()),
        left_out: total - rows.len() + here.iter().map(|(_, w)| w.left_out).max().unwrap_or(0),
        rows: rows.into_iter().map(|(_, _, row)| row).collect(),
        still: still.len(),
    }
}

/// A series on all kernels, and how much they differ in it.
fn row(monitor: &str, name: &str, here: &[(usize, &Watched)], count: usize) -> (f64, Row) {
    let mut cells = vec![(format::NOTHING.to_owned(), String::new()); count];
    let (mut unit, mut levels) = (String::new(), Vec::new());
    for (at, watched) in here {
        let Some(seen) = watched.series.iter().find(|seen| seen.name == name) else {
            if watched.still.iter().any(|still| still == name) {
                cells[*at].0 = "0".to_owned();
                levels.push(0.0);
            }
            continue;
        };
        let Some((level, cell)) = cell(seen) else { continue };
        levels.push(level);
        cells[*at] = cell;
        unit = match seen.reading {
            Reading::Level => seen.unit.clone(),
            Reading::Counter => format!("{} a second; in all", seen.unit).trim().to_owned(),
        };
    }
    let size = levels.iter().copied().map(f64::abs).fold(0.0, f64::max);
    let (low, high) =
        levels.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (v.min(l), v.max(h)));
    let spread = if size > 0.0 { (high - low) / size } else { 0.0 };
    (spread, Row { name: name.to_owned(), common: common_name(monitor, name), unit, cells })
}

/// The median of the iterations, and below it the 95th percentile of levels or the sum of a counter.
fn cell(seen: &Seen) -> Option<(f64, (String, String))> {
    let of = |figure: fn(&Figures) -> f64| {
        median(&seen.iterations.iter().flatten().map(figure).collect::<Vec<f64>>())
    };
    let mean = of(|figures| figures.mean)?;
    let under = match seen.reading {
        Reading::Level => format!("95 %: {}", format::brief(of(|figures| figures.p95)?)),
        Reading::Counter => format::brief(of(|figures| figures.increase)?),
    };
    Some((mean, (format::brief(mean), under)))
}
