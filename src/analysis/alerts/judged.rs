//! All series with their verdicts: what alerts, plans and explanations are made from.

use std::collections::BTreeMap;

use super::effect::Effect;
use super::failing::Tests;
use super::measured::{Measured, Measurements, Place, SeriesKey};
use super::repeats::{Again, Repeats};
use crate::analysis::History;
use crate::analysis::changes::{
    ChangeComparison, ChangeVerdict, Memory, SeriesVerdicts, Settings, Tree, judge_with,
};
use crate::model::{Direction, Environment, Release};

/// What a list of changes calls a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Worse, certain enough for an alert.
    Regression,
    /// Better, as certain.
    Improvement,
    /// As clear, but a level rests on a single boot: to be confirmed first.
    Suspect {
        /// For the worse.
        worse: bool,
    },
    /// Not decided: too few iterations, or too noisy.
    Inconclusive,
}

impl Standing {
    /// The direction as tables have it: `regression`, `improvement` or `inconclusive`.
    pub fn direction(self) -> &'static str {
        match self {
            Standing::Regression | Standing::Suspect { worse: true } => "regression",
            Standing::Improvement | Standing::Suspect { worse: false } => "improvement",
            Standing::Inconclusive => "inconclusive",
        }
    }

    /// `true` for what alerts are made of.
    pub fn is_change(self) -> bool {
        matches!(self, Standing::Regression | Standing::Improvement)
    }
}

/// What a list of changes calls a comparison; absent where there is nothing to list.
///
/// This is the one place where the rule stands.
pub fn standing(comparison: &ChangeComparison) -> Option<Standing> {
    match comparison.verdict {
        ChangeVerdict::Regressed => Some(Standing::Regression),
        ChangeVerdict::Improved => Some(Standing::Improvement),
        ChangeVerdict::Suspect { worse } => Some(Standing::Suspect { worse }),
        ChangeVerdict::Inconclusive { .. } => Some(Standing::Inconclusive),
        ChangeVerdict::NoChange | ChangeVerdict::First => None,
    }
}

/// `true` if the comparison is a change point that counts.
pub fn is_change(comparison: &ChangeComparison) -> bool {
    standing(comparison).is_some_and(Standing::is_change)
}

/// A series with its verdicts.
#[derive(Clone, Debug)]
pub struct JudgedSeries {
    /// Which operation, and where.
    pub key: SeriesKey,
    /// Unit of the values.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Number of samples of each iteration, by kernel.
    pub samples: BTreeMap<usize, Vec<usize>>,
    /// What is said about it.
    pub verdicts: SeriesVerdicts,
}

/// Everything that was judged together.
#[derive(Debug, Default)]
pub struct Judged {
    /// The kernels.
    pub history: History,
    /// The series, ordered by key.
    pub series: Vec<JudgedSeries>,
    /// What each kernel ran on, by place and kernel.
    pub environments: BTreeMap<Place, BTreeMap<usize, Environment>>,
    /// Runs of one kernel.
    pub repeats: Repeats,
    /// Functional tests.
    pub tests: Tests,
}

impl Judged {
    /// Judges all that was measured, in less time where `memory` knows it.
    pub fn new(
        history: History,
        measured: Measurements,
        settings: &Settings,
        memory: &mut Memory,
    ) -> Judged {
        let verdicts = judge_with(&history.tree, &measured.data(), settings, memory);
        let series = measured.series.into_iter().zip(verdicts);
        let series = series.map(|((key, measured), verdicts)| {
            let Measured { unit, direction, samples, .. } = measured;
            JudgedSeries { key, unit, direction, samples, verdicts }
        });
        let series = series.collect();
        let repeats = Repeats::new(&history, &measured.environments);
        Judged {
            history,
            series,
            environments: measured.environments,
            repeats,
            tests: measured.tests,
        }
    }

    /// The tree of releases.
    pub fn tree(&self) -> &Tree {
        &self.history.tree
    }

    /// What people call a kernel.
    pub fn name(&self, kernel: usize) -> &str {
        self.tree().kernels.get(kernel).map_or("", |kernel| &kernel.name)
    }

    /// What people call the track of a kernel: `mainline`, `6.12.y`, or nothing for free text.
    pub fn track(&self, kernel: usize) -> &str {
        self.history.track(kernel)
    }

    /// `true` if the machine ran any kernel of this track, whatever it measured.
    pub fn has_run(&self, machine: &str, track: &str) -> bool {
        let places = self.environments.iter().filter(|(place, _)| place.machine == machine);
        places.flat_map(|(_, kernels)| kernels.keys()).any(|kernel| self.track(*kernel) == track)
    }

    /// Whether a comparison is one of a kernel with itself, run again.
    pub fn again(&self, place: &Place, comparison: &ChangeComparison) -> Option<Again> {
        self.repeats.between(place, comparison.kernel, comparison.parent?)
    }

    /// What a run with this kernel ran on.
    pub fn environment(&self, place: &Place, kernel: usize) -> Option<&Environment> {
        self.environments.get(place)?.get(&kernel)
    }
}

/// The track of the kernel that a run is named after; nothing for free text.
pub fn track_name(run: &str) -> String {
    Release::track_of(run).unwrap_or_default()
}

impl JudgedSeries {
    /// The comparison of this kernel with the one it was made from.
    pub fn at(&self, kernel: usize) -> Option<&ChangeComparison> {
        self.verdicts.comparisons.iter().find(|c| c.kernel == kernel)
    }

    /// The comparison whose window holds this kernel: between a measured kernel before it and the
    /// first measured one at or after it. Where several lead on from there, the first of them.
    pub fn across(&self, tree: &Tree, kernel: usize) -> Option<&ChangeComparison> {
        self.at(kernel).or_else(|| {
            self.verdicts.comparisons.iter().find(|c| self.window(tree, c).any(|k| k == kernel))
        })
    }

    /// The kernels of a comparison's window: from the first after the last good one, to the first
    /// with the new level, latest first.
    pub fn window<'t>(
        &self,
        tree: &'t Tree,
        comparison: &ChangeComparison,
    ) -> impl Iterator<Item = usize> + 't {
        let parent = comparison.parent;
        std::iter::once(comparison.kernel)
            .chain(tree.ancestors(comparison.kernel))
            .take_while(move |kernel| Some(*kernel) != parent)
            .take(if parent.is_some() { usize::MAX } else { 1 })
    }

    /// The size of a comparison.
    pub fn effect(&self, comparison: &ChangeComparison) -> Effect {
        Effect::of(comparison, self.verdicts.scale, self.direction)
    }

    /// Number of iterations of a kernel that gave samples.
    pub fn boots(&self, kernel: usize) -> usize {
        self.samples.get(&kernel).map_or(0, |boots| boots.iter().filter(|n| **n > 0).count())
    }
}
