//! Where the parts of a job are kept until they are published.

use std::path::{Path, PathBuf};

/// The folder of one job on one machine.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
}

impl Folders {
    /// Of a job, in the folder of its machine.
    pub fn of(machine: &Path, job: &str) -> Folders {
        Folders { root: machine.join("jobs").join(job) }
    }

    /// All of it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What happened.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    /// What an iteration brought home: as `work/log/RUN` of MMTests.
    pub fn collected(&self, iteration: u32) -> PathBuf {
        self.root.join("boots").join(iteration.to_string()).join("log")
    }

    /// What the console said during an iteration, all tries of it.
    pub fn console(&self, iteration: u32) -> PathBuf {
        self.root.join("boots").join(iteration.to_string()).join("console.log")
    }

    /// What the console said while the known-good kernel was up.
    pub fn known_good_console(&self) -> PathBuf {
        self.root.join("known-good.log")
    }

    /// What failed runs left, a folder each.
    pub fn partial(&self) -> PathBuf {
        self.root.join("partial")
    }
}
