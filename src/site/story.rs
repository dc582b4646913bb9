//! What verdicts look like and how many there are, and sentences about what cannot be judged.

use std::ops::Range;

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::format;
use crate::analysis::{BenchmarkTable, OperationTable, Verdict, VerdictKind};

/// Operations of one benchmark of which nothing can be said in one kernel.
pub struct Change<'a> {
    shelf: &'a Shelf<'a>,
    benchmark: &'a BenchmarkTable,
    /// Position of the kernel.
    pub column: usize,
    /// The one that changed most.
    most: &'a OperationTable,
    verdict: &'a Verdict,
    /// Its change in percent.
    effect: f64,
}

/// One as a line of a list.
#[derive(Debug, Serialize)]
pub struct Sentence {
    /// The comparison it is from.
    pub place: String,
    /// Link to the benchmark on the page of the comparison.
    pub href: String,
    benchmark: String,
    operation: String,
    size: String,
    word: &'static str,
    kernel: String,
    baseline: String,
    class: &'static str,
    mark: String,
}

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

/// The largest difference of every benchmark in every kernel that cannot be judged.
pub fn open_questions<'a>(shelf: &'a Shelf<'a>) -> Vec<Change<'a>> {
    let columns = 0..shelf.comparison.columns.len();
    let mut found = collect(shelf, columns);
    found.retain(|change| change.size() > 0.0);
    largest_first(&mut found);
    found
}

/// Sorts by size, then by place, so that the order never depends on chance.
pub fn largest_first(changes: &mut [Change]) {
    let name = |change: &Change| (change.shelf.folder.clone(), change.benchmark.name.clone());
    changes.sort_by(|a, b| {
        b.size()
            .total_cmp(&a.size())
            .then_with(|| name(a).cmp(&name(b)))
            .then_with(|| a.column.cmp(&b.column))
    });
}

fn collect<'a>(shelf: &'a Shelf<'a>, columns: Range<usize>) -> Vec<Change<'a>> {
    shelf
        .comparison
        .benchmarks
        .iter()
        .flat_map(|benchmark| columns.clone().map(move |column| (benchmark, column)))
        .filter_map(|(benchmark, column)| together(shelf, benchmark, column))
        .collect()
}

/// The operation of one benchmark that differs most in one kernel, of those that cannot be judged.
fn together<'a>(
    shelf: &'a Shelf<'a>,
    benchmark: &'a BenchmarkTable,
    column: usize,
) -> Option<Change<'a>> {
    let hits = benchmark.operations.iter().filter_map(|operation| {
        let verdict = &operation.cells.get(column)?.verdict;
        let effect = shown_change(operation, column).unwrap_or(0.0);
        verdict.cannot_be_judged().then_some((operation, verdict, effect))
    });
    let (most, verdict, effect) = hits.max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))?;
    Some(Change { shelf, benchmark, column, most, verdict, effect })
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

impl Change<'_> {
    /// Size of the largest change in percent.
    pub fn size(&self) -> f64 {
        self.effect.abs()
    }

    /// The change as a line of a list.
    pub fn sentence(&self) -> Sentence {
        let effect = self.effect;
        let (class, mark) = sign(self.verdict);
        let baseline = self.shelf.comparison.columns.get(self.column).map_or(0, |c| c.baseline);
        Sentence {
            place: self.shelf.title(),
            href: format!("{}#{}", self.shelf.page(), anchor(&self.benchmark.name)),
            benchmark: self.benchmark.name.clone(),
            operation: self.most.name.clone(),
            size: format::percent(effect),
            word: if effect < 0.0 { "worse" } else { "better" },
            kernel: named(self.shelf.run_name(self.column)).to_owned(),
            baseline: named(self.shelf.run_name(baseline)).to_owned(),
            class,
            mark: format!("{mark} {}", format::signed_percent(effect)),
        }
    }
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
