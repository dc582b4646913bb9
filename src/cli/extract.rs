//! `melbot extract`: every sample, for other programs.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Ending;
use super::results::{Filter, Loaded, ResultsArgs};
use crate::store::{SampleRow, StoredRun, write_parquet};

/// Print every sample
///
/// Columns: machine, config, run, iteration, benchmark, operation, interval, value. The operation
/// is named as MMTests names it, the value is as in the log.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot extract sample-results --benchmark perfpipe\n  \
    melbot extract sample-results --summary --format csv\n  \
    melbot extract work/log --format parquet -o samples.parquet")]
pub struct Extract {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    filter: Filter,
    /// One line an operation and iteration (samples, mean, min, median, p95, max) instead of every
    /// sample
    #[arg(long)]
    summary: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Tsv)]
    format: Format,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tab-separated values with a header.
    Tsv,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Json,
    /// Apache Parquet.
    Parquet,
}

/// The columns, in order.
const COLUMNS: [&str; 8] =
    ["machine", "config", "run", "iteration", "benchmark", "operation", "interval", "value"];

impl Extract {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let format = if self.json { Format::Json } else { self.format };
        if format == Format::Parquet && self.output.is_none() && io::stdout().is_terminal() {
            bail!("Parquet is not for a terminal; give -o FILE, or send the output elsewhere");
        }
        let loaded = self.results.find(&self.filter)?.load()?;
        match &self.output {
            None => self.write(format, &loaded, io::stdout().lock())?,
            Some(path) => {
                let file =
                    std::fs::File::create(path).with_context(|| path.display().to_string())?;
                self.write(format, &loaded, file).with_context(|| path.display().to_string())?;
            }
        }
        Ok(Ending::Fine)
    }

    fn write(&self, format: Format, loaded: &Loaded, out: impl Write) -> anyhow::Result<()> {
        let mut out = BufWriter::new(out);
        match format {
            Format::Parquet if self.summary => bail!("a summary is printed as tsv, csv or json"),
            _ if self.summary => self.summaries(format, loaded, &mut out)?,
            Format::Tsv => self.separated(loaded, b'\t', &mut out)?,
            Format::Csv => self.separated(loaded, b',', &mut out)?,
            Format::Json => self.each(loaded, |stored, row| {
                serde_json::to_writer(&mut out, &Line::new(stored, row))
                    .map_err(io::Error::from)?;
                Ok(out.write_all(b"\n")?)
            })?,
            Format::Parquet => {
                let keep = |benchmark: &str| self.filter.takes_benchmark(benchmark);
                let mut out = Remembering { out: &mut out, failure: None };
                let written = write_parquet(&loaded.store, &loaded.runs, keep, &mut out);
                if let Some(failure) = out.failure {
                    return Err(failure.into());
                }
                written?;
            }
        }
        Ok(out.flush()?)
    }

    /// One line a part.
    fn summaries(
        &self,
        format: Format,
        loaded: &Loaded,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let separator = if format == Format::Csv { b',' } else { b'\t' };
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
        for stored in &loaded.runs {
            let lines = loaded.store.samples(stored)?.summary(&stored.run)?;
            for line in lines.iter().filter(|line| self.filter.takes_benchmark(&line.benchmark)) {
                if format == Format::Json {
                    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
                    out.write_all(b"\n")?;
                } else {
                    writer.serialize(line).map_err(plain)?;
                }
            }
        }
        Ok(out.write_all(&writer.into_inner()?)?)
    }

    fn separated(
        &self,
        loaded: &Loaded,
        separator: u8,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(out);
        writer.write_record(COLUMNS).map_err(plain)?;
        self.each(loaded, |stored, row| {
            let place = [&stored.run.machine, &stored.run.config, &stored.run.name];
            let numbers =
                [row.iteration.to_string(), row.interval.to_string(), row.value.to_string()];
            let [iteration, interval, value] = numbers.each_ref().map(String::as_str);
            let fields = [iteration, row.benchmark, row.operation, interval, value];
            let record = place.into_iter().map(String::as_str).chain(fields);
            writer.write_record(record).map_err(plain)
        })?;
        Ok(writer.flush()?)
    }

    fn each(
        &self,
        loaded: &Loaded,
        mut take: impl FnMut(&StoredRun, SampleRow) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for stored in &loaded.runs {
            let samples = loaded.store.samples(stored)?;
            for row in samples.rows()?.filter(|row| self.filter.takes_benchmark(row.benchmark)) {
                take(stored, row)?;
            }
        }
        Ok(())
    }
}

/// One sample as JSON.
#[derive(Serialize)]
struct Line<'l> {
    machine: &'l str,
    config: &'l str,
    run: &'l str,
    iteration: u32,
    benchmark: &'l str,
    operation: &'l str,
    interval: f64,
    value: f64,
}

impl<'l> Line<'l> {
    fn new(stored: &'l StoredRun, row: SampleRow<'l>) -> Line<'l> {
        let SampleRow { benchmark, operation, iteration, interval, value } = row;
        let run = &stored.run;
        let (machine, config, run) = (&run.machine, &run.config, &run.name);
        Line { machine, config, run, iteration, benchmark, operation, interval, value }
    }
}

/// Keeps the system's error, of which the writer of Parquet only tells in words: a closed pipe must
/// be known as one, and a full disk is no fault of the store.
struct Remembering<W> {
    out: W,
    failure: Option<io::Error>,
}

impl<W> Remembering<W> {
    fn remember<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let told = error.kind().into();
            self.failure.get_or_insert(error);
            told
        })
    }
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.remember(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.remember(result)
    }
}

/// Brings the system's error out of the CSV writer's, so that a closed pipe is known as one.
pub fn plain(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("{other:?}"),
    }
}
