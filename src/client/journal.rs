//! What happened to a job, a line of JSON each, on disk before anything else is done.
//!
//! A last line that was cut off is what was being written when melbot was killed, and is dropped.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::lab::LabError;
use crate::notes;

use super::fault::Why;

/// One step on the way of a job. Numbers are those of iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The machine is lent.
    Reserve,
    /// It gets a clean system.
    Deploy,
    /// It boots its known-good kernel and gets MMTests.
    Prepare,
    /// It gets the kernel.
    Install,
    /// It boots the kernel.
    Boot(u32),
    /// MMTests runs.
    Run(u32),
    /// The logs come home.
    Collect(u32),
    /// What a failed run left comes home.
    Rescue(u32),
    /// The run is put among the results.
    Publish,
    /// The machine is switched off.
    PowerOff,
    /// It is given back.
    Release,
}

impl Step {
    /// It is done whatever came of the job.
    pub fn undoes(self) -> bool {
        matches!(self, Step::Rescue(_) | Step::Publish | Step::PowerOff | Step::Release)
    }

    /// It is done with the machine: what is home is published whoever has the machine by then.
    pub fn needs_machine(self) -> bool {
        self != Step::Publish
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Reserve => f.write_str("reserve"),
            Step::Deploy => f.write_str("deploy"),
            Step::Prepare => f.write_str("prepare"),
            Step::Install => f.write_str("install"),
            Step::Boot(number) => write!(f, "boot {number}"),
            Step::Run(number) => write!(f, "run {number}"),
            Step::Collect(number) => write!(f, "collect {number}"),
            Step::Rescue(number) => write!(f, "rescue {number}"),
            Step::Publish => f.write_str("publish"),
            Step::PowerOff => f.write_str("power off"),
            Step::Release => f.write_str("release"),
        }
    }
}

/// What a step found out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Exact release of the kernel that was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Hash of its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kconfig: Option<String>,
    /// The boot, as the kernel names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// Command line of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// Revision of MMTests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mmtests: Option<String>,
    /// Hash of the config that was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Where the run was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<PathBuf>,
    /// Odd things that did not stop it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step begins.
    Began {
        /// Which.
        step: Step,
    },
    /// It is done.
    Done {
        /// Which.
        step: Step,
        /// What was found out.
        #[serde(default)]
        facts: Facts,
        /// How long it took.
        seconds: u64,
    },
    /// It failed.
    Failed {
        /// Which.
        step: Step,
        /// Kind of the fault.
        why: Why,
        /// What happened.
        what: String,
        /// The last lines of the console.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        console: Vec<String>,
        /// How long it took.
        seconds: u64,
    },
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written.
    pub time: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// The journal of a job.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    entries: Vec<Entry>,
    events: Vec<Event>,
}

/// No journal is larger.
const LARGEST: u64 = 64 << 20;

impl Journal {
    /// Opens it, or begins it.
    pub fn open(path: &Path) -> Result<Journal, LabError> {
        let entries = Journal::read(path)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(LabError::file(folder))?;
        }
        let events = entries.iter().map(|entry| entry.event.clone()).collect();
        Ok(Journal { path: path.to_owned(), entries, events })
    }

    /// Reads the lines of one that somebody else may be writing to.
    pub fn read(path: &Path) -> Result<Vec<Entry>, LabError> {
        let text = match fs::metadata(path) {
            Ok(metadata) if metadata.len() > LARGEST => {
                return Err(LabError::new(
                    format!("{}: too large for a journal", path.display()),
                    "put it aside",
                ));
            }
            Ok(_) => fs::read(path).map_err(LabError::file(path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(LabError::file(path)(error)),
        };
        let text = String::from_utf8_lossy(&text);
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut entries = Vec::new();
        for (number, line) in (1..).zip(whole.lines()) {
            entries.push(serde_json::from_str(line).map_err(|error| {
                LabError::new(
                    format!("{}:{number}: {error}", path.display()),
                    "correct the line, or remove it",
                )
            })?);
        }
        Ok(entries)
    }

    /// All that happened.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The same, with the times.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Writes down what happened.
    pub fn add(&mut self, event: Event) -> Result<(), LabError> {
        let entry = Entry { time: notes::utc(SystemTime::now()), event };
        let write = || -> io::Result<()> {
            self.drop_torn_line()?;
            let line = serde_json::to_string(&entry)? + "\n";
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        write().map_err(LabError::file(&self.path))?;
        self.events.push(entry.event.clone());
        self.entries.push(entry);
        Ok(())
    }

    /// Cuts off what a killed writer left without an end of line.
    fn drop_torn_line(&self) -> io::Result<()> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        if whole < bytes.len() {
            OpenOptions::new().write(true).open(&self.path)?.set_len(whole as u64)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_dropped_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("job/journal.jsonl");
        let mut journal = Journal::open(&path).expect("new");
        let facts = Facts { boot_id: Some("b".to_owned()), ..Facts::default() };
        let done = Event::Done { step: Step::Boot(2), facts, seconds: 3 };
        journal.add(Event::Began { step: Step::Boot(2) }).expect("writable");
        journal.add(done.clone()).expect("writable");
        let whole = fs::read_to_string(&path).expect("there");
        fs::write(&path, format!("{whole}{{\"time\":\"20")).expect("writable");
        let mut journal = Journal::open(&path).expect("the torn line is dropped");
        assert_eq!(journal.events(), [Event::Began { step: Step::Boot(2) }, done]);
        journal.add(Event::Began { step: Step::Run(2) }).expect("writable");
        assert_eq!(Journal::open(&path).expect("whole").events().len(), 3);
        fs::write(&path, format!("{whole}nonsense\n")).expect("writable");
        assert!(Journal::open(&path).expect_err("damaged").what.contains(":3:"));
    }
}
