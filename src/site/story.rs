//! What happened, in sentences: operations of one benchmark that changed together in one kernel.

use std::ops::Range;

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::format;
use crate::analysis::{BenchmarkTable, OperationTable, Verdict, VerdictKind};

/// Operations of one benchmark that changed the same way in one kernel.
pub struct Change<'a> {
    shelf: &'a Shelf<'a>,
    benchmark: &'a BenchmarkTable,
    /// Position of the kernel.
    pub column: usize,
    /// What is said about all of them.
    pub kind: VerdictKind,
    /// The one that changed most.
    most: &'a OperationTable,
    verdict: &'a Verdict,
    /// Its change in percent.
    effect: f64,
    count: usize,
    of: usize,
}

/// A change as a line of a list.
#[derive(Debug, Serialize)]
pub struct Sentence {
    /// The comparison it is from.
    pub place: String,
    /// Link to the benchmark on the page of the comparison.
    pub href: String,
    benchmark: String,
    operation: String,
    size: String,
    interval: Option<String>,
    word: &'static str,
    kernel: String,
    baseline: String,
    others: Option<String>,
    class: &'static str,
    mark: String,
}

/// The symbol and class of a verdict.
pub fn sign(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict.kind {
        VerdictKind::Regressed => ("worse", "▼"),
        VerdictKind::Improved => ("better", "▲"),
        VerdictKind::NoChange => ("same", "≈"),
        VerdictKind::Inconclusive if cannot_be_judged(verdict) => ("open", "?"),
        VerdictKind::Inconclusive => ("unsure", "?"),
        VerdictKind::Baseline => ("base", ""),
        VerdictKind::NotMeasured => ("none", format::NOTHING),
    }
}

/// `true` where one side has a single iteration: no statistics can help.
pub fn cannot_be_judged(verdict: &Verdict) -> bool {
    let (before, after) = verdict.iterations;
    verdict.kind == VerdictKind::Inconclusive && before.min(after) < 2
}

/// The changes of a comparison, the largest first.
pub fn changes<'a>(shelf: &'a Shelf<'a>) -> Vec<Change<'a>> {
    changes_in(shelf, 0..shelf.comparison.columns.len())
}

/// The changes of some columns of a comparison, the largest first.
pub fn changes_in<'a>(shelf: &'a Shelf<'a>, columns: Range<usize>) -> Vec<Change<'a>> {
    let mut found = collect(shelf, columns.clone(), VerdictKind::Regressed, |_| true);
    found.extend(collect(shelf, columns, VerdictKind::Improved, |_| true));
    largest_first(&mut found);
    found
}

/// The largest difference of every benchmark in every kernel that cannot be judged.
pub fn open_questions<'a>(shelf: &'a Shelf<'a>) -> Vec<Change<'a>> {
    let columns = 0..shelf.comparison.columns.len();
    let mut found = collect(shelf, columns, VerdictKind::Inconclusive, cannot_be_judged);
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

fn collect<'a>(
    shelf: &'a Shelf<'a>,
    columns: Range<usize>,
    kind: VerdictKind,
    wanted: impl Fn(&Verdict) -> bool,
) -> Vec<Change<'a>> {
    let wanted = |verdict: &Verdict| verdict.kind == kind && wanted(verdict);
    shelf
        .comparison
        .benchmarks
        .iter()
        .flat_map(|benchmark| columns.clone().map(move |column| (benchmark, column)))
        .filter_map(|(benchmark, column)| together(shelf, benchmark, column, wanted))
        .collect()
}

/// The operations of one benchmark in one kernel whose verdict is wanted, as one change.
fn together<'a>(
    shelf: &'a Shelf<'a>,
    benchmark: &'a BenchmarkTable,
    column: usize,
    wanted: impl Fn(&Verdict) -> bool,
) -> Option<Change<'a>> {
    let hits = benchmark.operations.iter().filter_map(|operation| {
        let verdict = &operation.cells.get(column)?.verdict;
        let effect = shown_change(operation, column).unwrap_or(0.0);
        wanted(verdict).then_some((operation, verdict, effect))
    });
    let count = hits.clone().count();
    let (most, verdict, effect) = hits.max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))?;
    let of = benchmark.operations.len();
    Some(Change { shelf, benchmark, column, kind: verdict.kind, most, verdict, effect, count, of })
}

/// The change that pages show in percent.
///
/// That of the verdict where there is one, with the interval that belongs to it. Where nothing can
/// be judged, MMTests' change of the figure that is shown, so that the two numbers fit.
pub fn shown_change(operation: &OperationTable, column: usize) -> Option<f64> {
    let verdict = &operation.cells.get(column)?.verdict;
    let effect = verdict.effect?;
    if verdict.kind != VerdictKind::Inconclusive || verdict.interval.is_some() {
        return Some(effect);
    }
    let figure = operation.statistics.get(operation.main)?.cells.get(column)?;
    Some(figure.change.unwrap_or(effect))
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
        let judged = self.kind != VerdictKind::Inconclusive;
        Sentence {
            place: self.shelf.title(),
            href: format!("{}#{}", self.shelf.page(), anchor(&self.benchmark.name)),
            benchmark: self.benchmark.name.clone(),
            operation: self.most.name.clone(),
            size: format::percent(effect),
            interval: self.verdict.interval.map(format::interval),
            word: if effect < 0.0 { "worse" } else { "better" },
            kernel: named(self.shelf.run_name(self.column)).to_owned(),
            baseline: named(self.shelf.run_name(baseline)).to_owned(),
            others: (judged && self.of > 1).then(|| self.others()),
            class,
            mark: if judged {
                format!("{mark} {}", format::percent(effect))
            } else {
                format!("{mark} {}", format::signed_percent(effect))
            },
        }
    }

    fn others(&self) -> String {
        match (self.count, self.of) {
            (1, of) => format!("the only one of {of} operations"),
            (count, of) if count == of => format!("the most among all {of} operations"),
            (count, of) => format!("the most among {count} of {of} operations"),
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
                VerdictKind::Inconclusive if cannot_be_judged(verdict) => tally.open += 1,
                VerdictKind::Inconclusive => tally.unsure += 1,
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
