//! A search on disk: what is searched for, and a journal of everything that happened.
//!
//! The journal is only ever appended to and each line is on the disk before the next step is taken, so
//! that a search that was killed at any moment goes on where it was. A last line that was cut off is
//! what was being written then, and is dropped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::candidates::{self, CandidatesError};
use super::search::{Event, Place, Search, Settings};

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The git tree.
    pub tree: PathBuf,
    /// Full name of the good end.
    pub good: String,
    /// Full name of the bad end.
    pub bad: String,
    /// What is measured, in words.
    #[serde(default)]
    pub metric: String,
}

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Full name of the commit.
    commit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skip: Option<String>,
}

/// Why a session cannot be used.
#[derive(Debug, Error)]
pub enum SessionError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path}{line}: {what}; correct the line, or begin again in another folder")]
    Content {
        /// Which.
        path: String,
        /// `:LINE`, if known.
        line: String,
        /// What is wrong.
        what: String,
    },
    /// There is a session already.
    #[error("{0} holds a search already; go on with it, or name another folder")]
    Taken(String),
    /// The git tree.
    #[error(transparent)]
    Candidates(#[from] CandidatesError),
    /// A commit that is no part of the search.
    #[error("{0} is neither the good end nor one of the commits in question")]
    Foreign(String),
    /// No number.
    #[error("{0} is no measurement: a finite number is wanted")]
    NoNumber(f64),
}

/// A search on disk.
#[derive(Debug)]
pub struct Session {
    folder: PathBuf,
    /// What is searched for.
    pub subject: Subject,
    /// Its state.
    pub search: Search,
}

const SUBJECT: &str = "bisect.toml";
const JOURNAL: &str = "journal.jsonl";

impl Session {
    /// Begins a search in a folder, which is made if need be.
    pub fn start(
        folder: &Path,
        tree: &Path,
        (good, bad): (&str, &str),
        metric: &str,
    ) -> Result<Session, SessionError> {
        if folder.join(SUBJECT).exists() {
            return Err(SessionError::Taken(folder.display().to_string()));
        }
        let subject = Subject {
            tree: fs::canonicalize(tree).map_err(|e| failed(tree, e))?,
            good: candidates::resolve(tree, good)?,
            bad: candidates::resolve(tree, bad)?,
            metric: metric.to_owned(),
        };
        let commits = candidates::candidates(tree, &subject.good, &subject.bad)?;
        fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let path = folder.join(SUBJECT);
        let text = toml::to_string(&subject).map_err(|e| content(&path, None, e.to_string()))?;
        fs::write(&path, text).map_err(|e| failed(&path, e))?;
        let search = Search::new(commits, Settings::default());
        Ok(Session { folder: folder.to_owned(), subject, search })
    }

    /// Opens a search where it was left.
    pub fn open(folder: &Path) -> Result<Session, SessionError> {
        let path = folder.join(SUBJECT);
        let text = fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
        let subject: Subject =
            toml::from_str(&text).map_err(|e| content(&path, None, e.message().to_owned()))?;
        let commits = candidates::candidates(&subject.tree, &subject.good, &subject.bad)?;
        let search = Search::new(commits, Settings::default());
        let mut session = Session { folder: folder.to_owned(), subject, search };
        session.replay()?;
        Ok(session)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The full name of a place.
    pub fn name(&self, place: Place) -> &str {
        match place {
            Place::Good => &self.subject.good,
            Place::Commit(at) => self.search.commits().name(at),
        }
    }

    /// The place of a commit by its full name, or by a start that only it has.
    pub fn place(&self, name: &str) -> Result<Place, SessionError> {
        let foreign = || SessionError::Foreign(name.to_owned());
        if name.len() >= 7 && self.subject.good.starts_with(name) {
            return Ok(Place::Good);
        }
        let commits = self.search.commits();
        let mut found = (0..commits.count()).filter(|at| commits.name(*at).starts_with(name));
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(Place::Commit(at)),
            _ => Err(foreign()),
        }
    }

    /// Writes down a measurement.
    pub fn measured(&mut self, at: Place, value: f64) -> Result<(), SessionError> {
        if !value.is_finite() {
            return Err(SessionError::NoNumber(value));
        }
        self.append(&Entry { commit: self.name(at).to_owned(), value: Some(value), skip: None })?;
        self.search.record(Event::Measured { at, value });
        Ok(())
    }

    /// Writes down that a commit cannot be measured, and why.
    pub fn skipped(&mut self, at: usize, reason: &str) -> Result<(), SessionError> {
        let commit = self.name(Place::Commit(at)).to_owned();
        self.append(&Entry { commit, value: None, skip: Some(reason.to_owned()) })?;
        self.search.record(Event::Skipped(at));
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<(), SessionError> {
        let path = self.folder.join(JOURNAL);
        let mut line = serde_json::to_string(entry)
            .map_err(|error| content(&path, None, error.to_string()))?;
        line.push('\n');
        let write = || -> io::Result<()> {
            self.drop_torn_line(&path)?;
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        write().map_err(|error| failed(&path, error))
    }

    /// Cuts off what a killed writer left without an end of line.
    fn drop_torn_line(&self, path: &Path) -> io::Result<()> {
        let Ok(text) = fs::read(path) else { return Ok(()) };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            File::options().write(true).open(path)?.set_len(whole as u64)?;
        }
        Ok(())
    }

    fn replay(&mut self) -> Result<(), SessionError> {
        let path = self.folder.join(JOURNAL);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&path, error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in (1..).zip(whole.lines()) {
            let wrong = |what: String| content(&path, Some(number), what);
            let entry: Entry = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
            let at = self.place(&entry.commit).map_err(|e| wrong(e.to_string()))?;
            match (entry.value, entry.skip, at) {
                (Some(value), None, at) => self.search.record(Event::Measured { at, value }),
                (None, Some(_), Place::Commit(at)) => self.search.record(Event::Skipped(at)),
                _ => return Err(wrong("neither a value nor a skipped commit".to_owned())),
            }
        }
        Ok(())
    }
}

fn failed(path: &Path, source: io::Error) -> SessionError {
    SessionError::File { path: path.display().to_string(), source }
}

fn content(path: &Path, line: Option<u64>, what: String) -> SessionError {
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    SessionError::Content { path: path.display().to_string(), line, what }
}
