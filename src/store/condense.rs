//! From the samples of a run to what the store keeps of them, and to its record: each operation
//! summarised.

use std::collections::HashMap;

use super::samples::Kept;
use crate::mmtests::{BenchmarkSamples, ReadRun};
use crate::model::{Benchmark, Iteration, Operation, Run, Series};
use crate::stats::digest::digest;
use crate::stats::summary::{mean, summarise};

/// An operation of a benchmark.
struct Slot<'s> {
    benchmark: usize,
    operation: &'s str,
    ratio: bool,
    /// Its samples, each iteration with its number; no part is empty.
    parts: Vec<(u32, &'s Series)>,
}

/// All operations of all benchmarks, in the order of first appearance.
fn slots(benchmarks: &[BenchmarkSamples]) -> Vec<Slot<'_>> {
    let mut slots: Vec<Slot> = Vec::new();
    for (at, benchmark) in benchmarks.iter().enumerate() {
        let mut known = HashMap::new();
        for (iteration, all) in &benchmark.iterations {
            for series in all {
                let operation = series.operation.as_str();
                let slot = *known.entry(operation).or_insert_with(|| {
                    slots.push(Slot { benchmark: at, operation, ratio: false, parts: Vec::new() });
                    slots.len() - 1
                });
                slots[slot].ratio |= series.ratio;
                if !series.values.is_empty() {
                    slots[slot].parts.push((*iteration, series));
                }
            }
        }
    }
    slots
}

/// The record of a run, without its place, and its samples.
pub fn run(read: ReadRun) -> (Run, Kept) {
    let slots = slots(&read.benchmarks);
    let kept = Kept::new(slots.iter().flat_map(|slot| &slot.parts).map(|(_, series)| *series));
    let mut operations: Vec<Vec<Operation>> = read.benchmarks.iter().map(|_| Vec::new()).collect();
    for slot in slots {
        let benchmark = &read.benchmarks[slot.benchmark];
        let (direction, unit) = benchmark.meaning.operation(slot.operation);
        let parts: Vec<&[f64]> = slot.parts.iter().map(|(_, s)| s.values.as_slice()).collect();
        let iterations: Vec<Iteration> = slot
            .parts
            .iter()
            .map(|(number, Series { values, .. })| Iteration {
                number: *number,
                samples: values.len() as u64,
                mean: mean(direction, values).unwrap_or(0.0),
                digest: digest(values),
            })
            .collect();
        let summary = summarise(benchmark.meaning.kind(), direction, &parts);
        operations[slot.benchmark].push(Operation {
            name: slot.operation.to_owned(),
            direction,
            unit: unit.to_owned(),
            ratio: slot.ratio,
            samples: iterations.iter().map(|iteration| iteration.samples).sum(),
            statistics: summary.statistics,
            interval: summary.interval,
            quartiles: summary.quartiles,
            iterations,
        });
    }
    let benchmarks = read.benchmarks.into_iter().zip(operations).map(benchmark).collect();
    let run = Run {
        started: read.started,
        finished: read.finished,
        outcome: read.outcome,
        environment: read.environment,
        noted: read.noted,
        benchmarks,
        problems: read.problems,
        ..Run::default()
    };
    (run, kept)
}

fn benchmark((read, operations): (BenchmarkSamples, Vec<Operation>)) -> Benchmark {
    Benchmark {
        title: read.meaning.title().to_owned(),
        kind: read.meaning.kind(),
        decimals: read.meaning.decimals(),
        times: read.times,
        watched: read.watched,
        name: read.name,
        logs: read.logs,
        operations,
    }
}
