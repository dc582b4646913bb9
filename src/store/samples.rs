//! The samples of a run on disk, and back with their names.

use std::io::{Cursor, Write};

use polars::prelude::*;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};

use super::condense::{INTERVAL, ITERATION, SERIES, VALUE};
use super::{Store, StoreError, StoredRun};
use crate::model::Run;

/// A table of samples as Parquet.
pub fn write(frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .set_parallel(false)
        .finish(frame)?;
    Ok(bytes)
}

/// All samples of one run, in the order: benchmark, operation, iteration, as measured.
#[derive(Debug)]
pub struct Samples {
    frame: DataFrame,
    /// Benchmark and operation of each number in the column of series.
    names: Vec<(String, String)>,
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
        let frame = ParquetReader::new(Cursor::new(parquet)).finish()?;
        let names = run
            .benchmarks
            .iter()
            .flat_map(|b| b.operations.iter().map(|o| (b.name.clone(), o.name.clone())))
            .collect();
        Ok(Samples { frame, names })
    }

    /// The rows one after the other.
    pub fn rows(&self) -> Result<impl Iterator<Item = SampleRow<'_>>, StoreError> {
        let series = self.frame.column(SERIES)?.u32()?.into_no_null_iter();
        let iterations = self.frame.column(ITERATION)?.u32()?.into_no_null_iter();
        let intervals = self.frame.column(INTERVAL)?.f64()?.into_no_null_iter();
        let values = self.frame.column(VALUE)?.f64()?.into_no_null_iter();
        Ok(series.zip(iterations).zip(intervals.zip(values)).filter_map(
            |((series, iteration), (interval, value))| {
                let (benchmark, operation) = self.names.get(series as usize)?;
                Some(SampleRow { benchmark, operation, iteration, interval, value })
            },
        ))
    }

    /// The samples as a self-contained table with the columns of `melbot extract`.
    pub fn table(&self, run: &Run) -> Result<DataFrame, StoreError> {
        let (benchmarks, operations): (Vec<&str>, Vec<&str>) =
            self.names.iter().map(|(b, o)| (b.as_str(), o.as_str())).unzip();
        let numbers: Vec<u32> = (0..).take(self.names.len()).collect();
        let names = df![SERIES => numbers, "benchmark" => benchmarks, "operation" => operations]?;
        let place = |name: &str, value: &str| lit(value).alias(name);
        Ok(self
            .frame
            .clone()
            .lazy()
            .join(
                names.lazy(),
                [col(SERIES)],
                [col(SERIES)],
                JoinArgs {
                    maintain_order: MaintainOrderJoin::Left,
                    ..JoinArgs::new(JoinType::Left)
                },
            )
            .select([
                place("machine", &run.machine),
                place("config", &run.config),
                place("run", &run.name),
                col(ITERATION),
                col("benchmark"),
                col("operation"),
                col(INTERVAL),
                col(VALUE),
            ])
            .collect()?)
    }
}

/// Writes the samples of several runs as one Parquet file, run by run, so that memory holds no
/// more than one of them.
pub fn write_parquet(
    store: &Store,
    runs: &[StoredRun],
    keep: impl Fn(&str) -> bool,
    out: impl Write,
) -> Result<(), StoreError> {
    let mut writer = None;
    let mut out = Some(out);
    for stored in runs {
        let table = store.samples(stored)?.table(&stored.run)?;
        let wanted: BooleanChunked =
            table.column("benchmark")?.str()?.iter().map(|name| name.is_some_and(&keep)).collect();
        let table = table.filter(&wanted)?;
        if let Some(out) = out.take() {
            let new = ParquetWriter::new(out).with_compression(ParquetCompression::Zstd(None));
            writer = Some(new.batched(table.schema())?);
        }
        if let Some(writer) = &mut writer {
            writer.write_batch(&table)?;
        }
    }
    if let Some(writer) = writer {
        writer.finish()?;
    }
    Ok(())
}
