//! From the samples of a run to its record: one table of samples, grouped, each group summarised.

use std::collections::HashMap;

use polars::prelude::{DataFrame, DataType, IntoLazy as _, col, df, len};

use super::StoreError;
use crate::mmtests::{BenchmarkSamples, ReadRun};
use crate::model::{self, Benchmark, Operation, Run, Series};
use crate::stats::summary::{quartiles, summarise};

/// Columns of the table of samples.
pub const SERIES: &str = "series";
pub const ITERATION: &str = "iteration";
pub const INTERVAL: &str = "interval";
pub const VALUE: &str = "value";

/// An operation of a benchmark; its place in the list is what the column [`SERIES`] holds.
struct Slot<'s> {
    benchmark: usize,
    operation: &'s str,
    ratio: bool,
    /// Its samples, each iteration with its number.
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
                slots[slot].parts.push((*iteration, series));
            }
        }
    }
    slots
}

/// The samples as a table, ordered by operation, iteration, and as they were measured.
pub fn frame(benchmarks: &[BenchmarkSamples]) -> Result<DataFrame, StoreError> {
    let slots = slots(benchmarks);
    let total = slots.iter().flat_map(|slot| &slot.parts).map(|(_, s)| s.values.len()).sum();
    let mut numbers: Vec<u32> = Vec::with_capacity(total);
    let mut iterations: Vec<u32> = Vec::with_capacity(total);
    let mut intervals: Vec<f64> = Vec::with_capacity(total);
    let mut values: Vec<f64> = Vec::with_capacity(total);
    for (number, slot) in (0..).zip(slots) {
        for (iteration, series) in slot.parts {
            numbers.resize(numbers.len() + series.values.len(), number);
            iterations.resize(iterations.len() + series.values.len(), iteration);
            intervals.extend_from_slice(&series.intervals);
            values.extend_from_slice(&series.values);
        }
    }
    Ok(df![SERIES => numbers, ITERATION => iterations, INTERVAL => intervals, VALUE => values]?)
}

/// The record of a run, without its place.
pub fn run(read: ReadRun, frame: &DataFrame) -> Result<Run, StoreError> {
    let groups = groups(frame)?;
    // `frame` built the column without gaps and in one piece.
    let values = frame.column(VALUE)?.f64()?.cont_slice()?;
    let mut at = 0;
    let mut groups = groups.into_iter().peekable();
    let mut operations: Vec<Vec<Operation>> = read.benchmarks.iter().map(|_| Vec::new()).collect();
    for (number, slot) in (0_u32..).zip(slots(&read.benchmarks)) {
        let benchmark = &read.benchmarks[slot.benchmark];
        let (direction, unit) = benchmark.meaning.operation(slot.operation);
        let mut iterations = Vec::new();
        let mut parts: Vec<&[f64]> = Vec::new();
        let from = at;
        while let Some((_, iteration)) = groups.next_if(|(series, _)| *series == number) {
            // The groups partition the table in its order, so they add up to its length.
            let end = at + iteration.samples as usize;
            parts.push(&values[at..end]);
            iterations.push(iteration);
            at = end;
        }
        let summary = summarise(benchmark.meaning.kind(), direction, &parts);
        operations[slot.benchmark].push(Operation {
            name: slot.operation.to_owned(),
            direction,
            unit: unit.to_owned(),
            ratio: slot.ratio,
            samples: (at - from) as u64,
            statistics: summary.statistics,
            interval: summary.interval,
            quartiles: quartiles(&values[from..at]),
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

/// Number of samples and mean of each operation in each iteration, in the order of the table.
fn groups(frame: &DataFrame) -> Result<Vec<(u32, model::Iteration)>, StoreError> {
    let grouped = frame
        .clone()
        .lazy()
        .group_by_stable([col(SERIES), col(ITERATION)])
        .agg([len().cast(DataType::UInt64).alias("samples"), col(VALUE).mean().alias("mean")])
        .collect()?;
    let series = grouped.column(SERIES)?.u32()?.into_no_null_iter();
    let numbers = grouped.column(ITERATION)?.u32()?.into_no_null_iter();
    let samples = grouped.column("samples")?.u64()?.into_no_null_iter();
    let means = grouped.column("mean")?.f64()?.into_no_null_iter();
    Ok(series
        .zip(numbers.zip(samples.zip(means)))
        .map(|(series, (number, (samples, mean)))| {
            (series, model::Iteration { number, samples, mean })
        })
        .collect())
}
