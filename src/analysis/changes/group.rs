//! One group of series: rounds of exchange between what each series says and what all say.

use serde::Serialize;

use super::by_size::Sized;
use super::contamination::stratum;
use super::evidence::{self, Evidence, Likelihoods, Rates, SharedLuck};
use super::jumps::Jumps;
use super::location::{Located, Seen};
use super::noise::Node;
use super::occasions::Occasion;
use super::rates::Fitted;
use super::scene::{self, Detail, Scene};
use super::segmentation::Prior;
use super::siblings::{self, Events, Group as Together, Joint, Says};
use crate::stats::robust;

/// Probability of a change, of one series or of the group if they shared no luck, from which on a
/// kernel is looked at under shared luck.
const INTERESTING: f64 = 0.04;
/// More boots than a kernel has.
const BOOT_KEYS: usize = 1 << 20;
/// Weight below which a noise hypothesis is dropped after the first round.
const NEGLIGIBLE: f64 = 0.01;

/// A series with its noise hypotheses.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Place in the input.
    #[serde(skip)] // of no account within the group
    pub index: usize,
    /// The data.
    pub series: Located,
    /// Noise hypotheses.
    pub nodes: Vec<Node>,
}

/// Everything that is known about a group.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Its series.
    pub members: Vec<Member>,
}

/// What the data say about a group.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Of each member.
    pub evidence: Vec<Evidence>,
    /// Noise hypotheses left of each member (as many as weights in the evidence).
    pub nodes: Vec<Vec<Node>>,
    /// Probabilities of a change for the worse and the better, by member and place.
    pub changes: Vec<Vec<Prior>>,
    /// Posterior of the share of the noise in common.
    pub shares: [f64; siblings::SHARES.len()],
    /// Probability that a boot is bad, by member.
    pub bad: Vec<f64>,
    /// Group events by kernel.
    pub joints: Vec<(usize, Joint)>,
}

impl Group {
    /// Judges all series of the group under these rates.
    pub fn judge(&self, fitted: &Fitted, rounds: usize) -> Findings {
        let Fitted { rates, events, .. } = fitted;
        let mut events = *events;
        let mut priors = self.priors(&events);
        let mut nodes: Vec<Vec<Node>> = self.members.iter().map(|m| m.nodes.clone()).collect();
        let base = |m: &Member| rates.bad.rate[stratum(m.series.samples)];
        let bad: Vec<f64> = self.members.iter().map(base).collect();
        let coarse = self.scenes(&nodes, rates, &bad, Detail::Coarse);
        let mut evidence = self.weigh(&coarse, &priors, rates, None);
        drop(coarse);
        drop_negligible(&mut nodes, &mut evidence);
        let bad = self.bad_rates(&evidence, &bad);
        let mut scenes = None;
        let shares = siblings::share_posterior(self.residuals(&evidence), &fitted.shares);
        let (luck, weights) = siblings::luck(&shares);
        let mut changes = probabilities(&evidence, &priors);
        let mut joints = Vec::new();
        for _ in 0..rounds.max(1) {
            let asked = self.interesting(&evidence, &changes, &events);
            let quiet = !asked.iter().flatten().any(Option::is_some);
            if !quiet {
                let scenes =
                    scenes.get_or_insert_with(|| self.scenes(&nodes, rates, &bad, Detail::Fine));
                evidence = self.weigh(scenes, &priors, rates, Some((&luck, &asked)));
                changes = probabilities(&evidence, &priors);
            }
            joints = self.exchange(
                &evidence,
                (&events, &rates.jumps),
                &weights,
                &mut priors,
                &mut changes,
            );
            if quiet {
                break;
            }
            events = self.own_lone_chances(&joints, &fitted.events);
        }
        self.repairs(&evidence, &mut changes);
        Findings { evidence, nodes, changes, joints, shares, bad }
    }

    /// Probabilities of changes before any data.
    fn priors(&self, events: &Events) -> Vec<Vec<Prior>> {
        let prior = |kernel| events.prior(self.members.len(), self.occasion(kernel));
        let each = self.members.iter();
        each.map(|m| m.series.seen.iter().map(|seen| prior(seen.kernel)).collect()).collect()
    }

    /// When a kernel is judged.
    pub fn occasion(&self, kernel: usize) -> Occasion {
        Occasion::of(kernel, self.members.iter().map(|member| &member.series))
    }

    /// In some benchmarks operations change by themselves, in others all together: the chances of
    /// this group, with a gamma prior worth one change around those of the data base.
    fn own_lone_chances(&self, joints: &[(usize, Joint)], events: &Events) -> Events {
        let chance = |kernel| events.chances[self.occasion(kernel).index()].lone;
        let members = self.members.len() as f64;
        let expected: f64 = joints.iter().map(|(kernel, _)| members * chance(*kernel)).sum();
        let found: f64 = joints.iter().map(|(_, joint)| joint.lone).sum();
        let factor = (found + 1.0) / (expected + 1.0);
        let mut own = *events;
        own.chances.iter_mut().for_each(|c| c.lone = (c.lone * factor).clamp(1e-5, 0.2));
        own
    }

    /// Each member under each of its noise hypotheses.
    fn scenes(
        &self,
        nodes: &[Vec<Node>],
        rates: &Rates,
        bad: &[f64],
        detail: Detail,
    ) -> Vec<Vec<Scene>> {
        let each = self.members.iter().zip(nodes).zip(bad);
        each.map(|((member, nodes), bad)| scene::scenes(&member.series, nodes, rates, *bad, detail))
            .collect()
    }

    fn weigh(
        &self,
        scenes: &[Vec<Scene>],
        priors: &[Vec<Prior>],
        rates: &Rates,
        luck: Option<(&SharedLuck, &[Vec<Option<f64>>])>,
    ) -> Vec<Evidence> {
        let each = self.members.iter().zip(scenes).zip(priors).enumerate();
        each.map(|(at, ((member, scenes), priors))| {
            let asked = luck.map(|(luck, asked)| (luck, asked[at].as_slice()));
            evidence::weigh(&member.series, scenes, priors, rates, asked)
        })
        .collect()
    }

    /// How often boots of each series are bad: its own count, shrunk to that of the data base.
    fn bad_rates(&self, evidence: &[Evidence], base: &[f64]) -> Vec<f64> {
        const WORTH: f64 = 20.0;
        let own = |((member, evidence), base): ((&Member, &Evidence), &f64)| {
            let seen = &member.series.seen;
            // A newest kernel may have changed.
            let inner = (0..seen.len()).filter(|at| seen.iter().any(|s| s.parent == Some(*at)));
            let (bad, boots) = inner.fold((0.0, 0.0), |(bad, boots), at| {
                (bad + evidence.bad_boots[at], boots + seen[at].boots.len() as f64)
            });
            ((bad + WORTH * base) / (boots + WORTH)).clamp(1e-4, 0.4)
        };
        self.members.iter().zip(evidence).zip(base).map(own).collect()
    }

    /// Standardised residuals with what siblings have in common as key: the kernel where there is
    /// a history, else kernel and boot.
    fn residuals(&self, evidence: &[Evidence]) -> Vec<(usize, f64)> {
        const HISTORY: usize = 6;
        let mut all = Vec::new();
        for (member, evidence) in self.members.iter().zip(evidence) {
            let seen = &member.series.seen;
            let mut own: Vec<(usize, f64)> = Vec::new();
            for (at, here) in seen.iter().enumerate() {
                if seen.len() >= HISTORY {
                    let inner = seen.iter().any(|s| s.parent == Some(at));
                    let z = evidence.estimates[at] - evidence.levels[at];
                    own.extend(inner.then_some((here.kernel, z)));
                } else if here.boots.len() > 1 {
                    let n = here.boots.len() as f64;
                    let mean = here.boots.iter().sum::<f64>() / n;
                    let unit = (1.0 - 1.0 / n).sqrt();
                    let key = |slot: &usize| here.kernel * BOOT_KEYS + slot;
                    own.extend(
                        here.slots
                            .iter()
                            .zip(&here.boots)
                            .map(|(s, y)| (key(s), (y - mean) / unit)),
                    );
                }
            }
            let values: Vec<f64> = own.iter().map(|(_, z)| *z).collect();
            let unit = robust::mad(&values).unwrap_or(0.0).max(1e-9);
            all.extend(own.iter().map(|(key, z)| (*key, (z / unit).clamp(-2.0, 2.0))));
        }
        all
    }

    /// Kernels at which some member may have changed, for all members: how much the luck of the
    /// kernels before counts.
    fn interesting(
        &self,
        evidence: &[Evidence],
        changes: &[Vec<Prior>],
        events: &Events,
    ) -> Vec<Vec<Option<f64>>> {
        let mut kernels: Vec<usize> = Vec::new();
        for (kernel, places) in self.places() {
            let edges = places.iter().map(|(member, at)| evidence[*member].edges[*at]);
            let joint = siblings::quiet(edges, events, self.members.len(), self.occasion(kernel));
            let any =
                places.iter().any(|(m, at)| changes[*m][*at].iter().sum::<f64>() > INTERESTING);
            if any || joint.event > INTERESTING {
                kernels.push(kernel);
            }
        }
        let asked = |(member, changes): (&Member, &Vec<Prior>)| {
            let wanted = |s: &Seen| kernels.binary_search(&s.kernel).is_ok();
            let seen = &member.series.seen;
            let one = |(at, s): (usize, &Seen)| {
                s.parent.filter(|_| wanted(s)).map(|up| lever(seen, changes, up, at))
            };
            seen.iter().enumerate().map(one).collect()
        };
        self.members.iter().zip(changes).map(asked).collect()
    }

    /// Lets members learn from each other; updates what each is lent and what it comes to.
    fn exchange(
        &self,
        evidence: &[Evidence],
        (events, jumps): (&Events, &Jumps),
        weights: &[f64],
        priors: &mut [Vec<Prior>],
        changes: &mut [Vec<Prior>],
    ) -> Vec<(usize, Joint)> {
        let mut joints = Vec::new();
        for (kernel, places) in self.places() {
            let single =
                |(member, at): &(usize, usize)| vec![Says::unsized_(&evidence[*member].edges[*at])];
            let says = |sized: &Sized| Says::new(sized, jumps);
            let shared = |(member, at): &(usize, usize)| -> Option<Vec<Says>> {
                Some(evidence[*member].shared[*at].as_ref()?.iter().map(says).collect())
            };
            let under_luck: Option<Vec<Vec<Says>>> = places.iter().map(shared).collect();
            let (members, weights, jumps) = match under_luck.filter(|_| places.len() > 1) {
                Some(table) => (table, weights, Some(jumps)),
                None => (places.iter().map(single).collect(), &[1.0][..], None),
            };
            let size = self.members.len();
            let occasion = self.occasion(kernel);
            if places.len() > 1 && jumps.is_none() {
                let edges = places.iter().map(|(member, at)| evidence[*member].edges[*at]);
                joints.push((kernel, siblings::quiet(edges, events, size, occasion)));
                continue;
            }
            let together = Together { members: &members, weights, size, jumps, occasion };
            let joint = siblings::combine(&together, events);
            for ((member, at), posterior) in places.iter().zip(&joint.members) {
                let alone = evidence[*member].edges[*at];
                priors[*member][*at] = siblings::lent(*posterior, alone);
                changes[*member][*at] = *posterior;
            }
            joints.push((kernel, joint));
        }
        joints
    }

    /// A kernel that is bad alone is repaired in each that is made from it.
    fn repairs(&self, evidence: &[Evidence], changes: &mut [Vec<Prior>]) {
        for ((member, evidence), changes) in self.members.iter().zip(evidence).zip(changes) {
            let alone: Vec<Prior> = changes
                .iter()
                .zip(&evidence.alone)
                .map(|(p, share)| [p[0] * share[0], p[1] * share[1]])
                .collect();
            for (seen, change) in member.series.seen.iter().zip(changes.iter_mut()) {
                let Some(parent) = seen.parent else { continue };
                change[0] = (change[0] + alone[parent][1]).min(1.0 - change[1]);
                change[1] = (change[1] + alone[parent][0]).min(1.0 - change[0]);
            }
        }
    }

    /// For each kernel with a parent: where it stands in which member.
    fn places(&self) -> Vec<(usize, Vec<(usize, usize)>)> {
        let mut all: Vec<(usize, usize, usize)> = Vec::new();
        for (at, member) in self.members.iter().enumerate() {
            let seen = member.series.seen.iter().enumerate();
            all.extend(
                seen.filter(|(_, s)| s.parent.is_some()).map(|(place, s)| (s.kernel, at, place)),
            );
        }
        all.sort_unstable();
        all.chunk_by(|a, b| a.0 == b.0)
            .map(|chunk| (chunk[0].0, chunk.iter().map(|(_, m, at)| (*m, *at)).collect()))
            .collect()
    }
}

/// The luck of the kernels on the other side of a change counts as well: fully if there is one,
/// less if several share the level. Where the parent is a root, the other side is that after.
fn lever(seen: &[Seen], changes: &[Prior], parent: usize, at: usize) -> f64 {
    if seen[parent].parent.is_none() {
        let leaf = !seen.iter().any(|s| s.parent == Some(at));
        return if leaf { 1.0 } else { 0.3 };
    }
    let mut count = 1.0;
    let mut at = parent;
    while let Some(up) = seen[at].parent.filter(|_| changes[at][0] + changes[at][1] < 0.5) {
        count += 1.0;
        at = up;
    }
    1.0 / count
}

/// Posterior of each series alone.
fn probabilities(evidence: &[Evidence], priors: &[Vec<Prior>]) -> Vec<Vec<Prior>> {
    let one = |(edge, p): (&Likelihoods, &Prior)| [p[0] * edge[1], p[1] * edge[2]];
    let each = evidence.iter().zip(priors);
    each.map(|(e, priors)| e.edges.iter().zip(priors).map(one).collect()).collect()
}

fn drop_negligible(nodes: &mut [Vec<Node>], evidence: &mut [Evidence]) {
    for (nodes, evidence) in nodes.iter_mut().zip(evidence) {
        let mut weights = evidence.weights.iter();
        nodes.retain(|_| weights.next().is_some_and(|weight| *weight >= NEGLIGIBLE));
        evidence.weights.retain(|weight| *weight >= NEGLIGIBLE);
        let total: f64 = evidence.weights.iter().sum();
        evidence.weights.iter_mut().for_each(|weight| *weight /= total);
    }
}
