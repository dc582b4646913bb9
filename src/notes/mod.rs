//! What people say about alerts, in Markdown files beside the results; and in `words` on pages.
//!
//! `RESULTS/alerts/<id>.md` holds everything that was ever said about one alert: a front matter in
//! TOML that says which alert it is, and an entry for each word on it, oldest first:
//!
//! ```text
//! +++
//! id = "k3v9x2ma"
//! machine = "ivor"
//! config = "network-netperf"
//! benchmark = "netperf-udp"
//! direction = "regression"
//! last_good = "6.8"
//! first_bad = "6.9"
//! +++
//!
//! ## 2026-11-24T06:30:00Z · acknowledged · Jane Doe <jane@example.org>
//!
//! The new default of net.core.rmem_max; *being discussed* on the list.
//! ```
//!
//! The files are the only thing here that cannot be made again, so they are written whole and renamed
//! into place, entries are only ever added, and a file that cannot be understood is never written to.

mod date;
mod error;
mod file;
pub mod pending;
pub mod words;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::Problem;

pub use date::{is_date, utc, utc_of};
pub use error::NoteError;

/// Name of the folder in that of the results.
pub const FOLDER: &str = "alerts";
/// A file of notes has at most so many bytes.
const MAX_BYTES: u64 = 4 << 20;

/// What people think of an alert.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has looked at it.
    #[default]
    New,
    /// Somebody is looking at it.
    Acknowledged,
    /// The cause is known.
    Explained,
    /// It has been repaired, people say.
    Fixed,
    /// It was none.
    FalseAlarm,
}

impl State {
    /// All states, in the order in which an alert usually goes through them.
    pub const ALL: [State; 5] =
        [State::New, State::Acknowledged, State::Explained, State::Fixed, State::FalseAlarm];

    /// As files and the command line have it.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Acknowledged => "acknowledged",
            State::Explained => "explained",
            State::Fixed => "fixed",
            State::FalseAlarm => "false-alarm",
        }
    }

    /// The state that a word names; `false alarm` may be written with a blank.
    pub fn from_word(word: &str) -> Option<State> {
        let word = word.trim().to_ascii_lowercase().replace(' ', "-");
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Which alert a file is about: enough to know it again when its kernel was located anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Name of the alert.
    pub id: String,
    /// Machine.
    pub machine: String,
    /// Config.
    pub config: String,
    /// Benchmark.
    pub benchmark: String,
    /// `regression` or `improvement`.
    pub direction: String,
    /// Last good kernel when the first note was written.
    pub last_good: String,
    /// First bad kernel when the first note was written.
    pub first_bad: String,
}

/// One word on an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, as ISO 8601 has it: a day, or day and time in UTC.
    pub date: String,
    /// What the alert is from now on.
    pub state: State,
    /// Who says so.
    pub author: String,
    /// Why, in Markdown; may be empty.
    pub reason: String,
}

/// All that was said about one alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertNotes {
    /// The alert.
    pub subject: Subject,
    /// What was said, oldest first.
    pub entries: Vec<Entry>,
}

impl AlertNotes {
    /// The state as of the last entry.
    pub fn state(&self) -> State {
        self.entries.last().map_or(State::New, |entry| entry.state)
    }
}

/// All notes of a folder, and what could not be read of them.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// By name of the alert.
    pub alerts: Vec<AlertNotes>,
    /// Paths are relative to the folder above.
    pub problems: Vec<Problem>,
}

impl Notes {
    /// Reads a folder; one that is not there holds no notes. What cannot be read of one file loses
    /// nothing of the others.
    pub fn read(folder: &Path) -> Notes {
        let mut notes = Notes::default();
        let paths = match paths(folder) {
            Ok(paths) => paths,
            Err(error) => {
                notes.problems.push(file::problem(
                    &file::shown(folder),
                    None,
                    format!("notes on alerts cannot be read: {error}"),
                    "make the folder readable for the user who runs melbot",
                ));
                return notes;
            }
        };
        for path in paths {
            match file::read(&path, &mut notes.problems) {
                Some(alert) if notes.of(&alert.subject.id).is_some() => {
                    let id = &alert.subject.id;
                    notes.problems.push(file::problem(
                        &file::shown(&path),
                        Some(2),
                        format!("another file is about alert {id:?}: this one was left out"),
                        "move its entries to the other file, and remove it",
                    ));
                }
                Some(alert) => notes.alerts.push(alert),
                None => {}
            }
        }
        notes
    }

    /// The notes on an alert.
    pub fn of(&self, id: &str) -> Option<&AlertNotes> {
        self.alerts.iter().find(|notes| notes.subject.id == id)
    }
}

/// Adds an entry to the notes on an alert, and gives the file that it went to.
pub fn append(folder: &Path, subject: &Subject, entry: &Entry) -> Result<PathBuf, NoteError> {
    file::append(folder, subject, entry)
}

/// What is named like a file of notes in a folder, in the order of the names, whatever it is: what is
/// no file is complained about when it is read.
fn paths(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
