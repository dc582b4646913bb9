//! Where a series changes its level: exact inference on the tree of kernels.
//!
//! The level of a kernel is that of its parent, or, with a small probability, higher or lower by a
//! jump. A jump may also be undone in all that follows ("bad alone, repaired next"). Belief
//! propagation (Pearl 1988; on a path, the forward–backward recursions of Fearnhead 2006 with levels
//! on a lattice) sums over all segmentations of all paths at once: mainline and every stable series
//! that branches off it. Segments may be as short as one kernel.

use super::blocks::{self, Block, LANES, Table, multiply, normalise, times};
use super::levels::Levels;

/// Probabilities of a change for the worse and for the better on the way from the parent.
pub type Prior = [f64; 2];

/// A tree of observed kernels with the likelihoods of their levels.
pub struct Problem<'a> {
    /// Parent of each kernel, an earlier one.
    pub parents: &'a [Option<usize>],
    /// The lattice.
    pub levels: &'a Levels,
    /// What the kernels say.
    pub own: &'a Own,
    /// Prior probabilities of a change at each kernel.
    pub priors: &'a [Prior],
    /// Share of changes that concern one kernel only; its descendants are as before.
    pub blips: f64,
}

/// What kernels say of their levels, likelihoods at most 1: as they stand, and if one alone has
/// jumped up or down from its level. A row is a kernel.
#[derive(Clone, Debug)]
pub struct Own {
    /// Likelihood of each level.
    pub here: Table,
    /// The same, if the kernel alone lies higher.
    pub above: Table,
    /// The same, if the kernel alone lies lower.
    pub below: Table,
}

impl Own {
    /// Works out the jumps of those kernels that may change alone.
    pub fn new(levels: &Levels, here: Table, may: &[bool]) -> Own {
        let mut above = Table::new(may.len(), levels.width());
        let mut below = above.clone();
        for at in (0..may.len()).filter(|at| may[*at]) {
            // The weight that flows down to a level is that of kernels above it.
            fill(above.row_mut(at), levels.jumps.down.of(here.row(at)));
            fill(below.row_mut(at), levels.jumps.up.of(here.row(at)));
        }
        Own { here, above, below }
    }
}

/// What is known about one kernel from all the others.
#[derive(Clone, Copy)]
pub struct Messages<'a> {
    /// Weight of each level if it is the parent's.
    pub stay: &'a [Block],
    /// Weight of each level after a jump up, given that there is one.
    pub up: &'a [Block],
    /// Weight of each level after a jump down.
    pub down: &'a [Block],
    /// What the kernels after this one say.
    pub after: &'a [Block],
    /// What other children of the parent say of the parent's level.
    pub beside: &'a [Block],
}

/// The result of belief propagation, with messages into each kernel.
#[derive(Default)]
pub struct Beliefs {
    /// Logarithm of the likelihood of everything, with a flat prior on the first level.
    pub ln_likelihood: f64,
    stay: Table,
    up: Table,
    down: Table,
    after: Table,
    beside: Table,
    /// What each kernel and all after it say of the level of its parent.
    to_parent: Table,
    /// Weight of each level from above and from the kernel itself.
    with_own: Table,
}

impl Beliefs {
    /// Runs both passes; uses the memory of those before. The sums are kept in range by scaling
    /// each message.
    pub fn propagate(&mut self, problem: &Problem) {
        let (rows, width) = (problem.parents.len(), problem.levels.width());
        let Beliefs { stay, up, down, after, beside, to_parent, with_own, .. } = self;
        for table in [stay, up, down, after, beside, to_parent, with_own] {
            table.reshape(rows, width);
        }
        self.upwards(problem);
        self.downwards(problem);
    }

    /// What the others say about a kernel.
    pub fn about(&self, at: usize) -> Messages<'_> {
        Messages {
            stay: self.stay.row(at),
            up: self.up.row(at),
            down: self.down.row(at),
            after: self.after.row(at),
            beside: self.beside.row(at),
        }
    }

    /// From the leaves to the roots.
    fn upwards(&mut self, problem: &Problem) {
        self.ln_likelihood = 0.0;
        let rows = problem.parents.len();
        (0..rows).for_each(|at| self.after.row_mut(at).fill([1.0; LANES]));
        let mut all = vec![Block::default(); problem.levels.width()];
        for at in (0..rows).rev() {
            times(&mut all, problem.own.here.row(at), self.after.row(at));
            let Some(parent) = problem.parents[at] else {
                self.ln_likelihood += blocks::total(&all).max(f64::MIN_POSITIVE).ln();
                continue;
            };
            let message = self.to_parent.row_mut(at);
            problem.message(at, &all, self.after.row(at), message);
            self.ln_likelihood += normalise(message);
            multiply(self.after.row_mut(parent), message);
            self.ln_likelihood += normalise(self.after.row_mut(parent));
        }
    }

    /// From the roots to the leaves.
    fn downwards(&mut self, problem: &Problem) {
        for (at, parent) in problem.parents.iter().enumerate() {
            let Some(parent) = *parent else {
                self.with_own.row_mut(at).copy_from_slice(problem.own.here.row(at));
                self.stay.row_mut(at).fill([1.0; LANES]);
                self.beside.row_mut(at).fill([1.0; LANES]);
                self.up.row_mut(at).fill([0.0; LANES]);
                self.down.row_mut(at).fill([0.0; LANES]);
                continue;
            };
            let beside = self.beside.row_mut(at);
            beside.fill([1.0; LANES]);
            let others = |other: &usize| *other != at && problem.parents[*other] == Some(parent);
            for other in (parent + 1..problem.parents.len()).filter(others) {
                multiply(beside, self.to_parent.row(other));
                normalise(beside);
            }
            let stay = self.stay.row_mut(at);
            times(stay, self.with_own.row(parent), beside);
            normalise(stay);
            fill(self.up.row_mut(at), problem.levels.jumps.up.of(stay));
            fill(self.down.row_mut(at), problem.levels.jumps.down.of(stay));
            let arriving = self.with_own.row_mut(at);
            let ways = [self.stay.row(at), self.up.row(at), self.down.row(at)];
            problem.arriving(at, ways, arriving);
            normalise(arriving);
        }
    }
}

impl Problem<'_> {
    /// What a kernel and all `after` it, together `all`, say of the level of its parent.
    fn message(&self, at: usize, all: &[Block], after: &[Block], out: &mut [Block]) {
        let (above, below) = (self.own.above.row(at), self.own.below.row(at));
        let [worse, better] = self.priors[at];
        let (stay, step) = (1.0 - worse - better, 1.0 - self.blips);
        let jumps = &self.levels.jumps;
        let flows = jumps.up.of(all).zip(jumps.down.of(all));
        for (b, ((out, (higher, lower)), all)) in out.iter_mut().zip(flows).zip(all).enumerate() {
            let (above, below, after) = (&above[b], &below[b], &after[b]);
            *out = std::array::from_fn(|l: usize| {
                let alone = worse * above[l] + better * below[l];
                let steps = step * (worse * lower[l] + better * higher[l]);
                stay * all[l] + steps + self.blips * alone * after[l]
            });
        }
    }

    /// Weight of each level from above and from the kernel itself.
    fn arriving(&self, at: usize, [same, up, down]: [&[Block]; 3], out: &mut [Block]) {
        let Own { here, above, below } = self.own;
        let (here, above, below) = (here.row(at), above.row(at), below.row(at));
        let [worse, better] = self.priors[at];
        let (stay, step) = (1.0 - worse - better, 1.0 - self.blips);
        for (b, out) in out.iter_mut().enumerate() {
            let (same, up, down) = (&same[b], &up[b], &down[b]);
            let (here, above, below) = (&here[b], &above[b], &below[b]);
            *out = std::array::from_fn(|l: usize| {
                let alone = worse * above[l] + better * below[l];
                let steps = stay * same[l] + step * (worse * up[l] + better * down[l]);
                steps * here[l] + self.blips * alone * same[l]
            });
        }
    }
}

fn fill(out: &mut [Block], blocks: impl Iterator<Item = Block>) {
    out.iter_mut().zip(blocks).for_each(|(out, block)| *out = block);
}
