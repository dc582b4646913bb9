//! Brings the engine's verdicts into comparisons.
//!
//! The engine judges each kernel against the one that it was made from. A column may be set against
//! another one: then the steps on the way between the two are added up.

use std::collections::HashMap;

use rayon::prelude::*;

use super::alerts::{
    BenchmarkKey, Effect, Failing, Judged, JudgedSeries, Place, Report, SeriesKey, Standing,
    is_change, standing,
};
use super::changes::{ChangeComparison, ChangeVerdict, Settings};
use super::comparison::{Column, Comparison, OperationTable};
use super::verdict::{Reason, Verdict, VerdictKind};
use crate::model::{Direction, FAILURES};

/// Sets the verdicts of all comparisons. `judged` must hold what they are made of.
pub fn set_verdicts(
    comparisons: &mut [Comparison],
    judged: &Judged,
    report: &Report,
    settings: &Settings,
) {
    let mut alerts: HashMap<(usize, usize), &str> = HashMap::new();
    for alert in &report.alerts {
        alerts.extend(alert.members.iter().map(|m| ((m.series, m.kernel), alert.id.as_str())));
    }
    let court = Court { judged, alerts, failing: &report.failing, settings };
    comparisons.par_iter_mut().for_each(|comparison| court.judge(comparison));
}

/// What verdicts are made from.
struct Court<'j> {
    judged: &'j Judged,
    /// Names of alerts by series and kernel.
    alerts: HashMap<(usize, usize), &'j str>,
    /// Functional tests that newly fail.
    failing: &'j [Failing],
    settings: &'j Settings,
}

/// A step of the way from a baseline to a kernel, with the sign in which it is gone.
type Step<'j> = (&'j ChangeComparison, f64);

impl Court<'_> {
    fn judge(&self, comparison: &mut Comparison) {
        let Comparison { machine, config, columns, benchmarks } = comparison;
        for benchmark in benchmarks {
            for operation in &mut benchmark.operations {
                let key = |folder: &str| SeriesKey {
                    of: BenchmarkKey {
                        place: Place {
                            machine: machine.clone(),
                            config: config.clone(),
                            run_path: folder.to_owned(),
                        },
                        benchmark: benchmark.name.clone(),
                    },
                    operation: operation.name.clone(),
                };
                if operation.unit == FAILURES {
                    let verdicts = self.judge_test(operation, columns, key);
                    for (cell, verdict) in operation.cells.iter_mut().zip(verdicts) {
                        cell.verdict = verdict;
                    }
                    continue;
                }
                // Nearly always all columns are of one folder.
                let mut known: Option<(&str, Option<usize>)> = None;
                let verdicts: Vec<Verdict> = columns
                    .iter()
                    .enumerate()
                    .map(|(at, column)| {
                        let series = match known {
                            Some((folder, series)) if folder == column.folder => series,
                            _ => {
                                let wanted = key(&column.folder);
                                let all = &self.judged.series;
                                all.binary_search_by(|series| series.key.cmp(&wanted)).ok()
                            }
                        };
                        known = Some((&column.folder, series));
                        self.verdict(operation, columns, at, series)
                    })
                    .collect();
                for (cell, verdict) in operation.cells.iter_mut().zip(verdicts) {
                    cell.verdict = verdict;
                }
            }
        }
    }

    /// A test passes or fails: where all iterations of both kernels agree, there is nothing to weigh.
    fn judge_test(
        &self,
        operation: &OperationTable,
        columns: &[Column],
        key: impl Fn(&str) -> SeriesKey,
    ) -> Vec<Verdict> {
        let passes = |at: usize| -> Option<bool> {
            let iterations = &operation.cells.get(at)?.iterations;
            let first = *iterations.first()? == 0.0;
            iterations.iter().all(|failures| (*failures == 0.0) == first).then_some(first)
        };
        let verdict = |(at, column): (usize, &Column)| {
            let measured =
                |at: usize| operation.cells.get(at).is_some_and(|cell| !cell.iterations.is_empty());
            if column.baseline == at {
                return Verdict::baseline(measured(at));
            }
            if !measured(at) || !measured(column.baseline) {
                return Verdict::bare(VerdictKind::NotMeasured);
            }
            let kind = match (passes(column.baseline), passes(at)) {
                (Some(true), Some(false)) => VerdictKind::Regressed,
                (Some(false), Some(true)) => VerdictKind::Improved,
                (Some(_), Some(_)) => VerdictKind::NoChange,
                _ => VerdictKind::Inconclusive,
            };
            let wanted = key(&column.folder);
            let is_here = |failing: &&Failing| {
                failing.of == wanted.of
                    && failing.window.first_bad == column.run
                    && failing.tests.iter().any(|test| test.test == wanted.operation)
            };
            let alert = self.failing.iter().find(is_here).map(|failing| failing.id.clone());
            // A test that cannot be relied on is no regression.
            let kind = match kind {
                VerdictKind::Regressed if alert.is_none() => VerdictKind::Inconclusive,
                kind => kind,
            };
            Verdict { alert, ..Verdict::bare(kind) }
        };
        columns.iter().enumerate().map(verdict).collect()
    }

    fn verdict(
        &self,
        operation: &OperationTable,
        columns: &[Column],
        at: usize,
        series: Option<usize>,
    ) -> Verdict {
        let base = columns[at].baseline;
        let measured = |at: usize| operation.cells.get(at).is_some_and(|cell| cell.samples > 0);
        if base == at {
            return Verdict::baseline(measured(at));
        }
        let nothing = |at: usize| operation.cells[at].iterations.iter().all(|value| *value == 0.0);
        if !measured(at) || !measured(base) {
            return Verdict::bare(VerdictKind::NotMeasured);
        }
        if operation.direction == Direction::Higher && nothing(at) && nothing(base) {
            // A throughput of nothing on both sides: nothing was measured, whatever was printed.
            return Verdict::bare(VerdictKind::NotMeasured);
        }
        let undecided = |reason| Verdict {
            reason: Some(reason),
            boots: (operation.cells[base].iterations.len(), operation.cells[at].iterations.len()),
            ..Verdict::bare(VerdictKind::Inconclusive)
        };
        let place = |at: usize| self.judged.history.place(&columns[at].run);
        let (Some(old), Some(new), Some(number)) = (place(base), place(at), series) else {
            return undecided(Reason::Unrelated);
        };
        if columns[base].folder != columns[at].folder {
            return undecided(Reason::Unrelated);
        }
        if old == new {
            return undecided(Reason::SameKernel);
        }
        let series = &self.judged.series[number];
        let Some(way) = way(series, old, new) else { return undecided(Reason::Unrelated) };
        let mut verdict = self.of_way(series, (old, new), &way);
        let alert = |(step, _): &Step| self.alerts.get(&(number, step.kernel));
        verdict.alert = way.iter().find_map(alert).map(|id| (*id).to_owned());
        verdict
    }

    /// What the steps of a way between two kernels, the last one first, amount to.
    fn of_way(&self, series: &JudgedSeries, (old, new): (usize, usize), way: &[Step]) -> Verdict {
        let changes: Vec<Step> = way.iter().copied().filter(|(step, _)| is_change(step)).collect();
        // All steps, for a level may have fallen back without anybody being certain where. How far
        // it is off depends on the two ends alone: what lies between them cancels out.
        let log: f64 = way.iter().map(|(step, sign)| sign * step.effect).sum();
        let ends = [old, new].map(|kernel| series.at(kernel));
        let half = |step: &&ChangeComparison| (step.interval.1 - step.interval.0) / 2.0;
        let halves = ends.iter().flatten().map(half).filter(|half| half.is_finite());
        let half = halves.map(|half| half.powi(2)).sum::<f64>().sqrt();
        let counted = if changes.is_empty() { way } else { &changes };
        let least = |of: fn(&ChangeComparison) -> f64| {
            counted.iter().map(|(step, _)| of(step)).fold(f64::INFINITY, f64::min)
        };
        let ([Some(before), Some(after)], Some((last, sign))) = (ends, way.first()) else {
            return Verdict::bare(VerdictKind::Inconclusive);
        };
        let one = way.len() == 1 && *sign > 0.0;
        let interval = if one { last.interval } else { (log - half, log + half) };
        let effect = Effect::new(log, interval, series.verdicts.scale, series.direction);
        let (kind, reason) =
            if one { self.of_step(last) } else { self.of_sum(way, &changes, log, interval) };
        let better = -series.direction.worse_sign();
        let (a, b) = (better * effect.value_interval.0, better * effect.value_interval.1);
        let tenth = |x: f64| (10.0 * x).round() / 10.0;
        let finite = |x: &f64| x.is_finite();
        Verdict {
            kind,
            effect: Some(tenth(better * effect.value_pct)).filter(finite),
            interval: Some((tenth(a.min(b)), tenth(a.max(b))))
                .filter(|(low, high)| finite(low) && finite(high)),
            probability: Some((1e4 * least(|c| c.probability)).round() / 1e4),
            boots: (if one { last.boots.0 } else { before.boots.1 }, after.boots.1),
            boots_needed: match last.verdict {
                ChangeVerdict::Inconclusive { boots_needed } if one => boots_needed,
                _ => None,
            },
            reason: reason.filter(|_| kind == VerdictKind::Inconclusive),
            alert: None,
        }
    }

    /// A kernel against the one it was made from: the engine's own word.
    fn of_step(&self, step: &ChangeComparison) -> (VerdictKind, Option<Reason>) {
        let kind = match standing(step) {
            Some(Standing::Regression) => VerdictKind::Regressed,
            Some(Standing::Improvement) => VerdictKind::Improved,
            Some(Standing::Suspect { .. }) => VerdictKind::Suspect,
            Some(Standing::Inconclusive) => VerdictKind::Inconclusive,
            None if step.parent.is_some() => VerdictKind::NoChange,
            None => VerdictKind::Inconclusive,
        };
        let reason = if step.drifting {
            Reason::Drift
        } else if step.effect.abs() < self.settings.min_effect.ln_1p() {
            Reason::Small
        } else if step.lfdr <= self.settings.max_lfdr
            && step.interval.0 <= 0.0
            && step.interval.1 >= 0.0
        {
            Reason::Direction
        } else {
            Reason::Noise
        };
        (kind, Some(reason))
    }

    /// Kernels that are no neighbours: what changed on the way, taken together.
    fn of_sum(
        &self,
        way: &[Step],
        changes: &[Step],
        log: f64,
        (low, high): (f64, f64),
    ) -> (VerdictKind, Option<Reason>) {
        let same = self.settings.equivalence.ln_1p();
        let suspect = |(step, _): &Step| matches!(standing(step), Some(Standing::Suspect { .. }));
        if changes.is_empty() {
            if way.iter().any(suspect) {
                return (VerdictKind::Suspect, None);
            }
            let within = low > -same && high < same;
            let kind = if within { VerdictKind::NoChange } else { VerdictKind::Inconclusive };
            return (kind, Some(Reason::Noise));
        }
        let small = log.abs() < self.settings.min_effect.ln_1p();
        let kind = match () {
            () if low > -same && high < same && small => VerdictKind::NoChange,
            () if small || (low <= 0.0 && high >= 0.0) => VerdictKind::Inconclusive,
            () if log > 0.0 => VerdictKind::Regressed,
            () => VerdictKind::Improved,
        };
        (kind, Some(if small { Reason::Small } else { Reason::Direction }))
    }
}

/// The comparisons on the way from one kernel to another, the last one first: down the tree of
/// releases with their own sign, up with the opposite one. Absent if they have no root in common.
fn way(series: &JudgedSeries, old: usize, new: usize) -> Option<Vec<Step<'_>>> {
    let (mut down, mut up) = (upwards(series, new), upwards(series, old));
    // What both have in common is no part of the way.
    let root = |chain: &[&ChangeComparison]| chain.last().map(|step| step.kernel);
    if root(&down)? != root(&up)? {
        return None;
    }
    while let (Some(a), Some(b)) = (down.last(), up.last())
        && a.kernel == b.kernel
    {
        down.pop();
        up.pop();
    }
    let up = up.into_iter().rev().map(|step| (step, -1.0));
    Some(down.into_iter().map(|step| (step, 1.0)).chain(up).collect())
}

/// The comparison at a kernel, and those of all measured kernels that it comes from.
fn upwards(series: &JudgedSeries, kernel: usize) -> Vec<&ChangeComparison> {
    let all = &series.verdicts.comparisons;
    let first = series.at(kernel);
    let next = |step: &&ChangeComparison| series.at(step.parent?);
    std::iter::successors(first, next).take(all.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::alerts::testing::judged;
    use super::*;

    /// Direction and size of what happened between two kernels.
    fn between(levels: &str, old: &str, new: &str) -> (VerdictKind, f64) {
        let kernels = ["6.6", "6.6.1", "6.7", "6.8", "6.9"];
        let judged = judged(&kernels, &[("ivor", "aim9", "a", levels)]);
        let place = |name: &str| judged.history.place(name).expect("a kernel");
        let settings = Settings::default();
        let court =
            Court { judged: &judged, alerts: HashMap::new(), failing: &[], settings: &settings };
        let series = &judged.series[0];
        let way = way(series, place(old), place(new)).expect("one tree");
        let verdict = court.of_way(series, (place(old), place(new)), &way);
        (verdict.kind, verdict.effect.expect("a size"))
    }

    #[test]
    fn changes_on_the_way_are_added_up() {
        let levels = "6.6 0, 6.6.1 0, 6.7 10!, 6.8 10, 6.9 0!";
        let table = [
            ("6.6", "6.7", VerdictKind::Regressed, -10.0),
            ("6.6", "6.8", VerdictKind::Regressed, -10.0),
            ("6.7", "6.8", VerdictKind::NoChange, 0.0),
            ("6.8", "6.9", VerdictKind::Improved, 9.1),
            ("6.6", "6.9", VerdictKind::NoChange, 0.0),
            // Up one branch and down another.
            ("6.6.1", "6.8", VerdictKind::Regressed, -10.0),
            ("6.8", "6.6.1", VerdictKind::Improved, 9.1),
        ];
        for (old, new, kind, effect) in table {
            let (found, size) = between(levels, old, new);
            assert_eq!(found, kind, "{old} {new}");
            assert!((size - effect).abs() < 0.15, "{old} {new}: {size}");
        }
    }

    #[test]
    fn what_is_not_decided_stays_so_over_several_kernels() {
        let levels = "6.6 0, 6.6.1 0, 6.7 9?, 6.8 0, 6.9 0";
        assert_eq!(between(levels, "6.6", "6.7").0, VerdictKind::Inconclusive);
        assert_ne!(between(levels, "6.6", "6.8").0, VerdictKind::Regressed);
        // What fell back without being certain is shown where it is, not where it was.
        let levels = "6.6 0, 6.6.1 0, 6.7 50!, 6.8 2?, 6.9 2";
        let (_, effect) = between(levels, "6.6", "6.9");
        assert!((effect + 2.0).abs() < 0.15, "{effect}");
    }
}
