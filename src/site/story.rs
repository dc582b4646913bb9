//! What verdicts look like, and how many there are.

use serde::Serialize;

use super::catalogue::Shelf;
use super::format;
use crate::analysis::{OperationTable, Verdict, VerdictKind};

/// The symbol and class of a verdict.
pub fn sign(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict.kind {
        VerdictKind::Regressed => ("worse", "▼"),
        VerdictKind::Improved => ("better", "▲"),
        VerdictKind::NoChange => ("same", "≈"),
        VerdictKind::Inconclusive if verdict.cannot_be_judged() => ("open", "?"),
        VerdictKind::Inconclusive | VerdictKind::Suspect => ("unsure", "?"),
        VerdictKind::Baseline => ("base", ""),
        VerdictKind::NotMeasured => ("none", format::NOTHING),
    }
}

/// The change that pages show in percent.
///
/// That of the verdict, with the interval that belongs to it; where there is none, or a single
/// iteration cannot be judged, MMTests' change of the figure that is shown.
pub fn shown_change(operation: &OperationTable, column: usize) -> Option<f64> {
    let verdict = &operation.cells.get(column)?.verdict;
    let is_judged = verdict.effect.is_some() && !verdict.cannot_be_judged();
    if is_judged || verdict.kind != VerdictKind::Inconclusive {
        return verdict.effect;
    }
    operation.statistics.get(operation.main)?.cells.get(column)?.change
}

/// Where a benchmark is on the page of its comparison.
pub fn anchor(benchmark: &str) -> String {
    format!("b-{}", super::slug(benchmark))
}

/// How many verdicts of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Regressed.
    pub worse: usize,
    /// Improved.
    pub better: usize,
    /// No change.
    pub same: usize,
    /// Undecided although there are enough iterations to judge.
    pub unsure: usize,
    /// Undecided because one side has a single iteration.
    pub open: usize,
    /// One side was not measured.
    pub missing: usize,
}

impl Tally {
    /// Counts verdicts. Baselines do not count.
    pub fn of<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Tally {
        let mut tally = Tally::default();
        for verdict in verdicts {
            match verdict.kind {
                VerdictKind::Regressed => tally.worse += 1,
                VerdictKind::Improved => tally.better += 1,
                VerdictKind::NoChange => tally.same += 1,
                VerdictKind::Inconclusive if verdict.cannot_be_judged() => tally.open += 1,
                VerdictKind::Inconclusive | VerdictKind::Suspect => tally.unsure += 1,
                VerdictKind::NotMeasured => tally.missing += 1,
                VerdictKind::Baseline => {}
            }
        }
        tally
    }

    /// The tally of a comparison, or of one of its columns. A baseline that was not measured is
    /// no comparison and does not count.
    pub fn of_shelf(shelf: &Shelf, column: Option<usize>) -> Tally {
        let columns = &shelf.comparison.columns;
        let wanted = column.map_or(0..columns.len(), |column| column..column + 1);
        let compared = wanted.filter(|at| columns.get(*at).is_some_and(|c| c.baseline != *at));
        let operations = shelf.comparison.benchmarks.iter().flat_map(|b| &b.operations);
        Tally::of(operations.flat_map(|operation| {
            let cells = compared.clone().filter_map(|at| operation.cells.get(at));
            cells.map(|cell| &cell.verdict)
        }))
    }

    /// All comparisons that were made.
    pub fn total(&self) -> usize {
        self.worse + self.better + self.same + self.unsure + self.open
    }

    /// One or two sentences.
    pub fn sentence(&self) -> String {
        if self.total() == 0 {
            return "There is nothing to compare yet: it takes two kernels.".to_owned();
        }
        if self.total() == self.open {
            return "Nothing here can be judged yet: one side of every comparison has a single \
                    iteration, and it takes at least two on each side to tell a change from noise. \
                    Differences are shown in grey."
                .to_owned();
        }
        let mut parts = Vec::new();
        for (count, what) in [
            (self.worse, "worse"),
            (self.better, "better"),
            (self.same, "without change"),
            (self.unsure, "undecided"),
            (self.open, "not to be judged with a single iteration"),
        ] {
            if count > 0 {
                parts.push(format!("{} {what}", format::count(count)));
            }
        }
        format!("{}: {}.", format::counted(self.total(), "comparison"), parts.join(", "))
    }
}
