//! What to run again, to settle what could not be decided.

use std::collections::BTreeMap;

use serde::Serialize;

use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, standing};
use super::measured::{BenchmarkKey, Place};
use crate::analysis::changes::{ChangeComparison, ChangeVerdict, Settings};

/// More iterations of a kernel than this nobody runs to settle anything.
const MOST: u32 = 20;
/// Worth of knowing that nothing changed, against that of confirming a change.
const NO_CHANGE: f64 = 0.1;
/// Worth of a verdict on a kernel that has successors, against that of one on the newest.
const OLD: f64 = 0.25;
/// From this probability on a change is worth confirming.
const LIKELY: f64 = 0.1;
/// With so many more iterations, where there are as many as should do.
const CONFIRM: u32 = 2;
/// What it costs to set a kernel up, in iterations.
const SET_UP: f64 = 1.0;

/// What could not be decided and would be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settles {
    /// Benchmark.
    pub benchmark: String,
    /// Operation.
    pub operation: String,
    /// The kernel it is set against.
    pub against: String,
    /// Probability of a change, as things stand.
    pub probability: f64,
    /// How the change looks.
    pub effect: Effect,
}

/// A kernel to run again on a machine with a config.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rerun {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Which.
    pub kernel: String,
    /// How often it was run.
    pub has: u32,
    /// How often more.
    pub boots: u32,
    /// Kernels it is set against that need more iterations as well, and how many.
    pub also: Vec<(String, u32)>,
    /// What is settled by that, most likely changes first.
    pub settles: Vec<Settles>,
    /// Undecided comparisons of this kernel, in all.
    pub undecided: usize,
    /// Of these, such as no feasible number of iterations would settle.
    pub hopeless: usize,
    /// What it is worth: expected changes confirmed, and a tenth for each that is ruled out.
    pub benefit: f64,
}

impl Rerun {
    /// All iterations it takes.
    pub fn cost(&self) -> u32 {
        self.boots + self.also.iter().map(|(_, boots)| boots).sum::<u32>()
    }
}

/// What to run again, most benefit for an iteration first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The reruns.
    pub reruns: Vec<Rerun>,
    /// Undecided comparisons that no feasible number of iterations settles.
    pub hopeless: usize,
    /// Undecided comparisons of a level that has the iterations it needs, from which those of this
    /// kernel lie far off.
    pub odd: usize,
}

/// An undecided comparison and what would settle it.
struct Want<'j> {
    series: &'j JudgedSeries,
    comparison: &'j ChangeComparison,
    /// More iterations of the kernel.
    after: u32,
    /// More iterations of the kernel before.
    before: u32,
    benefit: f64,
    /// More iterations promise little: those that are there contradict one another.
    odd: bool,
}

/// What to run again for the benchmarks that are `meant`.
pub fn plan(judged: &Judged, meant: impl Fn(&BenchmarkKey) -> bool) -> Plan {
    let mut wants: BTreeMap<(&Place, usize), (Vec<Want>, usize)> = BTreeMap::new();
    let mut odd = 0;
    for series in judged.series.iter().filter(|series| meant(&series.key.of)) {
        for comparison in &series.verdicts.comparisons {
            let undecided = standing(comparison).is_some_and(|standing| !standing.is_change());
            // What differs between two runs of one kernel settles nothing about any kernel.
            let again = judged.again(&series.key.of.place, comparison).is_some();
            if !undecided || comparison.drifting || comparison.parent.is_none() || again {
                continue;
            }
            let at = wants.entry((&series.key.of.place, comparison.kernel)).or_default();
            match want(series, comparison) {
                Some(want) if want.odd => odd += 1,
                Some(want) => at.0.push(want),
                None => at.1 += 1,
            }
        }
    }
    let hopeless = wants.values().map(|(_, hopeless)| hopeless).sum();
    let each = wants.into_iter();
    let mut reruns: Vec<Rerun> = each
        .filter_map(|((place, kernel), (wants, hopeless))| {
            rerun(judged, place, kernel, wants, hopeless)
        })
        .collect();
    let worth = |rerun: &Rerun| rerun.benefit / (f64::from(rerun.cost()) + SET_UP);
    reruns.sort_by(|a, b| {
        let place = |r: &Rerun| (r.place.clone(), judged.history.place(&r.kernel));
        worth(b).total_cmp(&worth(a)).then_with(|| place(a).cmp(&place(b)))
    });
    Plan { reruns, hopeless, odd }
}

/// What would settle a comparison, if a feasible number of iterations does.
fn want<'j>(series: &'j JudgedSeries, comparison: &'j ChangeComparison) -> Option<Want<'j>> {
    let needed = match comparison.verdict {
        ChangeVerdict::Inconclusive { boots_needed } => boots_needed?,
        _ => series.boots_to_show(comparison.effect),
    };
    let has = |kernel: usize| series.boots(kernel) as u32;
    let after = needed.saturating_sub(has(comparison.kernel));
    // All kernels at the level before count, but its last one must not be a single iteration.
    let pooled = (comparison.boots.0 as u32).max(has(comparison.parent?));
    let before = needed.saturating_sub(pooled);
    if after > MOST || before > MOST {
        return None;
    }
    // Enough iterations are there, and it may be a change all the same: a few more will tell.
    let enough = needed <= has(comparison.kernel).min(pooled) + 1;
    let likely = comparison.change >= LIKELY;
    let single: Vec<usize> = comparison.single().collect();
    let doubtful = |kernel: usize| match single.as_slice() {
        [] => kernel == comparison.kernel,
        single => single.contains(&kernel),
    };
    let confirm = |kernel| if enough && likely && doubtful(kernel) { CONFIRM } else { 0 };
    let after = after.max(confirm(comparison.kernel));
    let before = before.max(confirm(comparison.parent?));
    let all = &series.verdicts.comparisons;
    let newest = !all.iter().any(|c| c.parent == Some(comparison.kernel));
    let age = if newest { 1.0 } else { OLD };
    let benefit = age * (comparison.change + NO_CHANGE * (1.0 - comparison.change));
    let odd = enough && !likely && is_far_off(series, comparison);
    Some(Want { series, comparison, after, before, benefit, odd })
}

/// The level is that of the kernel before, but for iterations that lie far from it: the same rule by
/// which the engine does not call it "no change".
fn is_far_off(series: &JudgedSeries, comparison: &ChangeComparison) -> bool {
    let same = Settings::default().equivalence.ln_1p();
    comparison.off_level.abs() >= same + 3.0 * series.verdicts.noise.kernel
}

/// The number of iterations with the most benefit for each of them.
fn rerun(
    judged: &Judged,
    place: &Place,
    kernel: usize,
    mut wants: Vec<Want>,
    hopeless: usize,
) -> Option<Rerun> {
    wants.sort_by_key(|want| (want.after + want.before, want.after));
    let (mut best, mut best_worth) = (0, 0.0);
    let mut benefit = 0.0;
    let (mut after, mut before) = (0, BTreeMap::new());
    for (at, want) in wants.iter().enumerate() {
        benefit += want.benefit;
        after = after.max(want.after);
        let also = before.entry(want.comparison.parent).or_insert(0);
        *also = want.before.max(*also);
        let cost = f64::from(after + before.values().sum::<u32>()) + SET_UP;
        if benefit / cost >= best_worth {
            (best, best_worth) = (at + 1, benefit / cost);
        }
    }
    let undecided = wants.len() + hopeless;
    wants.truncate(best);
    let boots = wants.iter().map(|want| want.after).max()?;
    let mut also: BTreeMap<usize, u32> = BTreeMap::new();
    for want in &wants {
        let Some(parent) = want.comparison.parent.filter(|_| want.before > 0) else { continue };
        let most = also.entry(parent).or_insert(0);
        *most = want.before.max(*most);
    }
    let has = wants.iter().map(|want| want.series.boots(kernel)).max()? as u32;
    let benefit = wants.iter().map(|want| want.benefit).sum();
    let mut settles: Vec<Settles> = wants.iter().map(|want| settled(judged, want)).collect();
    settles.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Some(Rerun {
        place: place.clone(),
        kernel: judged.name(kernel).to_owned(),
        has,
        boots,
        also: also.into_iter().map(|(kernel, n)| (judged.name(kernel).to_owned(), n)).collect(),
        settles,
        undecided,
        hopeless,
        benefit,
    })
}

fn settled(judged: &Judged, want: &Want) -> Settles {
    Settles {
        benchmark: want.series.key.of.benchmark.clone(),
        operation: want.series.key.operation.clone(),
        against: want.comparison.parent.map_or("", |kernel| judged.name(kernel)).to_owned(),
        probability: want.comparison.change,
        effect: want.series.effect(want.comparison),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::judged;
    use super::*;

    const KERNELS: [&str; 4] = ["6.6", "6.7", "6.8", "6.9"];

    #[test]
    fn undecided_comparisons_are_planned_most_worth_first() {
        let judged = judged(
            &KERNELS,
            &[
                ("ivor", "aim9", "a", "6.6 0, 6.7 0, 6.8 4?, 6.9 4"),
                ("ivor", "aim9", "b", "6.6 0, 6.7 0, 6.8 0, 6.9 4?"),
                ("ivor", "aim9", "c", "6.6 0, 6.7 0, 6.8 0, 6.9 -4?"),
                ("ivy", "aim9", "a", "6.6 0, 6.7 10!, 6.8 10, 6.9 10"),
            ],
        );
        let plan = plan(&judged, |_| true);
        let told: Vec<(&str, u32, usize)> =
            plan.reruns.iter().map(|r| (r.kernel.as_str(), r.boots, r.settles.len())).collect();
        // The newest kernel before the older one; three more than the five there are, on both sides.
        assert_eq!(told, [("6.9", 3, 2), ("6.8", 3, 1)]);
        assert_eq!(plan.reruns[0].also, [("6.8".to_owned(), 3)]);
        assert_eq!(plan.reruns[0].cost(), 6);
        assert_eq!((plan.hopeless, plan.odd), (0, 0));
    }

    #[test]
    fn nobody_is_sent_to_run_a_hundred_iterations() {
        let mut judged = judged(&KERNELS, &[("ivor", "aim9", "a", "6.6 0, 6.7 0, 6.8 0, 6.9 4?")]);
        let verdict = |boots_needed| ChangeVerdict::Inconclusive { boots_needed };
        for needed in [None, Some(100)] {
            judged.series[0].verdicts.comparisons[3].verdict = verdict(needed);
            let plan = plan(&judged, |_| true);
            assert_eq!((plan.reruns.len(), plan.hopeless), (0, 1));
        }
        // As many as it takes are there, far off, and a change is unlikely: something else is odd.
        judged.series[0].verdicts.comparisons[3].verdict = verdict(Some(6));
        judged.series[0].verdicts.comparisons[3].change = 0.01;
        assert_eq!(plan(&judged, |_| true).odd, 0);
        judged.series[0].verdicts.comparisons[3].off_level = 0.5;
        assert_eq!(plan(&judged, |_| true).odd, 1);
        assert_eq!(plan(&judged, |_| false), Plan::default());
    }
}
