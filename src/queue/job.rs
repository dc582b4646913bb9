//! What a job is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Build a kernel.
    Build,
    /// Run a config on a machine.
    Run,
    /// Judge what was measured, and publish it.
    Analyse,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Build, Kind::Run, Kind::Analyse];

    /// As the database and people have it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Build => "build",
            Kind::Run => "run",
            Kind::Analyse => "analyse",
        }
    }

    /// The kind of that name.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// For somebody to take it, or for other jobs.
    Waiting,
    /// Somebody has it.
    Running,
    /// Done.
    Done,
    /// Given up, or it needs one that was.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [State; 5] =
        [State::Waiting, State::Running, State::Done, State::Failed, State::Cancelled];

    /// As the database and people have it.
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Nothing more happens by itself.
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Another job that has to be over before this one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Need {
    /// Its number.
    pub job: i64,
    /// It has to be done; else it is enough that it is over.
    pub success: bool,
}

/// A job to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Another submission with the same key is the same job.
    pub key: String,
    /// What is to be done.
    pub kind: Kind,
    /// For people.
    pub title: String,
    /// The one machine that it is for.
    pub machine: Option<String>,
    /// Jobs of one lane do not keep those of another one waiting: a track of kernels.
    pub lane: String,
    /// Higher ones come first.
    pub priority: i64,
    /// What whoever takes it has to know, as JSON.
    pub task: String,
    /// How often it may fail.
    pub attempts: i64,
    /// What it waits for.
    pub needs: Vec<Need>,
}

/// A job of the queue. Times are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Another submission with the same key is the same job.
    pub key: String,
    /// What is to be done.
    pub kind: Kind,
    /// For people.
    pub title: String,
    /// The one machine that it is for.
    pub machine: Option<String>,
    /// Its lane.
    pub lane: String,
    /// Higher ones come first.
    pub priority: i64,
    /// What whoever takes it has to know, as JSON.
    pub task: String,
    /// How far it is.
    pub state: State,
    /// How many jobs it still waits for.
    pub blocked: i64,
    /// How often it may fail.
    pub attempts: i64,
    /// How often it did.
    pub failures: i64,
    /// How often a lease of it ran out.
    pub losses: i64,
    /// It is not taken before that.
    pub not_before: i64,
    /// When it was submitted.
    pub created: i64,
    /// When it was last taken.
    pub started: Option<i64>,
    /// When it was over.
    pub ended: Option<i64>,
    /// Who has it.
    pub owner: Option<String>,
    /// When the lease runs out.
    pub lease_until: Option<i64>,
    /// What came of it: JSON of whoever did it, or why it failed.
    pub outcome: Option<String>,
}

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// `submitted`, `taken`, `done`, `failed`, `lost`, `cancelled`, `retried`.
    pub event: String,
    /// More about it.
    pub detail: String,
}
