//! What there is: the way to all other data, and what was measured and what is missing.

use serde::Serialize;

use super::{beside, comparison, runs};
use crate::analysis::BenchmarkTable;
use crate::model::Release;
use crate::notes::pending::Pending;
use crate::site::alerts::Section;
use crate::site::catalogue::{Catalogue, Shelf};
use crate::site::coverage::{Grid, State};
use crate::site::names::{benchmark_page, kernel_page, machine_page};
use crate::site::{BaseUrl, Output, Site, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    title: &'s str,
    url: Option<&'s BaseUrl>,
    runs: usize,
    newest: Option<i64>,
    problems: usize,
    alerts: Alerts,
    pending: Option<Still>,
    kernels: Vec<Kernel<'s>>,
    machines: Vec<Named<'s>>,
    benchmarks: Vec<Named<'s>>,
    comparisons: Vec<Covered<'s>>,
}

/// How many alerts there are in each list.
#[derive(Serialize)]
struct Alerts {
    regressions: usize,
    improvements: usize,
    over: usize,
    known: usize,
    failing: usize,
}

/// What is still to be measured.
#[derive(Serialize)]
struct Still {
    as_of: i64,
    until: Option<i64>,
    queued: usize,
    running: usize,
}

#[derive(Serialize)]
struct Kernel<'s> {
    kernel: &'s str,
    track: Option<String>,
    data: Option<String>,
}

#[derive(Serialize)]
struct Named<'s> {
    name: &'s str,
    data: String,
}

/// A config on a machine, and what was measured of each kernel.
#[derive(Serialize)]
pub struct Covered<'s> {
    machine: &'s str,
    config: &'s str,
    data: String,
    runs: String,
    stale: bool,
    coverage: &'s [State],
}

/// Writes it.
pub fn write(
    site: &Site,
    machines: &[(&str, Vec<&Shelf>)],
    (shelves, grid): (&[&Shelf], &Grid),
    out: &dyn Output,
) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let columns = shelves.iter().flat_map(|shelf| &shelf.comparison.columns);
    let count = |section| catalogue.alerts.iter().filter(|line| line.section == section).count();
    let data = Data {
        title: &catalogue.options.title,
        url: catalogue.options.base_url.as_ref(),
        runs: catalogue.runs,
        newest: columns.filter_map(|column| column.started).max(),
        problems: catalogue.problems.len(),
        alerts: Alerts {
            regressions: count(Section::There),
            improvements: count(Section::Better),
            over: count(Section::Over),
            known: count(Section::Known),
            failing: catalogue.report.failing.len(),
        },
        pending: still(catalogue.pending),
        kernels: grid
            .kernels
            .iter()
            .enumerate()
            .map(|(at, name)| kernel(name, at < grid.measured))
            .collect(),
        machines: machines
            .iter()
            .map(|(name, _)| Named { name, data: beside(&machine_page(name)) })
            .collect(),
        benchmarks: benchmarks(catalogue),
        comparisons: covered(shelves, grid),
    };
    super::write("index.json", "home", &data, out)
}

fn still(pending: &Pending) -> Option<Still> {
    let running = pending.runs.iter().filter(|run| run.running).count();
    let Pending { as_of, until, .. } = *pending;
    let queued = pending.runs.len() - running;
    (!pending.runs.is_empty()).then_some(Still { as_of, until, queued, running })
}

fn kernel(kernel: &str, is_measured: bool) -> Kernel<'_> {
    let data = is_measured.then(|| beside(&kernel_page(kernel)));
    Kernel { kernel, track: Release::track_of(kernel), data }
}

fn benchmarks<'s>(catalogue: &'s Catalogue) -> Vec<Named<'s>> {
    let all = catalogue.shelves.iter().flat_map(|shelf| &shelf.comparison.benchmarks);
    let mut names: Vec<&str> = all.map(|b: &BenchmarkTable| b.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Named { name, data: beside(&benchmark_page(name)) }).collect()
}

/// The comparisons with the states of their kernels; the grid is theirs.
pub fn covered<'s>(shelves: &[&'s Shelf], grid: &'s Grid) -> Vec<Covered<'s>> {
    let row = |((shelf, states), stale): ((&&'s Shelf, &'s Vec<State>), &Option<i64>)| Covered {
        machine: &shelf.comparison.machine,
        config: &shelf.comparison.config,
        data: comparison::path(shelf),
        runs: runs::path(shelf),
        stale: stale.is_some(),
        coverage: states,
    };
    shelves.iter().zip(&grid.states).zip(&grid.stale).map(row).collect()
}
