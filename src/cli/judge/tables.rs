//! The three CSV files that hold series.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
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
}

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
        let mut tables = Tables { tree, names: vec![], about: vec![], samples: vec![] };
        rows(dir, "series.csv", |row: SeriesRow| {
            let next = groups.len();
            let group = (row.suite.clone(), row.machine, row.benchmark);
            let group = *groups.entry(group).or_insert(next);
            let place = tables.names.len();
            if places.insert((row.suite.clone(), row.series.clone()), place).is_some() {
                bail!("the series {} is listed twice", row.series);
            }
            tables.names.push(Name { suite: row.suite, series: row.series });
            tables.about.push((group, row.better));
            tables.samples.push(BTreeMap::new());
            Ok(())
        })?;
        rows(dir, "samples.csv", |row: SampleRow| {
            let key = (row.suite, row.kernel);
            let kernel =
                *kernels.get(&key).ok_or_else(|| anyhow!("{} is not in kernels.csv", key.1))?;
            let key = (key.0, row.series);
            let place =
                *places.get(&key).ok_or_else(|| anyhow!("{} is not in series.csv", key.1))?;
            tables.samples[place].entry((kernel, row.boot)).or_default().push(row.value);
            Ok(())
        })?;
        Ok(tables)
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
    let mut parents: Vec<Key> = Vec::new();
    rows(dir, "kernels.csv", |row: KernelRow| {
        let next = tracks.len();
        let track = *tracks.entry((row.suite.clone(), row.track)).or_insert(next);
        let place = tree.kernels.len();
        if places.insert((row.suite.clone(), row.kernel.clone()), place).is_some() {
            bail!("the kernel {} is listed twice", row.kernel);
        }
        parents.push((row.suite, row.parent));
        tree.kernels.push(Kernel { name: row.kernel, track, parent: None, order: row.pos });
        Ok(())
    })?;
    for (kernel, parent) in tree.kernels.iter_mut().zip(&parents) {
        kernel.parent = places.get(parent).copied();
        if kernel.parent.is_none() && !parent.1.is_empty() {
            bail!("kernels.csv: {} is made from {}, which is not listed", kernel.name, parent.1);
        }
    }
    Ok((tree, places))
}

/// Calls `take` for each line of a file, or of its compressed form.
fn rows<Row: DeserializeOwned>(
    dir: &Path,
    name: &str,
    mut take: impl FnMut(Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let plain = dir.join(name);
    let (path, input): (_, Box<dyn Read>) = match File::open(&plain) {
        Ok(file) => (plain, Box::new(file)),
        Err(error) => {
            let packed = dir.join(format!("{name}.gz"));
            // The plain name is the one that people look for.
            let file = File::open(&packed).map_err(|_| error);
            let file = file.with_context(|| format!("{} cannot be read", plain.display()))?;
            (packed, Box::new(MultiGzDecoder::new(file)))
        }
    };
    let mut reader = csv::Reader::from_reader(input);
    for row in reader.deserialize() {
        let row = row.with_context(|| path.display().to_string())?;
        take(row).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
