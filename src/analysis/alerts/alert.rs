//! An alert: change points of one benchmark on one machine that belong together.

use serde::Serialize;

use super::caveats::Caveat;
use super::corroboration::Witness;
use super::effect::Effect;
use super::life::Life;
use super::measured::BenchmarkKey;
use super::severity::Class;
use crate::notes::{Entry, State};

/// Whether things got worse or better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// For the worse.
    Regression,
    /// For the better.
    Improvement,
}

impl Turn {
    /// `regression` or `improvement`, as lists and state files have it.
    pub fn word(self) -> &'static str {
        match self {
            Turn::Regression => "regression",
            Turn::Improvement => "improvement",
        }
    }

    /// As a verb of the past: `regressed` or `improved`.
    pub fn verb(self) -> &'static str {
        match self {
            Turn::Regression => "regressed",
            Turn::Improvement => "improved",
        }
    }
}

/// Between which kernels something moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Last measured kernel with the old level.
    pub last_good: String,
    /// First measured kernel with the new level.
    pub first_bad: String,
    /// Commits between them, if a git tree tells.
    pub commits: Option<u64>,
}

/// One operation that moved.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// MMTests' name of the operation.
    pub operation: String,
    /// Unit of its values.
    pub unit: String,
    /// Whether this operation got worse or better.
    pub turn: Turn,
    /// Between which kernels.
    pub window: Window,
    /// By how much.
    pub effect: Effect,
    /// Levels before and after, in its unit.
    pub levels: (f64, f64),
    /// Probability of a change in this direction.
    pub probability: f64,
    /// Natural logarithm of the Bayes factor of this series alone.
    pub ln_bayes_factor: f64,
    /// Iterations that the two levels rest on.
    pub boots: (usize, usize),
    /// Kernels that the two levels rest on.
    pub kernels: (usize, usize),
    /// What became of it.
    pub life: Life,
    /// Place in [`super::Judged::series`].
    #[serde(skip)]
    pub series: usize,
    /// The first kernel with the new level, as a place in the tree of releases.
    #[serde(skip)]
    pub kernel: usize,
}

/// What an alert has to do with an earlier one of the same benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "role", content = "of", rename_all = "lowercase")]
pub enum Role {
    /// A change of its own.
    #[default]
    Own,
    /// It undoes the change of the alert named.
    Repair(String),
    /// It brings the change of the alert named to a stable series.
    Backport(String),
}

/// Change points of one benchmark on one machine that belong together.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    /// Stable name: survives new data and new stores.
    pub id: String,
    /// Benchmark, config, machine.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// What most of the moved weight did.
    pub turn: Turn,
    /// Some operations went the other way.
    pub mixed: bool,
    /// Between which kernels; the first bad one gives the alert its place.
    pub window: Window,
    /// Track of the first bad kernel; empty for free text.
    pub track: String,
    /// Operations that moved, the worst of the alert's direction first.
    pub members: Vec<Member>,
    /// Operations of the benchmark that were measured on both sides.
    pub measured: usize,
    /// Size × certainty × share of the benchmark, in percent.
    pub severity: f64,
    /// The same, coarse.
    pub class: Class,
    /// What it has to do with other alerts of the benchmark.
    #[serde(flatten)]
    pub role: Role,
    /// What other machines say.
    pub witnesses: Vec<Witness>,
    /// What else changed at the same time.
    pub caveats: Vec<Caveat>,
    /// What people say about it, as of the last note.
    pub state: State,
    /// All that people said about it, oldest first.
    pub notes: Vec<Entry>,
    /// The first bad kernel, as a place in the tree of releases.
    #[serde(skip)]
    pub kernel: usize,
}

impl Alert {
    /// The worst member in the direction of the alert. Every alert has one.
    pub fn headline(&self) -> &Member {
        &self.members[0]
    }

    /// Members that went with the alert, not against it.
    pub fn with(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.turn == self.turn)
    }

    /// `true` if the change is over wherever it was seen.
    pub fn is_over(&self) -> bool {
        self.with().all(|member| member.life.is_over())
    }

    /// A regression that nobody has said anything about, and that is still there.
    pub fn is_news(&self) -> bool {
        self.state == State::New && self.turn == Turn::Regression && !self.is_over()
    }

    /// In one line: `netperf-udp regressed in 3.4 on ivor: 5 of 5 operations, worst UDP-1024 −18 %`.
    pub fn title(&self) -> String {
        let head = self.headline();
        let count = self.with().count();
        let mut title = format!(
            "{} {} in {}: {} of {} operations, {} {} {}",
            self.of.benchmark,
            self.turn.verb(),
            self.window.first_bad,
            count,
            self.measured,
            if self.turn == Turn::Regression { "worst" } else { "best" },
            head.operation,
            head.effect.words(),
        );
        if self.mixed {
            let other = self.members.len() - count;
            let way = if self.turn == Turn::Regression { "better" } else { "worse" };
            title += &format!("; {other} got {way}");
        }
        title
    }
}
