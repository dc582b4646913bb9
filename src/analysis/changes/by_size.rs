//! Changes told apart by size, for what a kernel may say under many positions of shared luck.

use super::blocks::{self, Block, Table};
use super::jumps::PARTS;
use super::levels::{Flow, Levels};
use super::segmentation::Messages;

/// Likelihoods of no change, and of a change for the worse and for the better of each size.
pub type Sized = (f64, [[f64; PARTS]; 2]);

/// What each level of a kernel weighs on each way to it: no change, worse by size, better by size.
pub struct BySize(Table);

impl BySize {
    /// For what the kernel itself says.
    pub fn new(m: &Messages, levels: &Levels, blips: f64) -> BySize {
        let mut ways = Table::new(1 + 2 * PARTS, levels.width());
        blocks::times(ways.row_mut(0), m.stay, m.after);
        let all = ways.row(0).to_vec();
        let mut fill = |row: usize, flow: &Flow| {
            let out = ways.row_mut(row).iter_mut();
            let both = flow.of(m.stay).zip(flow.of(&all));
            for ((out, (step, alone)), after) in out.zip(both).zip(m.after) {
                let way = |lane| (1.0 - blips) * step[lane] * after[lane] + blips * alone[lane];
                *out = std::array::from_fn(way);
            }
        };
        for (part, ways) in levels.parts.iter().enumerate() {
            fill(1 + part, &ways.up);
            fill(1 + PARTS + part, &ways.down);
        }
        BySize(ways)
    }

    /// For what the parent says, a root, if the kernel says `here`.
    pub fn of_root(m: &Messages, here: &[Block], levels: &Levels, blips: f64) -> BySize {
        let mut ways = Table::new(1 + 2 * PARTS, levels.width());
        let mut all = here.to_vec();
        blocks::multiply(&mut all, m.after);
        blocks::times(ways.row_mut(0), &all, m.beside);
        let mut fill = |row: usize, flow: &Flow| {
            let out = ways.row_mut(row).iter_mut().zip(m.after.iter().zip(m.beside));
            for ((out, (after, beside)), (step, alone)) in out.zip(flow.of(&all).zip(flow.of(here)))
            {
                let way = |lane| (1.0 - blips) * step[lane] + blips * alone[lane] * after[lane];
                *out = std::array::from_fn(|lane: usize| way(lane) * beside[lane]);
            }
        };
        for (part, ways) in levels.parts.iter().enumerate() {
            // A change for the worse comes from levels below.
            fill(1 + part, &ways.down);
            fill(1 + PARTS + part, &ways.up);
        }
        BySize(ways)
    }

    /// Likelihood of no change alone.
    pub fn none(&self, own: &[Block]) -> f64 {
        blocks::dot(self.0.row(0), own)
    }

    /// Weighs the ways to the kernel, if it says this of its own level; relative to `norm`.
    pub fn weigh(&self, own: &[Block], norm: f64) -> Sized {
        let way = |row: usize| blocks::dot(self.0.row(row), own) / norm;
        let side = |first: usize| std::array::from_fn(|part| way(first + part));
        (way(0), [side(1), side(1 + PARTS)])
    }
}
