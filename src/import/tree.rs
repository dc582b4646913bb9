//! Laying runs down as a tree of results.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ImportedRun, Sample, Wishes, better};
use crate::mmtests::imported::SAMPLES;
use crate::model::Direction;

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    /// Files of samples, relative to the results folder.
    pub files: Vec<PathBuf>,
    /// Samples in them.
    pub samples: usize,
    /// Files that were there before, and were left as they are.
    pub kept: Vec<PathBuf>,
    /// Operations of which nothing tells which way is better; more was taken for better.
    pub unsure: BTreeSet<String>,
}

/// How to write.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// What is said about operations.
    pub wishes: Wishes,
    /// Only say what would be written.
    pub dry_run: bool,
    /// Put runs in the place of those of the same names that were imported before.
    pub replace: bool,
}

#[derive(Serialize)]
struct RunToml<'r> {
    machine: &'r str,
    config: &'r str,
    imported: Imported<'r>,
}

#[derive(Serialize)]
struct Imported<'r> {
    from: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    facts: &'r std::collections::BTreeMap<String, String>,
}

/// Writes runs below a results folder, as `machine/config/run`. `from` names the tool.
pub fn write(root: &Path, runs: &[ImportedRun], from: &str, how: &How) -> io::Result<Written> {
    let mut written = Written::default();
    for run in runs {
        let place: PathBuf =
            [&run.machine, &run.config, &run.name].map(|name| folder(name)).iter().collect();
        let dir = root.join(&place);
        // Results of MMTests are nobody's to be added to.
        let is_own =
            fs::read_to_string(dir.join("run.toml")).is_ok_and(|text| text.contains("[imported]"));
        if dir.exists() && !is_own {
            return Err(io::Error::other(format!(
                "{}: there is a run that was not imported; give --machine, --config or --run another name",
                dir.display()
            )));
        }
        if run.iterations.is_empty() {
            continue;
        }
        let lay = Laying { root, place: &place, run, from, how };
        match dir.exists() && !how.replace {
            true => lay.add(&mut written)?,
            false => lay.make(&dir, &mut written)?,
        }
    }
    Ok(written)
}

/// A run on its way into the tree.
struct Laying<'r> {
    root: &'r Path,
    /// Its folder, relative to the root.
    place: &'r Path,
    run: &'r ImportedRun,
    from: &'r str,
    how: &'r How,
}

impl Laying<'_> {
    /// Makes the run beside its place, whole, and moves it there; what was there is gone then.
    fn make(&self, dir: &Path, written: &mut Written) -> io::Result<()> {
        let beside = |what: &str| {
            let name = dir.file_name().unwrap_or_default().to_string_lossy();
            dir.with_file_name(format!(".{name}.{what}"))
        };
        let (fresh, old) = (beside("unfinished"), beside("replaced"));
        if !self.how.dry_run {
            // What a killed import left.
            for left in [&fresh, &old] {
                remove(left)?;
            }
            put(&fresh.join("run.toml"), self.note()?.as_bytes())?;
        }
        for (logs, file, benchmark, samples) in self.files() {
            let text = table(benchmark, samples, &self.how.wishes, &mut written.unsure)?;
            if !self.how.dry_run {
                put(&fresh.join(logs), &text)?;
            }
            written.samples += samples.len();
            written.files.push(file);
        }
        if self.how.dry_run {
            return Ok(());
        }
        if dir.exists() {
            fs::rename(dir, &old)?;
        }
        fs::rename(&fresh, dir)?;
        remove(&old)
    }

    /// Adds what is not there yet to an imported run.
    fn add(&self, written: &mut Written) -> io::Result<()> {
        for (_, file, benchmark, samples) in self.files() {
            if self.root.join(&file).exists() {
                written.kept.push(file);
                continue;
            }
            let text = table(benchmark, samples, &self.how.wishes, &mut written.unsure)?;
            if !self.how.dry_run {
                put(&self.root.join(&file), &text)?;
            }
            written.samples += samples.len();
            written.files.push(file);
        }
        if !self.how.dry_run {
            put(&self.root.join(self.place).join("run.toml"), self.note()?.as_bytes())?;
        }
        Ok(())
    }

    /// Files of samples: in the run, and from the root; what they are of, and what is in them.
    fn files(&self) -> impl Iterator<Item = (PathBuf, PathBuf, &str, &[Sample])> {
        self.run.iterations.iter().flat_map(move |(iteration, benchmarks)| {
            benchmarks.iter().map(move |(benchmark, samples)| {
                let iteration = PathBuf::from(format!("iter-{iteration}"));
                let file = iteration.join(folder(benchmark)).join("logs").join(SAMPLES);
                (file.clone(), self.place.join(file), benchmark.as_str(), samples.as_slice())
            })
        })
    }

    fn note(&self) -> io::Result<String> {
        let ImportedRun { machine, config, started, facts, .. } = self.run;
        let imported = Imported { from: self.from, started: *started, facts };
        toml::to_string(&RunToml { machine, config, imported }).map_err(io::Error::other)
    }
}

/// Removes a folder, if it is there.
fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The samples of a benchmark as their file has them.
fn table(
    benchmark: &str,
    samples: &[Sample],
    wishes: &Wishes,
    unsure: &mut BTreeSet<String>,
) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let numbered = samples.iter().all(|sample| sample.interval.is_none());
    let header: &[&str] = match numbered {
        true => &["operation", "unit", "better", "value"],
        false => &["operation", "unit", "better", "interval", "value"],
    };
    out.write_record(header)?;
    for Sample { operation, unit, better: known, interval, value } in samples {
        let told = match known {
            Some(direction) => Some((*direction, unit.clone())),
            None => better(wishes, benchmark, operation, unit),
        };
        let (direction, unit) = told.unwrap_or_else(|| {
            unsure.insert(operation.clone());
            (Direction::Higher, unit.clone())
        });
        let word = if direction == Direction::Lower { "lower" } else { "higher" };
        let (interval, value) = (interval.map(|interval| interval.to_string()), value.to_string());
        let row =
            [Some(operation), Some(&unit), Some(&word.to_owned()), interval.as_ref(), Some(&value)];
        match numbered {
            true => out.write_record(row.into_iter().flatten())?,
            false => out.write_record(row.map(|cell| cell.map_or("", String::as_str)))?,
        }
    }
    out.into_inner().map_err(|error| error.into_error())
}

/// A folder for any name.
fn folder(name: &str) -> String {
    let safe = |c: char| if c == '/' || c == '\\' || c.is_control() { '-' } else { c };
    let name: String = name.trim().chars().map(safe).take(120).collect();
    match name.as_str() {
        "" => "unnamed".to_owned(),
        hidden if hidden.starts_with('.') => format!("_{hidden}"),
        // A folder of an iteration would be taken for one.
        iteration if iteration.starts_with("iter-") => format!("_{iteration}"),
        _ => name,
    }
}

/// Writes a file beside its place and renames it there when it is whole.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let names = ["..", "a/../../b", ".hidden", "", "a\nb", "iter-0", "6.1"].map(folder);
        let expected = ["_..", "a-..-..-b", "_.hidden", "unnamed", "a-b", "_iter-0", "6.1"];
        assert_eq!(names, expected);
    }
}
