//! The three CSV files that hold series.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::analysis::changes::{Kernel, SeriesData, Tree};
use crate::model::Direction;

/// A name within a suite.
type Key = (String, String);

/// What a series is called.
#[derive(Debug)]
pub struct Name {
    /// Empty where the files have no such column.
    pub suite: String,
    /// Within the suite.
    pub series: String,
}

/// The files, put together.
#[derive(Debug)]
pub struct Tables {
    /// All kernels.
    pub tree: Tree,
    /// Of each series, in the order of series.csv.
    pub names: Vec<Name>,
    about: Vec<(usize, Direction)>,
    /// Samples by kernel and boot, of each series.
    samples: Vec<BTreeMap<(usize, String), Vec<f64>>>,
    /// What no verdict will show.
    pub warnings: Vec<String>,
}

const KERNEL_COLUMNS: &str = "kernel, track, pos and parent";
const SERIES_COLUMNS: &str = "series, machine, benchmark and better";
const SAMPLE_COLUMNS: &str = "series, kernel, boot and value";

#[derive(Deserialize)]
struct KernelRow {
    #[serde(default)]
    suite: String,
    kernel: String,
    track: String,
    pos: usize,
    #[serde(default)]
    parent: String,
}

#[derive(Deserialize)]
struct SeriesRow {
    #[serde(default)]
    suite: String,
    series: String,
    #[serde(default)]
    machine: String,
    #[serde(default)]
    benchmark: String,
    better: Direction,
}

#[derive(Deserialize)]
struct SampleRow {
    #[serde(default)]
    suite: String,
    series: String,
    kernel: String,
    #[serde(default)]
    boot: String,
    value: f64,
}

impl Tables {
    /// Reads the files of a folder.
    ///
    /// # Errors
    ///
    /// A file is missing, a line does not have the columns, or it names what is not there.
    pub fn read(dir: &Path) -> anyhow::Result<Tables> {
        let (tree, kernels) = kernels(dir)?;
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut groups: HashMap<(String, String, String), usize> = HashMap::new();
        let mut tables =
            Tables { tree, names: vec![], about: vec![], samples: vec![], warnings: vec![] };
        rows(dir, "series.csv", SERIES_COLUMNS, |row: SeriesRow, _| {
            let next = groups.len();
            let group = (row.suite.clone(), row.machine, row.benchmark);
            let group = *groups.entry(group).or_insert(next);
            let place = tables.names.len();
            if places.insert((row.suite.clone(), row.series.clone()), place).is_some() {
                bail!("the series {} is listed twice: leave one of them out", row.series);
            }
            tables.names.push(Name { suite: row.suite, series: row.series });
            tables.about.push((group, row.better));
            tables.samples.push(BTreeMap::new());
            Ok(())
        })?;
        let mut not_finite: Vec<u64> = Vec::new();
        rows(dir, "samples.csv", SAMPLE_COLUMNS, |row: SampleRow, line| {
            let missing = |what: &str, list: &str| {
                anyhow!("{what} is not in {list}: add a line for it there, or leave this one out")
            };
            let key = (row.suite, row.kernel);
            let kernel = *kernels.get(&key).ok_or_else(|| missing(&key.1, "kernels.csv"))?;
            let key = (key.0, row.series);
            let place = *places.get(&key).ok_or_else(|| missing(&key.1, "series.csv"))?;
            if row.value.is_finite() {
                tables.samples[place].entry((kernel, row.boot)).or_default().push(row.value);
            } else {
                not_finite.push(line);
            }
            Ok(())
        })?;
        tables.warn(not_finite);
        Ok(tables)
    }

    /// Says what was left out.
    fn warn(&mut self, not_finite: Vec<u64>) {
        let mut warn = |count: usize, what: String| {
            self.warnings.extend((count > 0).then_some(what));
        };
        let first = not_finite.first().copied().unwrap_or(0);
        let count = not_finite.len();
        warn(
            count,
            format!("{count} values that are no numbers, the first in line {first} of samples.csv"),
        );
        let mut empty = self.names.iter().zip(&self.samples).filter(|(_, all)| all.is_empty());
        let first = empty.next().map_or("", |(name, _)| &name.series);
        let count = empty.count() + usize::from(!first.is_empty());
        warn(count, format!("{count} series without a sample, the first {first}"));
    }

    /// The series as the engine wants them.
    pub fn series(&self) -> Vec<SeriesData<'_>> {
        let each = self.about.iter().zip(&self.samples);
        each.map(|(about, samples)| one_series(*about, samples)).collect()
    }
}

fn one_series(
    (group, direction): (usize, Direction),
    samples: &BTreeMap<(usize, String), Vec<f64>>,
) -> SeriesData<'_> {
    let mut by_kernel: BTreeMap<usize, Vec<&[f64]>> = BTreeMap::new();
    for ((kernel, _), boot) in samples {
        by_kernel.entry(*kernel).or_default().push(boot);
    }
    SeriesData { group, direction, observations: by_kernel.into_iter().collect() }
}

/// The tree of kernels, and the place of each.
fn kernels(dir: &Path) -> anyhow::Result<(Tree, HashMap<Key, usize>)> {
    let mut tree = Tree::default();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut tracks: HashMap<Key, usize> = HashMap::new();
    let mut parents: Vec<(Key, u64)> = Vec::new();
    rows(dir, "kernels.csv", KERNEL_COLUMNS, |row: KernelRow, line| {
        let next = tracks.len();
        let track = *tracks.entry((row.suite.clone(), row.track)).or_insert(next);
        let place = tree.kernels.len();
        if places.insert((row.suite.clone(), row.kernel.clone()), place).is_some() {
            bail!("the kernel {} is listed twice: leave one of them out", row.kernel);
        }
        parents.push(((row.suite, row.parent), line));
        tree.kernels.push(Kernel { name: row.kernel, track, parent: None, order: row.pos });
        Ok(())
    })?;
    for (kernel, (parent, line)) in tree.kernels.iter_mut().zip(&parents) {
        kernel.parent = places.get(parent).copied();
        ensure!(
            kernel.parent.is_some() || parent.1.is_empty(),
            "kernels.csv, line {line}: {} is made from {}, which is not listed: add it, or leave \
             the parent empty",
            kernel.name,
            parent.1
        );
    }
    for (at, (_, line)) in parents.iter().enumerate() {
        let kernel = &tree.kernels[at];
        let in_loop = kernel.parent == Some(at) || tree.ancestors(at).any(|up| up == at);
        ensure!(
            !in_loop,
            "kernels.csv, line {line}: {} is made from itself, by way of its parents: the oldest \
             kernel has none",
            kernel.name
        );
    }
    Ok((tree, places))
}

/// Calls `take` for each line of a file, or of its compressed form, with the number of the line.
fn rows<Row: DeserializeOwned>(
    dir: &Path,
    name: &str,
    columns: &str,
    mut take: impl FnMut(Row, u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let plain = dir.join(name);
    let (path, input): (_, Box<dyn Read>) = match File::open(&plain) {
        Ok(file) => (plain, Box::new(file)),
        Err(error) => {
            let packed = dir.join(format!("{name}.gz"));
            // The plain name is the one that people look for.
            let file = File::open(&packed).map_err(|_| error);
            let file = file.with_context(|| {
                format!("{} cannot be read: it has the columns {columns}", plain.display())
            })?;
            (packed, Box::new(MultiGzDecoder::new(file)))
        }
    };
    let path = path.display();
    let mut reader = csv::Reader::from_reader(input);
    let headers = reader.headers().with_context(|| path.to_string())?.clone();
    ensure!(!headers.is_empty(), "{path} is empty: its first line names the columns {columns}");
    let bad = |error: csv::Error, line: u64| {
        let what = what(&error);
        anyhow!("{path}, line {line}: {what}: every line has the columns {columns}")
    };
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(|error| bad(error, line))? {
            return Ok(());
        }
        let line = record.position().map_or(line, |position| position.line());
        let row = record.deserialize(Some(&headers)).map_err(|error| bad(error, line))?;
        take(row, line).with_context(|| format!("{path}, line {line}"))?;
    }
}

/// What is wrong, without the place.
fn what(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, and {expected_len} in the first line")
        }
        _ => error.to_string(),
    }
}
