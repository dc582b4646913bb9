//! Where did this benchmark move? For somebody with a bug report in hand.

use serde::Serialize;

use super::alert::Window;
use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, standing};
use super::measured::BenchmarkKey;
use super::report::Report;
use crate::analysis::changes::{ChangeComparison, ChangeVerdict};

/// So many suspects are worth a look.
const SUSPECTS: usize = 3;
/// What is less likely than this is none.
const LEAST: f64 = 0.01;

/// A comparison that could not be decided, and may be a change.
#[derive(Clone, Debug, Serialize)]
pub struct Suspect {
    /// Operation.
    pub operation: String,
    /// Between which kernels.
    pub window: Window,
    /// What it looks like.
    pub effect: Effect,
    /// Probability of a change in either direction.
    pub probability: f64,
    /// Iterations of each of the two kernels that would tell.
    pub boots_needed: Option<u32>,
}

/// Where a benchmark of a config on a machine moved.
#[derive(Clone, Debug, Serialize)]
pub struct Whereabouts {
    /// Which.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// Kernels that were measured.
    pub kernels: usize,
    /// Operations that were looked at.
    pub operations: usize,
    /// Names of its alerts, in the order of their kernels.
    pub alerts: Vec<String>,
    /// What may have moved as well, most likely first.
    pub suspects: Vec<Suspect>,
    /// The change in percent that five iterations of each of two kernels would show, for the
    /// operation in the middle.
    pub five_show_pct: Option<f64>,
}

/// Where this benchmark moved, or this operation of it, by machine and config.
pub fn whereabouts(
    judged: &Judged,
    report: &Report,
    benchmark: &str,
    operation: Option<&str>,
) -> Vec<Whereabouts> {
    let meant = |series: &&JudgedSeries| {
        series.key.of.benchmark == benchmark
            && operation.is_none_or(|wanted| series.key.operation == wanted)
    };
    let series: Vec<&JudgedSeries> = judged.series.iter().filter(meant).collect();
    let groups = series.chunk_by(|a, b| a.key.of == b.key.of);
    groups.map(|group| of_benchmark(judged, report, group, operation)).collect()
}

fn of_benchmark(
    judged: &Judged,
    report: &Report,
    series: &[&JudgedSeries],
    operation: Option<&str>,
) -> Whereabouts {
    let of = series[0].key.of.clone();
    let moved = |member: &super::Member| operation.is_none_or(|wanted| member.operation == wanted);
    let mut alerts: Vec<_> =
        report.alerts.iter().filter(|a| a.of == of && a.members.iter().any(moved)).collect();
    alerts.sort_by_key(|alert| (alert.kernel, alert.id.clone()));
    let mut suspects: Vec<(f64, Suspect)> = series
        .iter()
        .flat_map(|series| series.verdicts.comparisons.iter().map(move |c| (*series, c)))
        .filter(|(_, c)| standing(c).is_some_and(|standing| !standing.is_change()) && !c.drifting)
        .filter(|(_, c)| c.change >= LEAST)
        .map(|(series, c)| (c.change * c.effect.abs().min(1.0), suspect(judged, series, c)))
        .collect();
    suspects.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.operation.cmp(&y.operation)));
    suspects.truncate(SUSPECTS);
    let mut kernels: Vec<usize> =
        series.iter().flat_map(|s| s.verdicts.comparisons.iter().map(|c| c.kernel)).collect();
    kernels.sort_unstable();
    kernels.dedup();
    let five =
        |s: &&JudgedSeries| s.verdicts.detectable.iter().find(|d| d.boots == 5).map(|d| d.effect);
    let mut five: Vec<f64> = series.iter().filter_map(five).filter(|e| e.is_finite()).collect();
    five.sort_by(f64::total_cmp);
    Whereabouts {
        of,
        kernels: kernels.len(),
        operations: series.len(),
        alerts: alerts.into_iter().map(|alert| alert.id.clone()).collect(),
        suspects: suspects.into_iter().map(|(_, suspect)| suspect).collect(),
        five_show_pct: five.get(five.len() / 2).map(|effect| 100.0 * effect.exp_m1()),
    }
}

fn suspect(judged: &Judged, series: &JudgedSeries, comparison: &ChangeComparison) -> Suspect {
    let boots_needed = match comparison.verdict {
        ChangeVerdict::Inconclusive { boots_needed } => boots_needed,
        _ => Some(series.boots_to_show(comparison.effect)),
    };
    Suspect {
        operation: series.key.operation.clone(),
        window: Window {
            last_good: comparison.parent.map_or("", |kernel| judged.name(kernel)).to_owned(),
            first_bad: judged.name(comparison.kernel).to_owned(),
            commits: None,
        },
        effect: series.effect(comparison),
        probability: comparison.change,
        boots_needed,
    }
}

impl JudgedSeries {
    /// Iterations of each of two kernels that show an effect of this size: from the table of what is
    /// detectable, at least 2, and the largest number in it if none does.
    pub fn boots_to_show(&self, effect: f64) -> u32 {
        let table = &self.verdicts.detectable;
        let enough = table.iter().find(|row| row.boots >= 2 && row.effect <= effect.abs());
        enough.or(table.last()).map_or(2, |row| row.boots)
    }
}
