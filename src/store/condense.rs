//! From the samples of a run to its table, and to its record: each operation summarised.

use std::collections::HashMap;

use polars::prelude::{DataFrame, df};

use super::StoreError;
use crate::mmtests::{BenchmarkSamples, ReadRun};
use crate::model::{Benchmark, Iteration, Operation, Run, Series};
use crate::stats::summary::{mean, summarise};

/// Columns of the table of samples. A part is one operation in one iteration; parts are numbered
/// through a run, in the order: benchmark, operation, iteration. That is the order of the record, so
/// the record tells which part is which.
pub const PART: &str = "part";
pub const INTERVAL: &str = "interval";
pub const VALUE: &str = "value";

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

/// The samples as a table, ordered by operation, iteration, and as they were measured.
pub fn frame(benchmarks: &[BenchmarkSamples]) -> Result<DataFrame, StoreError> {
    let slots = slots(benchmarks);
    let total = slots.iter().flat_map(|slot| &slot.parts).map(|(_, s)| s.values.len()).sum();
    let mut parts: Vec<u32> = Vec::with_capacity(total);
    let mut intervals: Vec<f64> = Vec::with_capacity(total);
    let mut values: Vec<f64> = Vec::with_capacity(total);
    for (part, (_, series)) in (0..).zip(slots.iter().flat_map(|slot| &slot.parts)) {
        parts.resize(parts.len() + series.values.len(), part);
        intervals.extend_from_slice(&series.intervals);
        values.extend_from_slice(&series.values);
    }
    Ok(df![PART => parts, INTERVAL => intervals, VALUE => values]?)
}

/// The record of a run, without its place.
pub fn run(read: ReadRun, frame: &DataFrame) -> Result<Run, StoreError> {
    // `frame` built the column without gaps and in one piece.
    let mut rest = frame.column(VALUE)?.f64()?.cont_slice()?;
    let mut operations: Vec<Vec<Operation>> = read.benchmarks.iter().map(|_| Vec::new()).collect();
    for slot in slots(&read.benchmarks) {
        let benchmark = &read.benchmarks[slot.benchmark];
        let (direction, unit) = benchmark.meaning.operation(slot.operation);
        let mut iterations = Vec::new();
        let mut parts: Vec<&[f64]> = Vec::new();
        for (number, series) in &slot.parts {
            // The table holds the parts one after the other, as `frame` took them from the same slots.
            let (values, after) = rest.split_at(series.values.len());
            rest = after;
            parts.push(values);
            let samples = values.len() as u64;
            let mean = mean(direction, values).unwrap_or(0.0);
            iterations.push(Iteration { number: *number, samples, mean });
        }
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
    Ok(Run {
        started: read.started,
        finished: read.finished,
        outcome: read.outcome,
        environment: read.environment,
        benchmarks,
        problems: read.problems,
        ..Run::default()
    })
}

fn benchmark((read, operations): (BenchmarkSamples, Vec<Operation>)) -> Benchmark {
    Benchmark {
        title: read.meaning.title().to_owned(),
        kind: read.meaning.kind(),
        decimals: read.meaning.decimals(),
        time: read.time,
        name: read.name,
        logs: read.logs,
        operations,
    }
}
