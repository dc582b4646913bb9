//! `melbot monitors`: what MMTests' monitors saw, for other programs.

use std::io::{self, BufWriter, Write};

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::results::{Filter, ResultsArgs};
use super::{Ending, warn};
use crate::mmtests::FoundRun;
use crate::mmtests::monitor::{self, Monitor, Watched, of_run};
use crate::stats::robust;

/// Print what MMTests' monitors saw while benchmarks ran
///
/// vmstat, mpstat, iostat, perf stat, ftrace and the others of docs/BENCHMARKS.md as time series. Columns:
/// machine, config, run, iteration, benchmark, monitor, series, interval (seconds since the monitor
/// started), value.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot monitors work/log --monitor vmstat --benchmark dbench\n  \
    melbot monitors work/log --summary --format csv")]
pub struct Monitors {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    filter: Filter,
    /// Only this monitor; may be given more than once
    #[arg(long, value_name = "NAME")]
    monitor: Vec<String>,
    /// One line a series (samples, mean, min, median, max, first, last) instead of every value
    #[arg(long)]
    summary: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Tsv)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tab-separated values with a header.
    Tsv,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Json,
}

/// The columns of values, and of summaries: the fields of [`Line`] and of [`Summary`].
const COLUMNS: [&str; 9] = [
    "machine",
    "config",
    "run",
    "iteration",
    "benchmark",
    "monitor",
    "series",
    "interval",
    "value",
];
const SUMMARY: [&str; 14] = [
    "machine",
    "config",
    "run",
    "iteration",
    "benchmark",
    "monitor",
    "series",
    "samples",
    "mean",
    "min",
    "median",
    "max",
    "first",
    "last",
];

/// One value.
#[derive(Serialize)]
struct Line<'l> {
    machine: &'l str,
    config: &'l str,
    run: &'l str,
    iteration: u32,
    benchmark: &'l str,
    monitor: &'l str,
    series: &'l str,
    interval: f64,
    value: f64,
}

/// One series. `first` and `last` are what counts for a counter that only grows.
#[derive(Serialize)]
struct Summary<'l> {
    machine: &'l str,
    config: &'l str,
    run: &'l str,
    iteration: u32,
    benchmark: &'l str,
    monitor: &'l str,
    series: &'l str,
    samples: usize,
    mean: f64,
    min: f64,
    median: f64,
    max: f64,
    first: f64,
    last: f64,
}

impl Monitors {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let known: Vec<&str> = monitor::ALL.iter().map(|monitor| monitor.name).collect();
        if let Some(odd) = self.monitor.iter().find(|name| !known.contains(&name.as_str())) {
            bail!("no monitor {odd:?} is read; there are {}", known.join(", "));
        }
        let found = self.results.find(&self.filter)?;
        let columns = if self.summary { SUMMARY.as_slice() } else { &COLUMNS };
        let mut out = Rows::new(self.format, columns, io::stdout().lock())?;
        let mut lost = 0;
        for run in &found.discovery.runs {
            let wanted = |monitor: &Monitor, benchmark: &str| {
                (self.monitor.is_empty() || self.monitor.iter().any(|name| name == monitor.name))
                    && self.filter.takes_benchmark(benchmark)
            };
            for watched in of_run(run, wanted) {
                lost += watched.parsed.problems.len();
                for problem in &watched.parsed.problems {
                    warn(&super::judgement::told(problem));
                }
                self.print(run, &watched, &mut out)?;
            }
        }
        out.finish()?;
        Ok(if lost > 0 { Ending::Found } else { Ending::Fine })
    }

    fn print(
        &self,
        run: &FoundRun,
        watched: &Watched,
        out: &mut Rows<impl Write>,
    ) -> anyhow::Result<()> {
        let Watched { iteration, benchmark, monitor, parsed } = watched;
        let (machine, config, name) = (&run.place.machine, &run.place.config, &run.place.name);
        for series in parsed.samples.series() {
            let values: Vec<f64> = series.values.to_vec();
            let (Some(first), Some(last)) = (values.first(), values.last()) else { continue };
            if self.summary {
                out.row(&Summary {
                    machine,
                    config,
                    run: name,
                    iteration: *iteration,
                    benchmark,
                    monitor: monitor.name,
                    series: &series.operation,
                    samples: values.len(),
                    mean: values.iter().sum::<f64>() / values.len() as f64,
                    min: values.iter().copied().fold(f64::INFINITY, f64::min),
                    median: robust::median(&values).unwrap_or(*first),
                    max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    first: *first,
                    last: *last,
                })?;
                continue;
            }
            for (interval, value) in series.intervals.iter().zip(&values) {
                out.row(&Line {
                    machine,
                    config,
                    run: name,
                    iteration: *iteration,
                    benchmark,
                    monitor: monitor.name,
                    series: &series.operation,
                    interval,
                    value: *value,
                })?;
            }
        }
        Ok(())
    }
}

/// Rows on their way out.
enum Rows<W: Write> {
    Separated(Box<csv::Writer<W>>),
    Json(BufWriter<W>),
}

impl<W: Write> Rows<W> {
    /// The header is there without any row, too.
    fn new(format: Format, columns: &[&str], out: W) -> anyhow::Result<Rows<W>> {
        let separator = match format {
            Format::Tsv => b'\t',
            Format::Csv => b',',
            Format::Json => return Ok(Rows::Json(BufWriter::new(out))),
        };
        let mut builder = csv::WriterBuilder::new();
        let mut out = builder.delimiter(separator).has_headers(false).from_writer(out);
        out.write_record(columns).map_err(super::extract::plain)?;
        Ok(Rows::Separated(Box::new(out)))
    }

    fn row(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        match self {
            Rows::Separated(out) => out.serialize(row).map_err(super::extract::plain),
            Rows::Json(out) => {
                serde_json::to_writer(&mut *out, row).map_err(io::Error::from)?;
                Ok(out.write_all(b"\n")?)
            }
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Rows::Separated(mut out) => Ok(out.flush()?),
            Rows::Json(mut out) => Ok(out.flush()?),
        }
    }
}
