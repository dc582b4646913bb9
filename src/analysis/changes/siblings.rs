//! What the series of one benchmark on one machine say together about a kernel.
//!
//! An event of the benchmark at a kernel has one direction and hits each series with a probability
//! that is itself unknown: nearly all, or half. Beside it a series may change by itself. Against
//! both stands luck that the series share, for they ran in the same boots: it moves all of them,
//! and is integrated out.

use serde::{Deserialize, Serialize};

use super::by_size::Sized;
use super::evidence::{Likelihoods, SharedLuck};
use super::jumps::{Jumps, PARTS};
use super::occasions::{Chances, OCCASIONS, Occasion, PRIOR};
use super::segmentation::Prior;
use super::special;

/// Ways in which an event spreads: nearly all, half, one of n.
pub const SPREADS: usize = 2;
/// Highest probability that siblings can lend a change.
const MOST: f64 = 0.98;
/// Lowest, so that nobody is silenced.
const LEAST: f64 = 1e-7;

/// How often a benchmark has an event at a kernel, and how it spreads.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Events {
    /// By [`Occasion`].
    pub chances: [Chances; OCCASIONS],
    /// Shares of the ways to spread.
    pub spread: [f64; SPREADS],
}

impl Default for Events {
    fn default() -> Events {
        Events { chances: PRIOR, spread: [0.5, 0.5] }
    }
}

impl Events {
    /// Probability that an event hits a given series out of n.
    pub fn inclusion(&self, n: usize) -> [f64; SPREADS] {
        // A lone series is hit by every event of its own.
        if n <= 1 { [1.0; SPREADS] } else { [0.95, 0.5] }
    }

    /// Probability of a change for a series before any data, by direction.
    pub fn prior(&self, n: usize, occasion: Occasion) -> Prior {
        let hit: f64 = self.inclusion(n).iter().zip(self.spread).map(|(r, w)| r * w).sum();
        let Chances { event, lone } = self.chances[occasion.index()];
        [0.5 * (event * hit + lone); 2]
    }
}

/// The evidence of all members at one kernel, put together.
#[derive(Clone, Debug)]
pub struct Joint {
    /// Probability that the group has an event here.
    pub event: f64,
    /// Probabilities of the ways it spreads, given an event.
    pub spread: [f64; SPREADS],
    /// Expected number of changes of series by themselves.
    pub lone: f64,
    /// For each member: probabilities of a change for the worse and for the better.
    pub members: Vec<Prior>,
}

/// Hypotheses about the share of the noise that siblings have in common.
pub const SHARES: [f64; 5] = [0.03, 0.15, 0.35, 0.55, 0.75];
/// Less likely hypotheses are not worth their time.
const NEGLIGIBLE: f64 = 0.04;

/// Positions of shared luck with their weights: −3.75, …, 3.75 deviations under each likely share.
/// Student's t with 8 degrees of freedom, for neither distribution nor loadings are known well.
pub fn luck(shares: &[f64; SHARES.len()]) -> (SharedLuck, Vec<f64>) {
    let (mut at, mut weights) = (Vec::new(), Vec::new());
    for (share, weight) in SHARES.iter().zip(shares).filter(|(_, w)| **w >= NEGLIGIBLE) {
        for step in -5..=5 {
            let c = 0.75 * f64::from(step);
            at.push((*share, c));
            weights.push(weight * (1.0 + c * c / 8.0).powf(-4.5));
        }
    }
    let total: f64 = weights.iter().sum();
    (SharedLuck { at }, weights.iter().map(|weight| weight / total).collect())
}

/// Posterior of [`SHARES`] from standardised residuals with a key each: those of a key share luck.
///
/// The likelihood is that of a compound-symmetric normal distribution.
pub fn share_posterior(
    mut residuals: Vec<(usize, f64)>,
    prior: &[f64; SHARES.len()],
) -> [f64; SHARES.len()] {
    /// Residuals come from fitted levels and are not quite normal.
    const TRUST: f64 = 0.7;
    residuals.sort_by_key(|(key, _)| *key);
    let mut logs = prior.map(|p| p.max(1e-9).ln());
    for same in residuals.chunk_by(|a, b| a.0 == b.0) {
        let n = same.len() as f64;
        let sum: f64 = same.iter().map(|(_, z)| z).sum();
        let squares: f64 = same.iter().map(|(_, z)| z * z).sum();
        for (log, share) in logs.iter_mut().zip(SHARES) {
            let all = 1.0 + (n - 1.0) * share;
            let form = (squares - share * sum * sum / all) / (1.0 - share);
            *log -= TRUST * 0.5 * ((n - 1.0) * (1.0 - share).ln() + all.ln() + form);
        }
    }
    let total = special::log_sum(&logs);
    logs.map(|log| (log - total).exp())
}

/// How far agreement of siblings is believed: their noise is more alike than one factor says.
const BELIEF: f64 = 0.8;
/// Share of events whose members change by about the same ratio.
const ALIKE: f64 = 0.9;

/// What a member says under one position of luck: no change; by side, a change of any size, and of
/// each size.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    none: f64,
    any: [f64; 2],
    sizes: [[f64; PARTS]; 2],
}

impl Says {
    /// Without sizes.
    pub fn unsized_(l: &Likelihoods) -> Says {
        let any = [l[1], l[2]];
        Says { none: l[0], any, sizes: any.map(|any| [any; PARTS]) }
    }

    /// With the sizes that changes have in the data base.
    pub fn new(sized: &Sized, jumps: &Jumps) -> Says {
        let any = sized.1.map(|sizes| sizes.iter().zip(jumps.0).map(|(l, w)| l * w).sum());
        Says { none: sized.0, any, sizes: sized.1 }
    }

    /// Likelihood of a change of this size, or of any.
    fn change(&self, side: usize, size: Option<usize>) -> f64 {
        size.map_or(self.any[side], |size| self.sizes[side][size]).max(1e-280)
    }
}

/// What all members say; each has one entry per position of the shared luck (or one in all).
pub struct Group<'a> {
    /// Of each member.
    pub members: &'a [Vec<Says>],
    /// Of the positions.
    pub weights: &'a [f64],
    /// Series in the group, with those that lack the kernel.
    pub size: usize,
    /// Sizes of changes, if the members tell them apart.
    pub jumps: Option<&'a Jumps>,
    /// When the kernel is judged.
    pub occasion: Occasion,
}

/// Combines the members of a group.
pub fn combine(group: &Group, events: &Events) -> Joint {
    let Chances { event: rate, lone: q } = events.chances[group.occasion.index()];
    let alone = |l: &Says| ((1.0 - q) * l.none + 0.5 * q * (l.any[0] + l.any[1])).max(1e-280);
    let lone = |l: &Says, side: usize| 0.5 * q * l.any[side] / alone(l);
    let none = Hypothesis::sum(group, alone, lone);
    let belief = if group.members.len() > 1 { BELIEF } else { 1.0 };
    let base = none.ln;
    let mut all = vec![((1.0 - rate).ln(), None, none)];
    for (size, share) in sizes(group.jumps) {
        for hit_side in 0..2 {
            for (way, r) in events.inclusion(group.size).iter().enumerate() {
                let any = |l: &Says| (1.0 - r) * alone(l) + r * l.change(hit_side, size);
                let changed = |l: &Says, side: usize| {
                    let hit = if side == hit_side { r * l.change(side, size) } else { 0.0 };
                    (hit + (1.0 - r) * 0.5 * q * l.any[side]) / any(l)
                };
                let event = Hypothesis::sum(group, any, changed);
                let prior = (0.5 * rate * events.spread[way] * share).max(1e-280).ln();
                all.push((prior + belief * (event.ln - base), Some(way), event));
            }
        }
    }
    finish(all, group.members.len())
}

/// A kernel at which no member shows anything: how likely an event is all the same.
pub fn quiet(
    members: impl Iterator<Item = Likelihoods>,
    events: &Events,
    size: usize,
    occasion: Occasion,
) -> Joint {
    let inclusion = events.inclusion(size);
    let mut odds = [[1.0; SPREADS]; 2];
    for l in members {
        for (side, odds) in odds.iter_mut().enumerate() {
            for (odds, r) in odds.iter_mut().zip(inclusion) {
                *odds *= 1.0 - r + r * l[side + 1] / l[0].max(1e-280);
            }
        }
    }
    let mut spread = [0, 1].map(|way| 0.5 * events.spread[way] * (odds[0][way] + odds[1][way]));
    let all: f64 = spread.iter().sum();
    spread.iter_mut().for_each(|way| *way /= all.max(1e-280));
    let rate = events.chances[occasion.index()].event;
    let odds = rate / (1.0 - rate) * all;
    Joint { event: odds / (1.0 + odds), spread, lone: 0.0, members: Vec::new() }
}

/// Any size for each member, or one size for all.
fn sizes(jumps: Option<&Jumps>) -> Vec<(Option<usize>, f64)> {
    let Some(jumps) = jumps else { return vec![(None, 1.0)] };
    let alike = jumps.0.iter().enumerate().map(|(size, weight)| (Some(size), ALIKE * weight));
    std::iter::once((None, 1.0 - ALIKE)).chain(alike).collect()
}

/// A hypothesis about all members, summed over their shared luck.
struct Hypothesis {
    /// Logarithm of its likelihood.
    ln: f64,
    /// Probabilities of a change of each member, given the hypothesis.
    members: Vec<Prior>,
}

impl Hypothesis {
    fn sum(
        group: &Group,
        likelihood: impl Fn(&Says) -> f64,
        changed: impl Fn(&Says, usize) -> f64,
    ) -> Hypothesis {
        let Group { members, weights, .. } = *group;
        let term = |(at, weight): (usize, &f64)| {
            weight.ln() + members.iter().map(|m| likelihood(&m[at]).ln()).sum::<f64>()
        };
        let terms: Vec<f64> = weights.iter().enumerate().map(term).collect();
        let ln = special::log_sum(&terms);
        let shares: Vec<f64> = terms.iter().map(|term| (term - ln).exp()).collect();
        let member = |m: &Vec<Says>| {
            let mut p = [0.0; 2];
            for (share, l) in shares.iter().zip(m) {
                p[0] += share * changed(l, 0);
                p[1] += share * changed(l, 1);
            }
            p
        };
        Hypothesis { ln, members: members.iter().map(member).collect() }
    }
}

/// Weighs hypotheses (log weight, way to spread if an event, what it says); the first is none.
fn finish(all: Vec<(f64, Option<usize>, Hypothesis)>, members: usize) -> Joint {
    let logs: Vec<f64> = all.iter().map(|(ln, ..)| *ln).collect();
    let total = special::log_sum(&logs);
    let empty = [[0.0; 2]].repeat(members);
    let mut joint = Joint { event: 0.0, spread: [0.0; SPREADS], lone: 0.0, members: empty };
    for (ln, way, hypothesis) in &all {
        let weight = (ln - total).exp();
        for (sum, p) in joint.members.iter_mut().zip(&hypothesis.members) {
            sum[0] += weight * p[0];
            sum[1] += weight * p[1];
        }
        match way {
            Some(way) => joint.spread[*way] += weight,
            None => joint.lone = weight * hypothesis.members.iter().flatten().sum::<f64>(),
        }
    }
    joint.event = joint.spread.iter().sum();
    let event = joint.event.max(1e-300);
    joint.spread.iter_mut().for_each(|value| *value /= event);
    joint
}

/// The prior under which a series by itself comes to the probability that the group gives it.
pub fn lent(posterior: Prior, alone: Likelihoods) -> Prior {
    let none = (1.0 - posterior[0] - posterior[1]).max(1e-12) / alone[0].max(1e-280);
    let odds =
        [posterior[0] / alone[1].max(1e-280) / none, posterior[1] / alone[2].max(1e-280) / none];
    let total = 1.0 + odds[0] + odds[1];
    odds.map(|odds| (odds / total).clamp(LEAST, 0.5 * MOST))
}
