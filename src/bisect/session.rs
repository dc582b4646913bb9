//! A search on disk: what is searched for, and a journal of everything that happened.
//!
//! The journal is only ever appended to and each line is on the disk before the next step is taken, so
//! that a search that was killed at any moment goes on where it was. A last line that was cut off is
//! what was being written then, and is dropped.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use super::candidates::{self, CandidatesError, Described};
use super::commits::{BadGraph, Commits};
use super::entry::{Check, Entry};
use super::lock::{Lock, LockError};
use super::search::Search;
use super::steps::{Event, Place, Settings};
use super::subject::{Alerted, Subject};
use crate::mmtests::{self, printable};
use crate::notes;
use crate::stats::robust;

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
    /// Somebody else's folder.
    #[error("{0} is not empty; name a folder that is to be made for the search")]
    NotEmpty(String),
    /// Another process.
    #[error("{0}: another melbot works on this search; wait for it to end")]
    Busy(String),
    /// There is a session already.
    #[error("{0} holds a search already; go on with it, or name another folder")]
    Taken(String),
    /// The git tree.
    #[error(transparent)]
    Candidates(#[from] CandidatesError),
    /// There is nothing between the ends.
    #[error("nothing to search between {good} and {bad}: {reason}")]
    Ends {
        /// The good end.
        good: String,
        /// The bad end.
        bad: String,
        /// Why.
        reason: BadGraph,
    },
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
    good: Described,
    commits: Vec<Described>,
    journal: Vec<Entry>,
    /// Held by the one process that works on it.
    #[expect(dead_code, reason = "it is there to be let go at the end")]
    lock: Option<Lock>,
}

/// So many builds and measurements tell what a build costs.
const TIMED: usize = 3;

const SUBJECT: &str = mmtests::SEARCH;
/// The good end, and the commits in question: what they were when the search began.
const COMMITS: &str = "commits.jsonl";
const JOURNAL: &str = "journal.jsonl";
/// No file of a search is larger.
const LARGEST: u64 = 256 << 20;

impl Session {
    /// Begins a search in a folder, which is made if need be.
    pub fn start(
        folder: &Path,
        tree: &Path,
        (good, bad): (&str, &str),
        (metric, alert): (&str, Option<Alerted>),
    ) -> Result<Session, SessionError> {
        if folder.join(SUBJECT).exists() {
            return Err(SessionError::Taken(folder.display().to_string()));
        }
        let used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if used {
            return Err(SessionError::NotEmpty(folder.display().to_string()));
        }
        let repair = candidates::is_backwards(tree, good, bad)?;
        let (good, bad) = if repair { (bad, good) } else { (good, bad) };
        let subject = Subject {
            tree: fs::canonicalize(tree).map_err(|e| failed(tree, e))?,
            good: candidates::resolve(tree, good)?,
            bad: candidates::resolve(tree, bad)?,
            repair,
            metric: printable(OsStr::new(metric)),
            alert,
        };
        let (good, commits) = candidates::candidates(tree, &subject.good, &subject.bad)?;
        let search = search(&subject, &commits)?;
        fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let path = folder.join(COMMITS);
        let mut text = String::new();
        for commit in std::iter::once(&good).chain(&commits) {
            text +=
                &serde_json::to_string(commit).map_err(|e| content(&path, None, e.to_string()))?;
            text.push('\n');
        }
        fs::write(&path, text).map_err(|e| failed(&path, e))?;
        // Last, for it is what makes the folder one of a search.
        let path = folder.join(SUBJECT);
        let text = toml::to_string(&subject).map_err(|e| content(&path, None, e.to_string()))?;
        fs::write(&path, text).map_err(|e| failed(&path, e))?;
        let journal = Vec::new();
        let folder = folder.to_owned();
        Ok(Session { folder, subject, search, good, commits, journal, lock: None })
    }

    /// Opens a search where it was left.
    pub fn open(folder: &Path) -> Result<Session, SessionError> {
        let path = folder.join(SUBJECT);
        let subject: Subject = toml::from_str(&read(&path)?)
            .map_err(|e| content(&path, None, e.message().to_owned()))?;
        let path = folder.join(COMMITS);
        let kept = read(&path)?;
        let mut commits = Vec::new();
        for (number, line) in (1..).zip(kept.lines()) {
            let commit: Described = serde_json::from_str(line)
                .map_err(|error| content(&path, Some(number), error.to_string()))?;
            commits.push(commit);
        }
        if commits.is_empty() {
            return Err(content(&path, None, "it is empty".to_owned()));
        }
        let good = commits.remove(0);
        let last = commits.last().map(|commit| commit.commit.as_str());
        if good.commit != subject.good || last != Some(subject.bad.as_str()) {
            let what = format!("it does not reach from {} to {}", subject.good, subject.bad);
            return Err(content(&path, None, what));
        }
        let search = search(&subject, &commits)?;
        let journal = Vec::new();
        let folder = folder.to_owned();
        let mut session = Session { folder, subject, search, good, commits, journal, lock: None };
        session.replay()?;
        Ok(session)
    }

    /// Opens a search to work on it, and keeps other processes from doing so as long as it lives.
    pub fn own(folder: &Path) -> Result<Session, SessionError> {
        // No lock is left in a folder that holds no search.
        Session::open(folder)?;
        let lock = lock(folder)?;
        // Again, for another process may have worked on it until now.
        Ok(Session { lock: Some(lock), ..Session::open(folder)? })
    }

    /// `true` if a folder holds a search.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(SUBJECT).is_file()
    }

    /// The files in its folder that it is made of.
    pub fn files(folder: &Path) -> [PathBuf; 3] {
        [folder.join(SUBJECT), folder.join(COMMITS), folder.join(JOURNAL)]
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

    /// What is known of a place.
    pub fn described(&self, place: Place) -> &Described {
        match place {
            Place::Good => &self.good,
            Place::Commit(at) => &self.commits[at],
        }
    }

    /// The place of what a person names: as [`Session::place`] takes it, or as the git tree does.
    pub fn named(&self, name: &str) -> Result<Place, SessionError> {
        self.place(name).or_else(|foreign| match candidates::resolve(&self.subject.tree, name) {
            Ok(commit) => self.place(&commit).map_err(|_| foreign),
            Err(_) => Err(foreign),
        })
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

    /// Everything that happened.
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// Hours that builds and measurements took.
    pub fn hours(&self) -> f64 {
        self.journal.iter().filter_map(|entry| entry.seconds).sum::<f64>() / 3600.0
    }

    /// The image of a place, if it was built.
    pub fn image(&self, at: Place) -> Option<&str> {
        let name = self.name(at);
        let built = self.journal.iter().rev().filter(|entry| entry.commit == name);
        built.filter_map(|entry| entry.image.as_deref()).next()
    }

    /// What became of the bad end without a commit.
    pub fn reverts(&self, at: usize) -> impl Iterator<Item = &Check> {
        let name = self.name(Place::Commit(at));
        let of_it = self.journal.iter().filter(move |entry| entry.commit == name);
        of_it.filter_map(|entry| entry.revert.as_ref())
    }

    /// What became of a place that was built with another code layout.
    pub fn relaid(&self, at: Place) -> impl Iterator<Item = &Check> {
        let name = self.name(at);
        let of_it = self.journal.iter().filter(move |entry| entry.commit == name);
        of_it.filter_map(|entry| entry.layout.as_ref())
    }

    /// Writes down a measurement and how many seconds it took, if known.
    pub fn measured(
        &mut self,
        at: Place,
        value: f64,
        seconds: Option<f64>,
    ) -> Result<(), SessionError> {
        self.measured_together(at, &[value], seconds)
    }

    /// Writes down measurements that came home together, all or none, and how many seconds each took.
    pub fn measured_together(
        &mut self,
        at: Place,
        values: &[f64],
        seconds: Option<f64>,
    ) -> Result<(), SessionError> {
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(SessionError::NoNumber(*value));
        }
        let entry = |value: &f64| Entry { value: Some(*value), seconds, ..self.entry(at) };
        self.add_all(values.iter().map(entry).collect())
    }

    /// Writes down that a commit cannot be measured, and why.
    pub fn skipped(&mut self, at: usize, reason: &str) -> Result<(), SessionError> {
        self.add(Entry {
            skip: Some(printable(OsStr::new(reason))),
            ..self.entry(Place::Commit(at))
        })
    }

    /// Writes down that a kernel was built, the hash of its image as 16 hexadecimal digits, and how many
    /// seconds it took, unless it was there before.
    pub fn built(
        &mut self,
        at: Place,
        image: &str,
        seconds: Option<f64>,
    ) -> Result<(), SessionError> {
        self.add(Entry { image: Some(image.to_owned()), seconds, ..self.entry(at) })
    }

    /// Writes down what became of the bad end without a commit.
    pub fn reverted(
        &mut self,
        at: usize,
        reverts: Vec<Check>,
        seconds: Option<f64>,
    ) -> Result<(), SessionError> {
        let of_it =
            |revert| Entry { revert: Some(revert), seconds, ..self.entry(Place::Commit(at)) };
        self.add_all(reverts.into_iter().map(of_it).collect())
    }

    /// Writes down what became of a place that was built with another code layout.
    pub fn relaid_as(
        &mut self,
        at: Place,
        checks: Vec<Check>,
        seconds: Option<f64>,
    ) -> Result<(), SessionError> {
        let of_it = |check| Entry { layout: Some(check), seconds, ..self.entry(at) };
        self.add_all(checks.into_iter().map(of_it).collect())
    }

    /// Writes down that more of the config is run from now on, and why: what was measured so far does not count.
    pub fn widen(&mut self, reason: &str) -> Result<(), SessionError> {
        let widened = Some(printable(OsStr::new(reason)));
        self.add(Entry { widened, ..self.entry(Place::Good) })
    }

    /// Why more of the config is run than it began with, if so.
    pub fn widened(&self) -> Option<&str> {
        self.journal.iter().rev().find_map(|entry| entry.widened.as_deref())
    }

    fn entry(&self, at: Place) -> Entry {
        let time = notes::utc(SystemTime::now());
        Entry { time, commit: self.name(at).to_owned(), ..Entry::default() }
    }

    fn add(&mut self, entry: Entry) -> Result<(), SessionError> {
        self.add_all(vec![entry])
    }

    fn add_all(&mut self, entries: Vec<Entry>) -> Result<(), SessionError> {
        let wrong = |what| content(&self.folder.join(JOURNAL), None, what);
        let events: Result<Vec<Option<Event>>, String> =
            entries.iter().map(|entry| self.event(entry)).collect();
        let events = events.map_err(wrong)?;
        self.append(&entries)?;
        entries.into_iter().zip(events).for_each(|(entry, event)| self.take(entry, event));
        Ok(())
    }

    /// What an entry means to the search; the error is a sentence.
    fn event(&self, entry: &Entry) -> Result<Option<Event>, String> {
        let at = self.place(&entry.commit).map_err(|error| error.to_string())?;
        let Entry { value, skip, image, revert, layout, widened, .. } = entry;
        match (value, skip, image, revert, layout, widened) {
            (Some(value), None, None, None, None, None) => {
                Ok(Some(Event::Measured { at, value: *value }))
            }
            (None, Some(_), None, None, None, None) => match at {
                Place::Commit(at) => Ok(Some(Event::Skipped(at))),
                Place::Good => Err("the good end cannot be left out".to_owned()),
            },
            (None, None, Some(image), None, None, None) => match u64::from_str_radix(image, 16) {
                Ok(image) => Ok(Some(Event::Built { at, image })),
                Err(_) => Err(format!("{image:?} is no hash of 16 hexadecimal digits")),
            },
            (None, None, None, Some(_), None, None) | (None, None, None, None, Some(_), None) => {
                Ok(None)
            }
            (None, None, None, None, None, Some(_)) => Ok(Some(Event::Widened)),
            _ => Err("exactly one of value, skip, image, revert, layout and widened is wanted"
                .to_owned()),
        }
    }

    fn take(&mut self, entry: Entry, event: Option<Event>) {
        event.into_iter().for_each(|event| self.search.record(event));
        self.journal.push(entry);
        let seconds = |kind: fn(&&Entry) -> bool| -> Option<f64> {
            let all: Vec<f64> =
                self.journal.iter().filter(kind).filter_map(|entry| entry.seconds).collect();
            robust::median(&all).filter(|_| all.len() >= TIMED)
        };
        let build = seconds(|entry| entry.image.is_some());
        let measurement = seconds(|entry| entry.value.is_some());
        if let (Some(build), Some(measurement)) = (build, measurement) {
            self.search.set_build_cost(build / measurement.max(1e-3));
        }
    }

    fn append(&self, entries: &[Entry]) -> Result<(), SessionError> {
        let path = self.folder.join(JOURNAL);
        let mut lines = String::new();
        for entry in entries {
            lines += &serde_json::to_string(entry)
                .map_err(|error| content(&path, None, error.to_string()))?;
            lines.push('\n');
        }
        let write = || -> io::Result<()> {
            self.drop_torn_line(&path)?;
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(lines.as_bytes())?;
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
        if fs::symlink_metadata(&path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
            return Ok(());
        }
        let text = read(&path)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in (1..).zip(whole.lines()) {
            let wrong = |what: String| content(&path, Some(number), what);
            let entry: Entry = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
            let event = self.event(&entry).map_err(wrong)?;
            self.take(entry, event);
        }
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<Lock, SessionError> {
    Lock::of(folder).map_err(|error| match error {
        LockError::Busy => SessionError::Busy(folder.display().to_string()),
        LockError::Io(path, error) => failed(&path, error),
    })
}

/// A search that knows nothing yet.
fn search(subject: &Subject, commits: &[Described]) -> Result<Search, SessionError> {
    let names = commits.iter().map(|commit| commit.commit.clone()).collect();
    let parents = commits.iter().map(|commit| commit.parents.clone()).collect();
    let aside = commits.iter().map(|commit| commit.aside).collect();
    let commits = Commits::new(names, parents).map_err(|reason| SessionError::Ends {
        good: subject.good.clone(),
        bad: subject.bad.clone(),
        reason,
    })?;
    Ok(Search::new(commits.with_aside(aside), Settings::default()))
}

/// A file of a search. Bytes that are no UTF-8 can only stand in a line that was cut off.
fn read(path: &Path) -> Result<String, SessionError> {
    let text = || -> io::Result<String> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(io::Error::other("no file of a sensible size"));
        }
        Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
    };
    text().map_err(|error| failed(path, error))
}

fn failed(path: &Path, source: io::Error) -> SessionError {
    SessionError::File { path: path.display().to_string(), source }
}

fn content(path: &Path, line: Option<u64>, what: String) -> SessionError {
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    SessionError::Content { path: path.display().to_string(), line, what }
}

#[cfg(test)]
mod tests;
