//! Words for the numbers: effects, intervals, verdicts.

use super::drift;
use super::group::Findings;
use super::location::{Located, Scale};
use super::model::{SeriesData, Settings};
use super::power::{self, Power};
use super::siblings::SHARES;
use super::verdict::{Comparison, NoiseModel, Note, SeriesVerdicts, Verdict};
use crate::stats::robust;

/// Probability from which on a change separates two segments.
const CUT: f64 = 0.5;
/// More kernels than this make a level no more certain: levels wander.
const ENOUGH: f64 = 15.0;

/// Describes what was found about one series: all but the verdicts, which depend on the alerts of the
/// whole data base.
pub fn draft(
    series: &Located,
    findings: &Findings,
    at: usize,
    df: f64,
    settings: &Settings,
) -> SeriesVerdicts {
    let noise = noise_model(series, findings, at, df);
    let cut: Vec<bool> = findings.changes[at].iter().map(|p| p[0] + p[1] > CUT).collect();
    let mut children = vec![Vec::new(); series.seen.len()];
    for (child, seen) in series.seen.iter().enumerate() {
        if let Some(parent) = seen.parent {
            children[parent].push(child);
        }
    }
    let reach = power::t_quantile(0.5 + 0.5 * settings.coverage, df);
    let view = View { series, findings, at, cut: &cut, children: &children, reach };
    let comparisons = (0..series.seen.len()).map(|place| view.compare(place)).collect();
    SeriesVerdicts {
        scale: series.scale,
        notes: Vec::new(),
        noise,
        detectable: Power::new(&noise, settings).table(),
        comparisons,
    }
}

/// Sets which kernels the comparisons of a draft are of: those of a series that saw the same.
pub fn set_kernels(draft: &mut SeriesVerdicts, series: &Located) {
    for (comparison, seen) in draft.comparisons.iter_mut().zip(&series.seen) {
        comparison.kernel = seen.kernel;
        comparison.parent = seen.parent.map(|parent| series.seen[parent].kernel);
    }
}

fn noise_model(s: &Located, findings: &Findings, at: usize, df: f64) -> NoiseModel {
    let evidence = &findings.evidence[at];
    let nodes = || findings.nodes[at].iter().zip(&evidence.weights);
    let boot: f64 = nodes().map(|(node, weight)| weight * node.boot).sum();
    let jitter: f64 = nodes().map(|(node, weight)| weight * node.kernel).sum();
    NoiseModel {
        kernel: robust::median(&evidence.deviations).unwrap_or(0.0),
        boot: boot.sqrt(),
        jitter: jitter.sqrt(),
        df,
        quantum: s.quantum.sqrt(),
        contamination: findings.bad[at],
        shared: findings.shares.iter().zip(SHARES).map(|(w, share)| w * share).sum(),
    }
}

struct View<'a> {
    series: &'a Located,
    findings: &'a Findings,
    at: usize,
    cut: &'a [bool],
    children: &'a [Vec<usize>],
    /// Deviations from an effect to the end of its interval.
    reach: f64,
}

/// A level and what it rests on.
struct Level {
    at: f64,
    variance: f64,
    kernels: usize,
    boots: usize,
}

impl View<'_> {
    fn compare(&self, place: usize) -> Comparison {
        let seen = &self.series.seen[place];
        let after = self.level(&self.segment(place, place));
        let Some(parent) = seen.parent else { return self.first(place, &after) };
        let before = self.level(&self.segment(parent, place));
        let effect = after.at - before.at;
        let p = self.findings.changes[self.at][place];
        let side = usize::from(effect < 0.0);
        let edge = self.findings.evidence[self.at].edges[place];
        let half = self.reach * (after.variance + before.variance).sqrt();
        Comparison {
            kernel: seen.kernel,
            parent: Some(self.series.seen[parent].kernel),
            verdict: Verdict::First,
            effect,
            own: self.findings.evidence[self.at].estimates[place],
            off_level: self.pooled(place) - after.at,
            change: p[0] + p[1],
            effect_percent: self.percent(effect),
            interval: (effect - half, effect + half),
            probability: p[side],
            lfdr: 1.0 - p[side],
            ln_bayes_factor: (edge[side + 1].max(1e-280) / edge[0].max(1e-280)).ln(),
            lent: lent(p[side], edge[side + 1] / edge[0].max(1e-280)),
            levels: (self.series.value(before.at), self.series.value(after.at)),
            kernels: (before.kernels, after.kernels),
            boots: (before.boots, after.boots),
            drift_end: None,
            drifting: false,
            alert: false,
        }
    }

    fn first(&self, place: usize, after: &Level) -> Comparison {
        let value = self.series.value(after.at);
        Comparison {
            kernel: self.series.seen[place].kernel,
            parent: None,
            verdict: Verdict::First,
            effect: 0.0,
            own: self.findings.evidence[self.at].estimates[place],
            off_level: 0.0,
            change: 0.0,
            effect_percent: 0.0,
            interval: (f64::NEG_INFINITY, f64::INFINITY),
            probability: 0.0,
            lfdr: 1.0,
            ln_bayes_factor: 0.0,
            lent: 0.0,
            levels: (value, value),
            kernels: (0, after.kernels),
            boots: (0, after.boots),
            drift_end: None,
            drifting: false,
            alert: false,
        }
    }

    /// Kernels at the level of `from`, not crossing a change nor the way into `border`.
    fn segment(&self, from: usize, border: usize) -> Vec<usize> {
        let open = |child: usize| child != border && !self.cut[child];
        let mut known = vec![false; self.series.seen.len()];
        known[from] = true;
        let (mut members, mut at) = (vec![from], 0);
        while let Some(&here) = members.get(at) {
            at += 1;
            let up = self.series.seen[here].parent.filter(|_| open(here));
            let down = self.children[here].iter().copied().filter(|child| open(*child));
            for next in up.into_iter().chain(down) {
                if !known[next] {
                    known[next] = true;
                    members.push(next);
                }
            }
        }
        members
    }

    fn level(&self, members: &[usize]) -> Level {
        let evidence = &self.findings.evidence[self.at];
        let values: Vec<f64> = members.iter().map(|at| evidence.estimates[*at]).collect();
        let variances: Vec<f64> =
            members.iter().map(|at| evidence.deviations[*at].powi(2)).collect();
        let typical = robust::median(&variances).unwrap_or(0.0);
        let n = (members.len() as f64).min(ENOUGH);
        Level {
            at: robust::huber_mean(&values, typical.sqrt()).unwrap_or(0.0),
            variance: typical / n,
            kernels: members.len(),
            boots: members.iter().map(|at| self.series.seen[*at].boots.len()).sum(),
        }
    }

    /// Median of all boots of a kernel, bad or not.
    fn pooled(&self, place: usize) -> f64 {
        robust::median(&self.series.seen[place].boots).unwrap_or(0.0)
    }

    fn percent(&self, effect: f64) -> f64 {
        match self.series.scale {
            Scale::Log => 100.0 * effect.abs().exp_m1() * effect.signum(),
            Scale::Identity => 100.0 * effect,
        }
    }
}

/// The prior probability that turns this Bayes factor into this posterior.
fn lent(posterior: f64, factor: f64) -> f64 {
    let odds = posterior / (1.0 - posterior).max(1e-12) / factor.max(1e-280);
    odds / (1.0 + odds)
}

/// Turns alerts into verdicts.
pub fn finish(
    draft: SeriesVerdicts,
    series: &Located,
    data: &SeriesData,
    settings: &Settings,
) -> SeriesVerdicts {
    let mut verdicts = draft;
    let noise = verdicts.noise;
    let mut power = Power::new(&noise, settings);
    for (place, comparison) in verdicts.comparisons.iter_mut().enumerate() {
        let boots = series.seen[place].boots.len();
        comparison.verdict = verdict(comparison, boots, &mut power, (&noise, settings));
    }
    drift::mark(series, &mut verdicts.comparisons, noise.kernel);
    verdicts.notes = notes(series, data);
    verdicts
}

/// The verdict on a kernel with so many boots.
fn verdict(
    c: &Comparison,
    boots: usize,
    power: &mut Power,
    (noise, settings): (&NoiseModel, &Settings),
) -> Verdict {
    let same = settings.equivalence.ln_1p();
    match c {
        c if c.parent.is_none() => Verdict::First,
        c if c.alert && c.single().next().is_some() => Verdict::Suspect { worse: c.effect > 0.0 },
        c if c.alert && c.effect > 0.0 => Verdict::Regressed,
        c if c.alert => Verdict::Improved,
        c if c.interval.0 > -same && c.interval.1 < same && quiet(c, noise, same) => {
            Verdict::NoChange
        }
        c => {
            let size = c.effect.abs().max(same);
            // Where as many are there as the noise asks for, some lie far off: one more may tell.
            let there = boots.min(c.boots.0) as u32;
            let needed = power.boots_needed(size);
            Verdict::Inconclusive { boots_needed: needed.map(|needed| needed.max(there + 1)) }
        }
    }
}

/// The level says "no change"; do the kernel's own boots and what siblings say agree? Boots taken for
/// bad, or a change that is merely less likely than not, are no assurance.
fn quiet(c: &Comparison, noise: &NoiseModel, same: f64) -> bool {
    const DOUBT: f64 = 0.1;
    c.change < DOUBT && c.off_level.abs() < same + 3.0 * noise.kernel
}

fn notes(series: &Located, data: &SeriesData) -> Vec<Note> {
    let boots = data.observations.iter().flat_map(|(_, boots)| boots);
    let given: usize = boots.map(|boot| boot.len()).sum();
    let used: usize = series.seen.iter().map(|seen| seen.samples).sum();
    let mut notes = Vec::new();
    match series.seen.len() {
        0 => notes.push(Note::NoData),
        1 => notes.push(Note::OneKernel),
        _ => {}
    }
    if series.scale == Scale::Identity {
        notes.push(Note::IdentityScale);
    }
    if used < given {
        notes.push(Note::LeftOut(given - used));
    }
    notes
}
