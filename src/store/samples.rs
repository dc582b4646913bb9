//! The samples of a run on disk, and back with their names.

use std::io::{Cursor, Write};
use std::iter::repeat_n;

use polars::prelude::*;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, RowGroupIterator, Version, WriteOptions, ZstdLevel,
};
use serde::Serialize;

use super::numbers::{self, Numbers};
use super::{Store, StoreError, StoredRun};
use crate::model::{Intervals, Run, Series};

/// Columns of the table of samples. A part is one operation in one iteration; parts are numbered
/// through a run, in the order: benchmark, operation, iteration. That is the order of the record, so
/// the record tells which part is which, and how many samples each has.
const PART: &str = "part";
const INTERVAL: &str = "interval";
const VALUE: &str = "value";

/// What the store keeps of the samples of a run: nothing that the record tells.
#[derive(Debug)]
pub struct Kept {
    /// Absent where the samples of each part are numbered from 1, as most are.
    intervals: Option<Numbers>,
    values: Numbers,
}

impl Kept {
    /// The samples of all parts, in their order.
    pub fn new<'s>(parts: impl Iterator<Item = &'s Series>) -> Kept {
        let (intervals, values): (Vec<&Intervals>, Vec<&[f64]>) =
            parts.map(|series| (&series.intervals, series.values.as_slice())).unzip();
        let numbered = intervals.iter().all(|part| matches!(part, Intervals::Numbered(_)));
        let all = || intervals.iter().flat_map(|part| part.iter()).collect::<Vec<f64>>();
        Kept {
            intervals: (!numbered).then(|| Numbers::new(&[&all()])),
            values: Numbers::new(&values),
        }
    }

    /// As Parquet. Neither compressed nor searched for repetitions: see [`Numbers`].
    pub fn parquet(self) -> PolarsResult<Vec<u8>> {
        let intervals = self.intervals.map(|numbers| numbers.column(INTERVAL));
        let columns = intervals.into_iter().chain([self.values.column(VALUE)]);
        let (columns, encodings): (Vec<Column>, Vec<Encoding>) = columns.unzip();
        let frame = DataFrame::new_infer_height(columns)?;
        let options = WriteOptions {
            statistics: StatisticsOptions::empty(),
            version: Version::V1,
            compression: CompressionOptions::Uncompressed,
            data_page_size: None,
        };
        let schema = frame.schema().to_arrow(CompatLevel::newest());
        let encodings = encodings.into_iter().map(|encoding| vec![encoding]).collect();
        let batches = frame.iter_chunks(CompatLevel::newest(), false);
        let batches = batches.filter(|batch| !batch.is_empty()).map(Ok);
        let groups = RowGroupIterator::try_new(batches, &schema, options, encodings)?;
        let mut file = FileWriter::try_new(Vec::new(), schema, options)?;
        for group in groups {
            file.write(frame.height() as u64, group?)?;
        }
        file.end(None)?;
        Ok(file.into_inner())
    }
}

/// A Parquet writer; nobody filters these files, so they hold no statistics.
fn writer<W: Write>(out: W) -> ParquetWriter<W> {
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(1).ok()))
        .with_statistics(StatisticsOptions::empty())
        .set_parallel(false)
}

/// All samples of one run, in the order: benchmark, operation, iteration, as measured.
#[derive(Debug)]
pub struct Samples {
    frame: DataFrame,
    parts: Vec<Part>,
}

/// One operation in one iteration.
#[derive(Debug)]
struct Part {
    benchmark: String,
    operation: String,
    iteration: u32,
}

/// One sample with its names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRow<'s> {
    /// Benchmark's folder.
    pub benchmark: &'s str,
    /// Operation.
    pub operation: &'s str,
    /// N of `iter-N`.
    pub iteration: u32,
    /// When, or the how-manieth.
    pub interval: f64,
    /// What was measured.
    pub value: f64,
}

impl Samples {
    pub(super) fn read(parquet: Vec<u8>, run: &Run) -> Result<Samples, StoreError> {
        let kept = ParquetReader::new(Cursor::new(parquet)).finish()?;
        let column = |name: &str| {
            let found = kept.columns().iter().find(|column| column.name().starts_with(name));
            found.map(|column| numbers::read(column, name)).transpose()
        };
        let (parts, sizes): (Vec<Part>, Vec<usize>) = parts(run).unzip();
        let numbers = (0..).zip(&sizes);
        let numbers: Vec<u32> = numbers.flat_map(|(part, size)| repeat_n(part, *size)).collect();
        let intervals = match column(INTERVAL)? {
            Some(intervals) => intervals,
            None => {
                sizes.into_iter().flat_map(|size| (1..=size).map(|number| number as f64)).collect()
            }
        };
        let values = column(VALUE)?.unwrap_or_default();
        // Fails where they differ in length.
        let frame = df![PART => numbers, INTERVAL => intervals, VALUE => values]?;
        Ok(Samples { frame, parts })
    }

    /// The rows one after the other.
    pub fn rows(&self) -> Result<impl Iterator<Item = SampleRow<'_>>, StoreError> {
        let parts = self.frame.column(PART)?.u32()?.into_no_null_iter();
        let intervals = self.frame.column(INTERVAL)?.f64()?.into_no_null_iter();
        let values = self.frame.column(VALUE)?.f64()?.into_no_null_iter();
        Ok(parts.zip(intervals.zip(values)).filter_map(|(part, (interval, value))| {
            let Part { benchmark, operation, iteration } = self.parts.get(part as usize)?;
            Some(SampleRow { benchmark, operation, iteration: *iteration, interval, value })
        }))
    }

    /// The samples as a self-contained table with the columns of `melbot extract`.
    pub fn table(&self, run: &Run) -> Result<DataFrame, StoreError> {
        let numbers: Vec<u32> = (0..).take(self.parts.len()).collect();
        let names = df![
            PART => numbers,
            "iteration" => self.parts.iter().map(|part| part.iteration).collect::<Vec<_>>(),
            "benchmark" => self.parts.iter().map(|part| part.benchmark.as_str()).collect::<Vec<_>>(),
            "operation" => self.parts.iter().map(|part| part.operation.as_str()).collect::<Vec<_>>(),
        ]?;
        let place = |name: &str, value: &str| lit(value).alias(name);
        Ok(self
            .frame
            .clone()
            .lazy()
            .join(
                names.lazy(),
                [col(PART)],
                [col(PART)],
                JoinArgs {
                    maintain_order: MaintainOrderJoin::Left,
                    ..JoinArgs::new(JoinType::Left)
                },
            )
            .select([
                place("machine", &run.machine),
                place("config", &run.config),
                place("run", &run.name),
                col("iteration"),
                col("benchmark"),
                col("operation"),
                col(INTERVAL),
                col(VALUE),
            ])
            .collect()?)
    }
}

/// The samples of one operation in one iteration, condensed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartSummary {
    /// Machine.
    pub machine: String,
    /// Config.
    pub config: String,
    /// Run.
    pub run: String,
    /// N of `iter-N`.
    pub iteration: u32,
    /// Benchmark's folder.
    pub benchmark: String,
    /// Operation.
    pub operation: String,
    /// Number of samples.
    pub samples: u32,
    /// Arithmetic mean.
    pub mean: f64,
    /// Smallest sample.
    pub min: f64,
    /// Half of the samples are smaller (linear interpolation).
    pub median: f64,
    /// 95 % of the samples are smaller (linear interpolation).
    pub p95: f64,
    /// Largest sample.
    pub max: f64,
}

impl Samples {
    /// Each part condensed to a line, in the order of the record.
    pub fn summary(&self, run: &Run) -> Result<Vec<PartSummary>, StoreError> {
        let quantile = |share: f64| {
            col(VALUE).quantile(lit(share), QuantileMethod::Linear).cast(DataType::Float64)
        };
        let groups = self
            .frame
            .clone()
            .lazy()
            .group_by_stable([col(PART)])
            .agg([
                col(VALUE).count().cast(DataType::UInt32).alias("samples"),
                col(VALUE).mean().alias("mean"),
                col(VALUE).min().alias("min"),
                quantile(0.5).alias("median"),
                quantile(0.95).alias("p95"),
                col(VALUE).max().alias("max"),
            ])
            .collect()?;
        let numbers = |name: &str| Ok::<_, StoreError>(groups.column(name)?.f64()?.clone());
        let [mean, min, median, p95, max] = ["mean", "min", "median", "p95", "max"].map(numbers);
        let (mean, min, median, p95, max) = (mean?, min?, median?, p95?, max?);
        let parts = groups.column(PART)?.u32()?.into_no_null_iter();
        let samples = groups.column("samples")?.u32()?.into_no_null_iter();
        let line = |(at, (part, samples)): (usize, (u32, u32))| {
            let Part { benchmark, operation, iteration } = self.parts.get(part as usize)?;
            Some(PartSummary {
                machine: run.machine.clone(),
                config: run.config.clone(),
                run: run.name.clone(),
                iteration: *iteration,
                benchmark: benchmark.clone(),
                operation: operation.clone(),
                samples,
                mean: mean.get(at)?,
                min: min.get(at)?,
                median: median.get(at)?,
                p95: p95.get(at)?,
                max: max.get(at)?,
            })
        };
        Ok(parts.zip(samples).enumerate().filter_map(line).collect())
    }
}

/// The parts of a run and their sizes, in the order of its record.
fn parts(run: &Run) -> impl Iterator<Item = (Part, usize)> {
    run.benchmarks.iter().flat_map(|benchmark| {
        benchmark.operations.iter().flat_map(|operation| {
            operation.iterations.iter().map(|iteration| {
                let part = Part {
                    benchmark: benchmark.name.clone(),
                    operation: operation.name.clone(),
                    iteration: iteration.number,
                };
                (part, iteration.samples as usize)
            })
        })
    })
}

/// Writes the samples of several runs as one Parquet file, run by run, so that memory holds no
/// more than one of them.
pub fn write_parquet(
    store: &Store,
    runs: &[StoredRun],
    keep: impl Fn(&str) -> bool,
    out: impl Write,
) -> Result<(), StoreError> {
    let mut batches = None;
    let mut out = Some(out);
    for stored in runs {
        let table = store.samples(stored)?.table(&stored.run)?;
        let wanted: BooleanChunked =
            table.column("benchmark")?.str()?.iter().map(|name| name.is_some_and(&keep)).collect();
        let table = table.filter(&wanted)?;
        if let Some(out) = out.take() {
            batches = Some(writer(out).batched(table.schema())?);
        }
        if let Some(batches) = &mut batches {
            batches.write_batch(&table)?;
        }
    }
    if let Some(batches) = batches {
        batches.finish()?;
    }
    Ok(())
}
