//! A kernel on all machines: its runs, and every operation that is worse or better with it.

use serde::Serialize;

use super::comparison::{self, Cell};
use super::{beside, runs};
use crate::analysis::OperationTable;
use crate::model::{Outcome, Release};
use crate::site::catalogue::Shelf;
use crate::site::kernels::{Spot, is_told};
use crate::site::names::kernel_page;
use crate::site::story::Tally;
use crate::site::{Output, Site, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    kernel: &'s str,
    track: Option<String>,
    released: Option<i64>,
    runs: Vec<Run<'s>>,
    moved: Vec<Moved<'s>>,
    alerts: Vec<&'s str>,
}

#[derive(Serialize)]
struct Run<'s> {
    machine: &'s str,
    config: &'s str,
    page: &'s str,
    data: String,
    started: Option<i64>,
    outcome: Outcome,
    against: Option<&'s str>,
    verdicts: Tally,
    benchmarks: Vec<&'s str>,
}

#[derive(Serialize)]
struct Moved<'s> {
    machine: &'s str,
    config: &'s str,
    benchmark: &'s str,
    operation: &'s str,
    unit: &'s str,
    against: &'s str,
    #[serde(flatten)]
    cell: Cell<'s>,
}

/// Writes it.
pub fn write(site: &Site, name: &str, spots: &[Spot], out: &dyn Output) -> Result<(), SiteError> {
    let of_it = site.catalogue.alerts.iter().filter(|line| line.kernel == name);
    let released = |(shelf, at): &Spot| shelf.comparison.columns.get(*at)?.released;
    let data = Data {
        kernel: name,
        track: Release::track_of(name),
        released: spots.iter().find_map(released),
        runs: spots.iter().filter_map(|(shelf, at)| run(shelf, *at)).collect(),
        moved: spots.iter().flat_map(|(shelf, at)| moved(shelf, *at)).collect(),
        alerts: of_it.map(|line| line.id.as_str()).collect(),
    };
    super::write(&beside(&kernel_page(name)), "kernel", &data, out)
}

fn run<'s>(shelf: &'s Shelf, at: usize) -> Option<Run<'s>> {
    let column = shelf.comparison.columns.get(at)?;
    let benchmarks = shelf.comparison.benchmarks.iter();
    let ran = benchmarks.filter(|b| b.logs.get(at).is_some_and(|logs| !logs.is_empty()));
    Some(Run {
        machine: &shelf.comparison.machine,
        config: &shelf.comparison.config,
        page: &shelf.runs.get(at)?.page,
        data: runs::path(shelf),
        started: column.started,
        outcome: column.outcome,
        against: (column.baseline != at).then(|| shelf.run_name(column.baseline)),
        verdicts: Tally::of_shelf(shelf, Some(at)),
        benchmarks: ran.map(|benchmark| benchmark.name.as_str()).collect(),
    })
}

fn moved<'s>(shelf: &'s Shelf, at: usize) -> Vec<Moved<'s>> {
    let against = shelf.comparison.columns.get(at).map_or("", |c| shelf.run_name(c.baseline));
    let mut moved = Vec::new();
    for benchmark in &shelf.comparison.benchmarks {
        let told = benchmark.operations.iter().filter(|o: &&OperationTable| is_told(o, at));
        moved.extend(told.filter_map(|operation| {
            Some(Moved {
                machine: &shelf.comparison.machine,
                config: &shelf.comparison.config,
                benchmark: &benchmark.name,
                operation: &operation.name,
                unit: &operation.unit,
                against,
                cell: comparison::cell(operation, at)?,
            })
        }));
    }
    moved
}
