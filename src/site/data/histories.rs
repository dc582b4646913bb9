//! The histories of a benchmark's operations on one machine with one config: every iteration by track,
//! with the levels that its plots show.

use serde::Serialize;

use crate::analysis::{BenchmarkTable, OperationTable};
use crate::model::Direction;
use crate::site::catalogue::Shelf;
use crate::site::history::{History, Panel, Spot};
use crate::site::operations;
use crate::site::{Output, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    machine: &'s str,
    config: &'s str,
    benchmark: &'s str,
    title: &'s str,
    operations: Vec<Operation<'s>>,
}

#[derive(Serialize)]
struct Operation<'s> {
    name: &'s str,
    unit: &'s str,
    direction: Direction,
    page: String,
    histories: Vec<Told<'s>>,
}

#[derive(Serialize)]
struct Told<'s> {
    noise: Option<f64>,
    tracks: Vec<Track<'s>>,
}

#[derive(Serialize)]
struct Track<'s> {
    track: Option<&'s str>,
    from: Option<f64>,
    runs: Vec<Run<'s>>,
}

#[derive(Serialize)]
struct Run<'s> {
    run: &'s str,
    iterations: &'s [f64],
    level: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'s str>,
}

/// Path of the histories of a benchmark, on however many pages they are.
pub fn path(shelf: &Shelf, benchmark: &BenchmarkTable) -> String {
    super::beside(&operations::page(shelf, benchmark, 0))
}

/// Writes them; `histories` are by operation.
pub fn write(
    shelf: &Shelf,
    benchmark: &BenchmarkTable,
    histories: &[Vec<History>],
    out: &dyn Output,
) -> Result<(), SiteError> {
    let hrefs = operations::hrefs(shelf, benchmark);
    let operations = benchmark.operations.iter().zip(hrefs).zip(histories);
    let data = Data {
        machine: &shelf.comparison.machine,
        config: &shelf.comparison.config,
        benchmark: &benchmark.name,
        title: &benchmark.title,
        operations: operations.map(|((o, page), all)| operation(o, page, all)).collect(),
    };
    super::write(&path(shelf, benchmark), "histories", &data, out)
}

fn operation<'s>(of: &'s OperationTable, page: String, all: &'s [History]) -> Operation<'s> {
    let told = |history: &'s History| Told {
        noise: history.band,
        tracks: history.panels.iter().map(track).collect(),
    };
    Operation {
        name: &of.name,
        unit: &of.unit,
        direction: of.direction,
        page,
        histories: all.iter().map(told).collect(),
    }
}

fn track(panel: &Panel) -> Track<'_> {
    Track {
        track: Some(panel.track.as_str()).filter(|track| !track.is_empty()),
        from: panel.from,
        runs: panel.spots.iter().map(run).collect(),
    }
}

fn run(spot: &Spot) -> Run<'_> {
    Run {
        run: &spot.run,
        iterations: &spot.boots,
        level: spot.level,
        change: spot.mark.as_ref().map(|mark| mark.turn.word()),
        alert: spot.mark.as_ref().map(|mark| mark.alert.as_str()),
    }
}
