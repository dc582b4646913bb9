//! The levels that a series can have: a lattice, where there are data.

use super::jumps::{Jumps, PARTS};

/// Distance of levels in deviations of a kernel.
const STEP: f64 = 0.45;
/// Reach around every reading in its deviations.
const REACH: f64 = 3.2;
/// Most levels; beyond, the lattice gets coarser.
const MOST: usize = 160;
/// Longest way from the lowest to the highest level, in steps.
const SPAN: f64 = 20_000.0;

/// Ascending levels and the probabilities of jumps between them.
#[derive(Clone, Debug)]
pub struct Levels {
    /// The levels.
    pub at: Vec<f64>,
    /// Lattice index of each level.
    indices: Vec<i64>,
    /// Probability of a jump by so many steps, given its direction, for each part of the sizes.
    parts: Vec<Band>,
    /// Symmetric: probability of a jump of any size; row by row.
    jump: Vec<f64>,
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
        let cells = jumps.cells(step, count);
        let parts = (0..if by_size { PARTS } else { 0 })
            .map(|part| Band::of(&Jumps::part(part).cells(step, count)))
            .collect();
        let jump = indices
            .iter()
            .flat_map(|from| {
                let cells = &cells;
                indices.iter().map(move |to| cells[(from - to).unsigned_abs() as usize])
            })
            .collect();
        let at = indices.iter().map(|index| *index as f64 * step).collect();
        Levels { at, indices, parts, jump }
    }

    /// Number of levels.
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// Where `from` leads after a jump: (to higher levels, to lower levels).
    pub fn jump(&self, from: &[f64], higher: &mut Vec<f64>, lower: &mut Vec<f64>) {
        let n = self.count();
        higher.clear();
        lower.clear();
        for (level, row) in self.jump.chunks_exact(n).enumerate() {
            let same = row[level] * from[level];
            higher.push(same + product(&row[..level], &from[..level]));
            lower.push(same + product(&row[level + 1..], &from[level + 1..]));
        }
    }
}

impl Levels {
    /// As [`Levels::jump`], for one part of the sizes: (to higher levels, to lower levels).
    pub fn jump_part(&self, part: usize, from: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let Band { first, cells } = &self.parts[part];
        let n = self.count();
        let (mut higher, mut lower) = (vec![0.0; n], vec![0.0; n]);
        let mut nearest = 0;
        for to in 0..n {
            // Levels that lie a jump of this part below.
            let reach = self.indices[to] - *first as i64;
            let farthest = reach - cells.len() as i64;
            while nearest < to && self.indices[nearest] <= farthest {
                nearest += 1;
            }
            let (mut sum, weight) = (0.0, from[to]);
            for at in nearest..=to {
                let Ok(cell) = usize::try_from(reach - self.indices[at]) else { break };
                let Some(cell) = cells.get(cell) else { continue };
                sum += cell * from[at];
                lower[at] += cell * weight;
            }
            higher[to] = sum;
        }
        (higher, lower)
    }
}

/// The steps that jumps of one part take with a probability that counts.
#[derive(Clone, Debug)]
struct Band {
    /// Fewest steps.
    first: usize,
    /// Probabilities of that many steps, one more, …
    cells: Vec<f64>,
}

impl Band {
    fn of(cells: &[f64]) -> Band {
        const NEGLIGIBLE: f64 = 1e-5;
        let top = cells.iter().copied().fold(0.0, f64::max);
        let counts = |cell: &f64| *cell > NEGLIGIBLE * top;
        let first = cells.iter().position(counts).unwrap_or(0);
        let end = cells.iter().rposition(counts).map_or(0, |last| last + 1);
        Band { first, cells: cells[first.min(end)..end].to_vec() }
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

/// Scalar product in eight lanes, which the compiler can keep in vector registers.
pub fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}
