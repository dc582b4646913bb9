//! Where a series changes its level: exact inference on the tree of kernels.
//!
//! The level of a kernel is that of its parent, or, with a small probability, higher or lower by a
//! jump. A jump may also be undone in all that follows ("bad alone, repaired next"). Belief propagation (Pearl 1988; on a path, the forward–backward recursions of Fearnhead
//! 2006 with levels on a lattice) sums over all segmentations of all paths at once: mainline and
//! every stable series that branches off it. Segments may be as short as one kernel.

use super::jumps::PARTS;
use super::levels::{self, Levels};

/// Probabilities of a change for the worse and for the better on the way from the parent.
pub type Prior = [f64; 2];

/// A tree of observed kernels with the likelihoods of their levels.
pub struct Problem<'a> {
    /// Parent of each kernel, an earlier one.
    pub parents: &'a [Option<usize>],
    /// The lattice.
    pub levels: &'a Levels,
    /// What each kernel says, kernel by kernel; likelihoods at most 1.
    pub own: &'a [Own],
    /// Prior probabilities of a change at each kernel.
    pub priors: &'a [Prior],
    /// Share of changes that concern one kernel only; its descendants are as before.
    pub blips: f64,
}

/// What is known about one kernel from all the others.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// Weight of each level if it is the parent's.
    pub stay: Vec<f64>,
    /// Weight of each level after a jump up, given that there is one.
    pub up: Vec<f64>,
    /// Weight of each level after a jump down.
    pub down: Vec<f64>,
    /// What the kernels after this one say.
    pub after: Vec<f64>,
    /// What other children of the parent say of the parent's level.
    pub beside: Vec<f64>,
}

/// The result of belief propagation.
pub struct Beliefs {
    /// Logarithm of the likelihood of everything, with a flat prior on the first level.
    pub ln_likelihood: f64,
    /// Messages into each kernel.
    pub messages: Vec<Messages>,
}

/// What a kernel says of its level: as it stands, and if it alone has jumped up or down from it.
#[derive(Clone, Debug)]
pub struct Own {
    /// Likelihood of each level.
    pub here: Vec<f64>,
    /// The same, if the kernel alone lies higher.
    pub above: Vec<f64>,
    /// The same, if the kernel alone lies lower.
    pub below: Vec<f64>,
}

impl Own {
    /// Works out the jumps, if `blips` can happen here.
    pub fn new(levels: &Levels, here: Vec<f64>, blips: bool) -> Own {
        let (mut above, mut below) = (vec![0.0; here.len()], vec![0.0; here.len()]);
        if blips {
            // The weight that flows down to a level is that of kernels above it.
            levels.jump(&here, &mut below, &mut above);
        }
        Own { here, above, below }
    }
}

/// Likelihoods of (no change, worse, better) at a kernel, and the parts of the latter that are of
/// a change of this kernel alone.
pub type Weights = ([f64; 3], [f64; 2]);

impl Messages {
    /// Weighs the ways to this kernel, if it says this of its own level.
    pub fn weigh(&self, own: &Own, blips: f64) -> Weights {
        let mut sums = ([0.0; 3], [0.0; 2]);
        for (l, after) in self.after.iter().enumerate() {
            let here = own.here[l] * after;
            sums.0[0] += here * self.stay[l];
            sums.0[1] += here * self.up[l];
            sums.0[2] += here * self.down[l];
            sums.1[0] += own.above[l] * after * self.stay[l];
            sums.1[1] += own.below[l] * after * self.stay[l];
        }
        for side in 0..2 {
            sums.1[side] *= blips;
            sums.0[side + 1] = (1.0 - blips) * sums.0[side + 1] + sums.1[side];
        }
        sums
    }
}

/// [`Messages`] ready to be weighed many times, with changes by size.
pub struct BySize {
    stay: Vec<f64>,
    sides: [Vec<Vec<f64>>; 2],
}

/// Likelihoods of no change, and of a change for the worse and for the better of each size.
pub type Sized = (f64, [[f64; PARTS]; 2]);

impl Messages {
    /// Prepares for [`BySize::weigh`].
    pub fn by_size(&self, levels: &Levels, blips: f64) -> BySize {
        let stay = times(&self.stay, &self.after);
        let mut sides = [Vec::new(), Vec::new()];
        for part in 0..PARTS {
            let steps = levels.jump_part(part, &self.stay);
            let alone = levels.jump_part(part, &stay);
            for (side, (step, alone)) in
                sides.iter_mut().zip([(steps.0, alone.0), (steps.1, alone.1)])
            {
                let step = step.iter().zip(&self.after).map(|(a, b)| (1.0 - blips) * a * b);
                side.push(step.zip(alone).map(|(step, alone)| step + blips * alone).collect());
            }
        }
        BySize { stay, sides }
    }
}

impl Messages {
    /// Prepares for weighing what the parent says, a root, given what this kernel says.
    pub fn by_size_of_root(&self, own: &Own, levels: &Levels, blips: f64) -> BySize {
        let right = times(&own.here, &self.after);
        let mut sides = [Vec::new(), Vec::new()];
        for part in 0..PARTS {
            // A change for the worse comes from levels below.
            let (higher, lower) = levels.jump_part(part, &right);
            let alone = levels.jump_part(part, &own.here);
            for (side, step, alone) in [(0, lower, alone.1), (1, higher, alone.0)] {
                let steps = step.iter().zip(alone.iter().zip(&self.after));
                let all = steps
                    .map(|(step, (alone, after))| (1.0 - blips) * step + blips * alone * after);
                sides[side].push(all.zip(&self.beside).map(|(a, b)| a * b).collect());
            }
        }
        BySize { stay: times(&right, &self.beside), sides }
    }
}

impl BySize {
    /// Weighs the ways to the kernel, if it says this of its own level; relative to `norm`.
    pub fn weigh(&self, own: &[f64], norm: f64) -> Sized {
        let product = |weights: &[f64]| levels::product(weights, own) / norm;
        let side = |side: usize| {
            let mut parts = [0.0; PARTS];
            parts.iter_mut().zip(&self.sides[side]).for_each(|(p, w)| *p = product(w));
            parts
        };
        (product(&self.stay), [side(0), side(1)])
    }
}

/// Runs both passes. The sums are kept in range by scaling each message.
pub fn propagate(problem: &Problem) -> Beliefs {
    let n = problem.parents.len();
    let size = problem.levels.count();
    let mut messages = vec![Messages { after: vec![1.0; size], ..Messages::default() }; n];
    let mut to_parent: Vec<Vec<f64>> = vec![Vec::new(); n];
    let mut ln_likelihood = 0.0;
    for at in (0..n).rev() {
        let Some(parent) = problem.parents[at] else {
            let all = times(&problem.own[at].here, &messages[at].after);
            ln_likelihood += sum(&all).ln();
            continue;
        };
        let mut message = problem.upwards(at, &messages[at].after);
        ln_likelihood += normalise(&mut message);
        multiply(&mut messages[parent].after, &message);
        ln_likelihood += normalise(&mut messages[parent].after);
        to_parent[at] = message;
    }
    downwards(problem, &to_parent, &mut messages);
    Beliefs { ln_likelihood, messages }
}

/// From the roots to the leaves.
fn downwards(problem: &Problem, to_parent: &[Vec<f64>], messages: &mut [Messages]) {
    let size = problem.levels.count();
    // Weight of each level from above and from the kernel itself.
    let mut with_own: Vec<Vec<f64>> = Vec::with_capacity(problem.parents.len());
    for (at, parent) in problem.parents.iter().enumerate() {
        let message = &mut messages[at];
        let Some(parent) = *parent else {
            with_own.push(problem.own[at].here.clone());
            message.stay = vec![1.0; size];
            (message.up, message.down) = (vec![0.0; size], vec![0.0; size]);
            continue;
        };
        let mut beside = vec![1.0; size];
        let others = |other: &usize| *other != at && problem.parents[*other] == Some(parent);
        for other in (parent + 1..problem.parents.len()).filter(others) {
            multiply(&mut beside, &to_parent[other]);
            normalise(&mut beside);
        }
        let mut from = times(&with_own[parent], &beside);
        message.beside = beside;
        normalise(&mut from);
        problem.levels.jump(&from, &mut message.up, &mut message.down);
        message.stay = from;
        let mut arriving = problem.arriving(at, message);
        normalise(&mut arriving);
        with_own.push(arriving);
    }
}

impl Problem<'_> {
    /// What a kernel and all after it say of the level of its parent.
    fn upwards(&self, at: usize, after: &[f64]) -> Vec<f64> {
        let own = &self.own[at];
        let all = times(&own.here, after);
        let (mut higher, mut lower) = (Vec::new(), Vec::new());
        self.levels.jump(&all, &mut higher, &mut lower);
        let [worse, better] = self.priors[at];
        let (stay, step) = (1.0 - worse - better, 1.0 - self.blips);
        (0..all.len())
            .map(|l| {
                let alone = worse * own.above[l] + better * own.below[l];
                let step = step * (worse * lower[l] + better * higher[l]);
                stay * all[l] + step + self.blips * alone * after[l]
            })
            .collect()
    }

    /// Weight of each level from above and from the kernel itself.
    fn arriving(&self, at: usize, m: &Messages) -> Vec<f64> {
        let own = &self.own[at];
        let [worse, better] = self.priors[at];
        let (stay, step) = (1.0 - worse - better, 1.0 - self.blips);
        (0..m.stay.len())
            .map(|l| {
                let alone = worse * own.above[l] + better * own.below[l];
                let steps = stay * m.stay[l] + step * (worse * m.up[l] + better * m.down[l]);
                steps * own.here[l] + self.blips * alone * m.stay[l]
            })
            .collect()
    }
}

fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

fn multiply(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a *= b);
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum::<f64>().max(f64::MIN_POSITIVE)
}

/// Scales to a largest value of 1 and returns the logarithm of what was taken out. Values too
/// small to matter, but which would make later products slow or 0 everywhere, are lifted.
fn normalise(values: &mut [f64]) -> f64 {
    let top = values.iter().copied().fold(0.0, f64::max);
    if top <= 0.0 || !top.is_finite() {
        values.fill(1.0);
        return f64::MIN_POSITIVE.ln();
    }
    values.iter_mut().for_each(|value| *value = (*value / top).max(1e-200));
    top.ln()
}
