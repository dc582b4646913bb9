//! `lab.toml` in the folder of a search: how its kernels are built and measured in a lab, and how it goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bisect;
use crate::client::JobFile;
use crate::coordinator::desk::Desk;
use crate::lab::{LabError, write_whole};

/// Its name in the folder of a search.
const FILE: &str = "lab.toml";

/// Who began a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Somebody.
    Hand,
    /// The policy of the lab: its hours count.
    Policy,
}

/// How far a search is in the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It goes on, as soon as its machine has no earlier one.
    Running,
    /// Somebody paused it.
    Paused,
    /// Something has to be seen to first.
    Stopped,
    /// Somebody gave it up.
    Aborted,
    /// It came to its end.
    Over,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 5] =
        [Stage::Running, Stage::Paused, Stage::Stopped, Stage::Aborted, Stage::Over];

    /// As `lab.toml` and people have it.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::Paused => "paused",
            Stage::Stopped => "stopped",
            Stage::Aborted => "aborted",
            Stage::Over => "over",
        }
    }
}

/// How the kernels of a search are built and measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Who began it.
    pub by: By,
    /// When, in milliseconds since 1970.
    pub began: i64,
    /// How far it is.
    pub stage: Stage,
    /// Why it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How often it was resumed after it stopped: what failed before is then tried again.
    #[serde(default)]
    pub resumed: u32,
    /// More of the config is run than it began with, for the ends did not differ by what was run.
    #[serde(default)]
    pub widened: bool,
    /// Name of the watched tree.
    pub tree: String,
    /// Name of the configuration of the kernel.
    pub kconfig: String,
    /// The culprit and what it is set against are built and measured with another code layout at last.
    #[serde(default)]
    pub layout: bool,
    /// Of its jobs.
    pub priority: i64,
    /// What is run, but for the kernel.
    pub job: JobFile,
}

impl Assignment {
    /// That of a search; `None` if it is not one of the lab's.
    pub fn read(folder: &Path) -> Result<Option<Assignment>, LabError> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LabError::file(&path)(error)),
        };
        toml::from_str(&text).map(Some).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
            LabError::new(
                format!("{}:{line}: {}", path.display(), error.message().trim()),
                "correct it, or move the folder of the search away",
            )
        })
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, folder: &Path) -> Result<(), LabError> {
        let path = folder.join(FILE);
        let text = toml::to_string(self).map_err(|error| {
            LabError::new(format!("{}: {error}", path.display()), "tell the authors of melbot")
        })?;
        write_whole(&path, text.as_bytes())
    }

    /// Lets more of the config be run, where what was to measure one operation alone does not measure it; `false`
    /// if it is all of it already. What failed is then tried again.
    pub fn widen(&mut self, benchmark: &str, operation: &str) -> bool {
        let set = &mut self.job.mmtests.set;
        let narrowed = bisect::narrow(benchmark, operation);
        let limits = narrowed.keys().filter(|name| *name != bisect::BENCHMARKS);
        let limits: Vec<&String> = limits.filter(|name| set.contains_key(*name)).collect();
        let widened = match limits.is_empty() {
            true => set.remove(bisect::BENCHMARKS).is_some(),
            false => {
                limits.into_iter().for_each(|name| drop(set.remove(name)));
                true
            }
        };
        self.resumed += u32::from(widened);
        widened
    }

    /// The machine that it is for.
    pub fn machine(&self) -> &str {
        self.job.machines.first().map_or("", String::as_str)
    }
}

/// The folders of the searches of a lab that go through its queue, by name, with what is wrong with those that
/// cannot be read.
pub fn all(desk: &Desk) -> Vec<(PathBuf, Result<Assignment, LabError>)> {
    let entries = fs::read_dir(desk.results().join(bisect::FOLDER)).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    let read = |folder: PathBuf| {
        let assignment = Assignment::read(&folder).transpose()?;
        Some((folder, assignment))
    };
    folders.into_iter().filter_map(read).collect()
}

/// Those of them that can be read.
pub fn readable(desk: &Desk) -> Vec<(PathBuf, Assignment)> {
    let read =
        |(folder, assignment): (PathBuf, Result<_, LabError>)| Some((folder, assignment.ok()?));
    all(desk).into_iter().filter_map(read).collect()
}
