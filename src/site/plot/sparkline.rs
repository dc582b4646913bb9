//! A history the size of a word, drawn in every row of a table: so small that it is written by hand.

use serde::Serialize;

use crate::analysis::Cell;

const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 40.0;
const MARGIN: f64 = 4.0;

/// The paths of a sparkline on a field of 180 × 40.
#[derive(Clone, Debug, Serialize)]
pub struct Sparkline {
    /// The band of the middle half of the samples.
    pub band: String,
    /// The line of the means.
    pub line: String,
}

/// Draws it; `None` with fewer than two kernels measured.
pub fn sparkline(cells: &[Cell]) -> Option<Sparkline> {
    let points: Vec<(usize, f64)> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, mean(cell)?))).collect();
    if points.len() < 2 {
        return None;
    }
    let bands: Vec<(usize, f64, f64)> = cells
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| cell.quartiles.map(|[_, low, _, high, _]| (at, low, high)))
        .collect();
    let scale = Scale::new(&points, &bands, cells.len());
    let upper = bands.iter().map(|(at, _, high)| (*at, *high));
    let lower = bands.iter().rev().map(|(at, low, _)| (*at, *low));
    let sampled = cells.iter().any(|cell| cell.samples >= 4);
    let band = if sampled { scale.path(upper.chain(lower)) + "z" } else { String::new() };
    Some(Sparkline { band, line: scale.path(points.iter().copied()) })
}

fn mean(cell: &Cell) -> Option<f64> {
    let n = cell.iterations.len() as f64;
    let mean: f64 = cell.iterations.iter().map(|value| value / n).sum();
    (n > 0.0 && mean.is_finite()).then_some(mean)
}

struct Scale {
    low: f64,
    span: f64,
    slots: f64,
}

impl Scale {
    fn new(points: &[(usize, f64)], bands: &[(usize, f64, f64)], slots: usize) -> Scale {
        let all = || points.iter().map(|p| p.1).chain(bands.iter().flat_map(|b| [b.1, b.2]));
        let low = all().fold(f64::INFINITY, f64::min);
        let high = all().fold(f64::NEG_INFINITY, f64::max);
        // As in the plots, a change of less than 2 % does not fill the height.
        let least = low.abs().max(high.abs()) * 0.02;
        let span = (high - low).max(least).max(f64::MIN_POSITIVE);
        Scale { low: (low + high - span) / 2.0, span, slots: (slots.max(2) - 1) as f64 }
    }

    fn path(&self, points: impl Iterator<Item = (usize, f64)>) -> String {
        let mut path = String::new();
        for (at, value) in points {
            let x = MARGIN + (WIDTH - 2.0 * MARGIN) * at as f64 / self.slots;
            let y = HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (value - self.low) / self.span;
            path.push(if path.is_empty() { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", x.round(), y.round()));
        }
        path
    }
}
