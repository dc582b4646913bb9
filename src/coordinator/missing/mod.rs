//! Runs that policies want, that nobody has measured, and that no job is going to: which, why, and how they are
//! queued.

mod fill;
mod look;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use fill::fill;
pub use look::look;

/// Why a run is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The time of its policy has not come.
    NotDue,
    /// Nobody has ordered it: policy, machine or config are younger than the kernel.
    NeverQueued,
    /// The kernel is broken.
    DoesNotBuild,
    /// Its job was given up.
    Failed,
    /// Somebody called it off.
    Cancelled,
    /// It was measured, and is not among the results any more.
    Gone,
}

impl Why {
    /// All of them.
    pub const ALL: [Why; 6] =
        [Why::NotDue, Why::NeverQueued, Why::DoesNotBuild, Why::Failed, Why::Cancelled, Why::Gone];

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Why::NotDue => "not due",
            Why::NeverQueued => "never queued",
            Why::DoesNotBuild => "does not build",
            Why::Failed => "failed",
            Why::Cancelled => "cancelled",
            Why::Gone => "no longer among the results",
        }
    }
}

/// A run that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Tells it from all others, as long as it is missing.
    pub id: String,
    /// The machine.
    pub machine: String,
    /// The config.
    pub config: String,
    /// Name that the run would have.
    pub kernel: String,
    /// The commit.
    pub commit: String,
    /// Name of the tree.
    pub tree: String,
    /// The policy that wants it.
    pub policy: String,
    /// Why it is missing.
    pub why: Why,
    /// More about that: what failed, and how often; when it is due.
    pub detail: String,
    /// The job to look at, where there is one.
    pub job: Option<i64>,
}

impl Missing {
    /// `failed twice: no answer from ivor`
    pub fn sentence(&self) -> String {
        match self.detail.is_empty() {
            true => self.why.words().to_owned(),
            false => format!("{}: {}", self.why.words(), self.detail),
        }
    }
}

/// Everything that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// By machine and config, newer kernels first.
    pub missing: Vec<Missing>,
    /// What policies want cannot be told, and why, a sentence each.
    pub unknown: Vec<String>,
}

impl Overview {
    /// `3 runs that policies want are missing: 2 failed, 1 never queued`; nothing where none is. What is not due yet
    /// is not counted.
    pub fn sentence(&self) -> Option<String> {
        let all: Vec<Why> = Why::ALL.into_iter().filter(|why| *why != Why::NotDue).collect();
        let count = |why: Why| self.missing.iter().filter(|run| run.why == why).count();
        let told = all.iter().copied().filter(|why| count(*why) > 0);
        let told: Vec<String> = told.map(|why| format!("{} {}", count(why), why.words())).collect();
        let total: usize = all.iter().copied().map(count).sum();
        let runs = if total == 1 {
            "1 run that a policy wants is"
        } else {
            &format!("{total} runs that policies want are")
        };
        (total > 0).then(|| format!("{runs} missing: {}", told.join(", ")))
    }
}
