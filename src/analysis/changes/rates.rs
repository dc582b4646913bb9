//! The rates of a data base, fitted by expectation maximisation.
//!
//! Every rate has a prior worth a few observations, so that a small data base stays sensible and a
//! large one speaks for itself.

use serde::{Deserialize, Serialize};

use super::contamination::{BadBoots, STRATA, stratum};
use super::evidence::Rates;
use super::group::{Findings, Group};
use super::jumps::{Jumps, PARTS};
use super::location::Located;
use super::noise::{JITTER_PRIOR, JITTERS};
use super::occasions::{Chances, OCCASIONS, PRIOR};
use super::siblings::{Events, SHARES, SPREADS};
use super::steps;

/// Everything learned from a data base.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fitted {
    /// What a single series needs.
    pub rates: Rates,
    /// What a group needs.
    pub events: Events,
    /// How much of their noise siblings share: weights of [`SHARES`].
    pub shares: [f64; SHARES.len()],
}

impl Default for Fitted {
    fn default() -> Fitted {
        let rates = Rates {
            jumps: Jumps::default(),
            bad: BadBoots::default(),
            blips: BLIPS,
            jitters: JITTER_PRIOR,
        };
        Fitted { rates, events: Events::default(), shares: SHARE_PRIOR }
    }
}

impl Fitted {
    /// The same to a few percent; see [`steps`].
    pub fn in_steps(mut self) -> Fitted {
        for Chances { event, lone } in &mut self.events.chances {
            *event = steps::ratio(*event);
            *lone = steps::ratio(*lone);
        }
        self.events.spread = steps::shares(self.events.spread);
        self.rates.bad.rate = self.rates.bad.rate.map(steps::ratio);
        self.rates.blips = steps::ratio(self.rates.blips);
        self.rates.jitters = steps::shares(self.rates.jitters);
        self.shares = steps::shares(self.shares);
        self
    }
}

/// What a prior rate is worth: so many group kernels, events, series, boots, changes.
const EVENT_WORTH: f64 = 20.0;
const SPREAD_WORTH: f64 = 8.0;
const LONE_WORTH: f64 = 200.0;
const JITTER_WORTH: f64 = 12.0;
const BOOT_WORTH: f64 = 100.0;
const JUMP_WORTH: f64 = 40.0;
/// Share of changes that the next kernel undoes, before any data.
const BLIPS: f64 = 0.15;
/// Weights of [`SHARES`] before any data.
const SHARE_PRIOR: [f64; SHARES.len()] = [0.25, 0.25, 0.25, 0.15, 0.10];
const SHARE_WORTH: f64 = 8.0;

/// Sufficient statistics of one group.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    events: [f64; OCCASIONS],
    kernels: [f64; OCCASIONS],
    lone: [f64; OCCASIONS],
    edges: [f64; OCCASIONS],
    spread: [f64; SPREADS],
    jitters: [f64; JITTERS.len()],
    bad: [f64; STRATA],
    boots: [f64; STRATA],
    jumps: [f64; PARTS],
    changes: f64,
    alone: f64,
    shares: [f64; SHARES.len()],
}

/// What the findings of a group say about the rates.
pub fn tally(group: &Group, findings: &Findings, jumps: &Jumps) -> Tally {
    let mut tally = Tally::default();
    for (kernel, joint) in &findings.joints {
        let occasion = group.occasion(*kernel).index();
        tally.kernels[occasion] += 1.0;
        tally.events[occasion] += joint.event;
        if group.members.len() > 1 {
            tally.lone[occasion] += joint.lone;
            tally.edges[occasion] += group.members.len() as f64;
            tally.spread.iter_mut().zip(joint.spread).for_each(|(t, s)| *t += joint.event * s);
        }
    }
    for (at, member) in group.members.iter().enumerate() {
        let evidence = &findings.evidence[at];
        for (node, weight) in findings.nodes[at].iter().zip(&evidence.weights) {
            if let Some(jitter) = node.jitter {
                tally.jitters[jitter] += weight;
            }
        }
        let stratum = stratum(member.series.samples);
        for (seen, bad) in member.series.seen.iter().zip(&evidence.bad_boots) {
            tally.boots[stratum] += seen.boots.len() as f64;
            tally.bad[stratum] += bad;
        }
        tally.count_jumps(&member.series, findings, at, jumps);
    }
    if group.members.len() > 1 {
        tally.shares = findings.shares;
    }
    tally
}

impl Tally {
    fn count_jumps(&mut self, series: &Located, findings: &Findings, at: usize, jumps: &Jumps) {
        let levels = &findings.evidence[at].levels;
        for (place, seen) in series.seen.iter().enumerate() {
            let p = findings.changes[at][place];
            let alone = findings.evidence[at].alone[place];
            if p[0] + p[1] > 0.2 {
                self.changes += p[0] + p[1];
                self.alone += p[0] * alone[0] + p[1] * alone[1];
            }
            let (Some(parent), true) = (seen.parent, p[0] + p[1] > 0.2) else { continue };
            // The expected difference is shrunk by the chance of none.
            let size = (levels[place] - levels[parent]).abs() / (p[0] + p[1]).min(1.0);
            let shares = jumps.responsibilities(size);
            self.jumps.iter_mut().zip(shares).for_each(|(t, s)| *t += (p[0] + p[1]) * s);
        }
    }
}

/// The rates under which the tallies are likeliest, with the priors' weight.
pub fn fit(tallies: &[Tally], before: &Fitted) -> Fitted {
    let sum = |of: &dyn Fn(&Tally) -> f64| tallies.iter().map(of).sum::<f64>();
    let prior = Fitted::default();
    let mut chances = PRIOR;
    for (at, Chances { event, lone }) in chances.iter_mut().enumerate() {
        let of = |seen: f64, all: f64, prior: f64, worth: f64| {
            ((seen + worth * prior) / (all + worth)).clamp(1e-5, 0.5)
        };
        *event = of(sum(&|t| t.events[at]), sum(&|t| t.kernels[at]), *event, EVENT_WORTH);
        *lone = of(sum(&|t| t.lone[at]), sum(&|t| t.edges[at]), *lone, LONE_WORTH);
    }
    let spread = shares(prior.events.spread, SPREAD_WORTH, |i| sum(&|t| t.spread[i]));
    let jitters = shares(JITTER_PRIOR, JITTER_WORTH, |i| sum(&|t| t.jitters[i]));
    let blips = (sum(&|t| t.alone) + BLIPS * JUMP_WORTH) / (sum(&|t| t.changes) + JUMP_WORTH);
    let mut bad = before.rates.bad;
    for (i, rate) in bad.rate.iter_mut().enumerate() {
        let prior = BadBoots::default().rate[i];
        let seen = sum(&|t| t.bad[i]) + BOOT_WORTH * prior;
        *rate = (seen / (sum(&|t| t.boots[i]) + BOOT_WORTH)).clamp(1e-4, 0.2);
    }
    let shared = shares(SHARE_PRIOR, SHARE_WORTH, |i| sum(&|t| t.shares[i]));
    Fitted {
        rates: Rates { jumps: Jumps::default(), bad, blips, jitters },
        events: Events { chances, spread },
        shares: shared,
    }
}

fn shares<const N: usize>(prior: [f64; N], worth: f64, seen: impl Fn(usize) -> f64) -> [f64; N] {
    let mut shares = [0.0; N];
    for (i, share) in shares.iter_mut().enumerate() {
        *share = worth * prior[i] + seen(i);
    }
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}
