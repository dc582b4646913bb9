//! The runs of a comparison: how they went, what they ran on, and what is wrong with them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{self, KernelWarning, Noted, Outcome, Problem, Release};
use crate::site::catalogue::Shelf;
use crate::site::{Output, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    machine: &'s str,
    config: &'s str,
    runs: Vec<Run<'s>>,
}

#[derive(Serialize)]
struct Run<'s> {
    run: &'s str,
    track: Option<String>,
    page: &'s str,
    path: &'s str,
    released: Option<i64>,
    started: Option<i64>,
    finished: Option<i64>,
    outcome: Outcome,
    facts: BTreeMap<&'s str, &'s str>,
    noted: &'s [Noted],
    kernel_warnings: &'s [KernelWarning],
    benchmarks: Vec<Benchmark<'s>>,
    problems: &'s [Problem],
}

#[derive(Serialize)]
struct Benchmark<'s> {
    name: &'s str,
    operations: usize,
    samples: u64,
    logs: &'s [String],
    times: Vec<Time>,
}

#[derive(Serialize)]
struct Time {
    iteration: u32,
    user: f64,
    system: f64,
    elapsed: f64,
}

/// Path of the data of the runs.
pub fn path(shelf: &Shelf) -> String {
    format!("{}/runs.json", shelf.folder)
}

/// Writes them.
pub fn write(shelf: &Shelf, out: &dyn Output) -> Result<(), SiteError> {
    let runs = shelf.runs.iter().filter_map(|shelved| Some(run(shelved.run?, &shelved.page)));
    let comparison = shelf.comparison;
    let data =
        Data { machine: &comparison.machine, config: &comparison.config, runs: runs.collect() };
    super::write(&path(shelf), "runs", &data, out)
}

fn run<'s>(run: &'s model::Run, page: &'s str) -> Run<'s> {
    Run {
        run: &run.name,
        track: Release::track_of(&run.name),
        page,
        path: &run.path,
        released: run.released,
        started: run.started,
        finished: run.finished,
        outcome: run.outcome,
        facts: run.environment.facts.iter().map(|(name, value)| (&**name, &**value)).collect(),
        noted: &run.noted,
        kernel_warnings: &run.environment.kernel_warnings,
        benchmarks: run.benchmarks.iter().map(benchmark).collect(),
        problems: &run.problems,
    }
}

fn benchmark(benchmark: &model::Benchmark) -> Benchmark<'_> {
    let measured = benchmark.operations.iter().filter(|operation| operation.samples > 0);
    let time = |(iteration, [user, system, elapsed]): &(u32, [f64; 3])| Time {
        iteration: *iteration,
        user: *user,
        system: *system,
        elapsed: *elapsed,
    };
    Benchmark {
        name: &benchmark.name,
        operations: measured.clone().count(),
        samples: measured.map(|operation| operation.samples).sum(),
        logs: &benchmark.logs,
        times: benchmark.times.iter().map(time).collect(),
    }
}
