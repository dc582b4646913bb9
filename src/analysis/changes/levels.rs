//! The levels that a series can have: a lattice, where there are data.

use super::blocks::{Block, LANES};
use super::jumps::{self, Jumps};

/// Distance of levels in deviations of a kernel.
const STEP: f64 = 0.45;
/// Reach around every reading in its deviations.
const REACH: f64 = 3.2;
/// Most levels; beyond, the lattice gets coarser.
const MOST: usize = 160;
/// Longest way from the lowest to the highest level, in steps.
const SPAN: f64 = 20_000.0;
/// Jumps of a part that are less likely than this share of its likeliest do not count.
const NEGLIGIBLE: f64 = 1e-5;

/// Ascending levels and the probabilities of jumps between them.
#[derive(Clone, Debug)]
pub struct Levels {
    /// The levels, filled up to whole blocks; see [`Levels::blank`].
    pub at: Vec<Block>,
    /// Distance of neighbours, where there is no gap.
    pub step: f64,
    /// Levels in the last block.
    rest: usize,
    /// Jumps of any size.
    pub jumps: Ways,
    /// Jumps of each part of the sizes, if they are told apart.
    pub parts: Vec<Ways>,
}

impl Levels {
    /// Levels around readings (mean, deviation); `deviation` is a typical one.
    ///
    /// Changes are told apart by size only if `by_size`.
    pub fn around(readings: &[(f64, f64)], deviation: f64, jumps: &Jumps, by_size: bool) -> Levels {
        let (low, high) = readings
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), (mean, _)| (low.min(*mean), high.max(*mean)));
        let mut step = (STEP * deviation).max((high - low) / SPAN).max(1e-9);
        let mut indices = cover(readings, step);
        while indices.len() > MOST {
            step *= 1.3;
            indices = cover(readings, step);
        }
        let span = indices.last().zip(indices.first()).map_or(0, |(last, first)| last - first);
        let count = span as usize + 1;
        let sizes = jumps::cells(step, count);
        // Every jump has a way, so that absurd data have a path.
        let mixture = Ways::new(&indices, &jumps.mixture(&sizes), 0.0);
        let parts = sizes.iter().filter(|_| by_size);
        let parts = parts.map(|cells| Ways::new(&indices, cells, NEGLIGIBLE)).collect();
        let filled = |chunk: &[i64]| -> Block {
            let last = chunk.last().copied().unwrap_or(0);
            std::array::from_fn(|lane| *chunk.get(lane).unwrap_or(&last) as f64 * step)
        };
        let at = indices.chunks(LANES).map(filled).collect();
        Levels { at, step, rest: indices.len() % LANES, jumps: mixture, parts }
    }

    /// Blocks in a row of all levels.
    pub fn width(&self) -> usize {
        self.at.len()
    }

    /// Takes the weight from what is no level but only fills the last block.
    pub fn blank(&self, row: &mut [Block]) {
        if let Some(last) = row.last_mut().filter(|_| self.rest > 0) {
            last[self.rest..].fill(0.0);
        }
    }
}

/// Jumps from level to level in both directions.
#[derive(Clone, Debug)]
pub struct Ways {
    /// From lower levels.
    pub up: Flow,
    /// From higher levels.
    pub down: Flow,
}

impl Ways {
    /// Ways between levels of these lattice indices, if a jump of n steps has probability
    /// `cells[n]`, but for those less likely than a share of the likeliest. Staying at the level, a
    /// jump of less than half a step, counts as both.
    fn new(indices: &[i64], cells: &[f64], share: f64) -> Ways {
        let least = share * cells.iter().copied().fold(0.0, f64::max);
        let first = cells.iter().position(|cell| *cell > least).unwrap_or(0);
        let end = cells.iter().rposition(|cell| *cell > least).map_or(first, |last| last + 1);
        let mut line = vec![0.0; LANES];
        line.extend(&cells[first..end]);
        line.extend([0.0; LANES]);
        let up = Flow::new(indices, (first as i64, end as i64), &line);
        line.reverse();
        let down = Flow::new(indices, (1 - end as i64, 1 - first as i64), &line);
        Ways { up, down }
    }
}

/// What flows into each block of levels from others.
#[derive(Clone, Debug)]
pub struct Flow {
    /// For each block: the first level that leads to it, and the end of its cells.
    spans: Vec<(usize, usize)>,
    /// Probabilities of the ways from one level to those of a block.
    cells: Vec<Block>,
}

impl Flow {
    /// `line` has the probability of each way in `reach` (steps upwards, negative is down), with a
    /// block of zeros before and after.
    fn new(indices: &[i64], reach: (i64, i64), line: &[f64]) -> Flow {
        let place = |steps: i64| usize::try_from(steps - reach.0 + LANES as i64).ok();
        let way = |from: i64, to: i64| Some(*line.get(place(to - from)?)?);
        let mut flow = Flow { spans: Vec::new(), cells: Vec::new() };
        for block in indices.chunks(LANES) {
            let (low, high) = (block[0], block[block.len() - 1]);
            let whole = high - low == LANES as i64 - 1;
            let run = |from: i64| line.get(place(low - from)?..)?.first_chunk().copied();
            let each = |from: i64| -> Block {
                std::array::from_fn(|lane| block.get(lane).and_then(|to| way(from, *to)))
                    .map(|way| way.unwrap_or(0.0))
            };
            let cells = |from: &i64| match whole {
                true => run(*from).unwrap_or_default(),
                false => each(*from),
            };
            let below = |bound: i64| indices.partition_point(|index| *index < bound);
            // Levels are taken in twos: one more leads nowhere.
            let first = below(low - reach.1 + 1) & !1;
            let end = below(high - reach.0 + 1).max(first).next_multiple_of(2);
            let from = first..end;
            flow.cells.extend(from.map(|at| indices.get(at).map(cells).unwrap_or_default()));
            flow.spans.push((first, flow.cells.len()));
        }
        flow
    }

    /// What flows into each block, if this is the weight of the levels.
    pub fn of<'a>(&'a self, from: &'a [Block]) -> impl Iterator<Item = Block> + 'a {
        let from = from.as_flattened();
        let mut start = 0;
        self.spans.iter().map(move |(first, end)| {
            let (cells, _) = self.cells[start..*end].as_chunks::<2>();
            start = *end;
            // Two sums at once: an addition takes longer than the next can wait.
            let (mut even, mut odd) = ([0.0; LANES], [0.0; LANES]);
            for (cells, from) in cells.iter().zip(from[*first..].as_chunks::<2>().0) {
                for lane in 0..LANES {
                    even[lane] += cells[0][lane] * from[0];
                    odd[lane] += cells[1][lane] * from[1];
                }
            }
            std::array::from_fn(|lane| even[lane] + odd[lane])
        })
    }
}

/// Lattice indices within reach of a reading, ascending.
fn cover(readings: &[(f64, f64)], step: f64) -> Vec<i64> {
    let mut spans: Vec<(i64, i64)> = readings
        .iter()
        .map(|(mean, deviation)| {
            let reach = (REACH * deviation).max(step);
            (((mean - reach) / step).floor() as i64, ((mean + reach) / step).ceil() as i64)
        })
        .collect();
    spans.sort_unstable();
    let mut indices = Vec::new();
    let mut next = i64::MIN;
    for (low, high) in spans {
        // More than enough to make the caller take a coarser step.
        let high = high.min(low.saturating_add(4 * MOST as i64));
        indices.extend(low.max(next)..=high);
        next = next.max(high + 1);
    }
    indices
}
