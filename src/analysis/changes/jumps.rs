//! How large changes are.
//!
//! A mixture of lognormal sizes. Each vanishes towards 0 ("non-local", Johnson & Rossell 2010):
//! a change that nobody would call one is not a change, so evidence for "none" can build up.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::special;

/// Typical sizes of the parts, as log ratios: from just relevant to "everything is different".
const SIZES: [f64; PARTS] = [0.012, 0.02, 0.033, 0.055, 0.09, 0.15, 0.25, 0.60];
/// Deviation of the logarithm of the size within a part; neighbouring parts overlap.
const WIDTH: f64 = 0.4;
static LN_SIZES: OnceLock<[f64; PARTS]> = OnceLock::new();
/// Number of parts.
pub const PARTS: usize = 8;
/// What even an impossible jump has, so that absurd data have a path.
const FLOOR: f64 = 1e-12;

/// Shares of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jumps(pub [f64; PARTS]);

impl Default for Jumps {
    /// Many small changes, few large ones.
    fn default() -> Jumps {
        Jumps([0.12, 0.15, 0.16, 0.16, 0.14, 0.12, 0.10, 0.05])
    }
}

/// Resolution of the table of the normal distribution, and how far it reaches.
const GRID: (f64, f64) = (256.0, 6.0);

/// Φ from a table: the sizes of changes are not known to more digits than that.
fn normal_cdf(z: f64) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    let last = (2.0 * GRID.0 * GRID.1) as usize;
    let table = TABLE.get_or_init(|| {
        (0..=last + 1).map(|at| special::normal_cdf(at as f64 / GRID.0 - GRID.1)).collect()
    });
    let place = ((z.clamp(-GRID.1, GRID.1)) + GRID.1) * GRID.0;
    let at = (place as usize).min(last);
    let rest = place - at as f64;
    table[at] + rest * (table[at + 1] - table[at])
}

/// Probabilities of sizes 0, 1, 2, … steps, up to `count` of them, for each part.
pub fn cells(step: f64, count: usize) -> [Vec<f64>; PARTS] {
    let parts = LN_SIZES.get_or_init(|| SIZES.map(f64::ln));
    let mut cells = [const { Vec::new() }; PARTS];
    let mut below = [0.0; PARTS];
    for steps in 0..count {
        let ln = ((steps as f64 + 0.5) * step).ln();
        for ((cells, at), below) in cells.iter_mut().zip(parts).zip(&mut below) {
            let up_to = normal_cdf((ln - at) / WIDTH);
            cells.push((up_to - *below).max(FLOOR));
            *below = up_to;
        }
    }
    cells
}

impl Jumps {
    /// The same for changes of any part, from those of each.
    pub fn mixture(&self, parts: &[Vec<f64>; PARTS]) -> Vec<f64> {
        let cell = |at: usize| parts.iter().zip(self.0).map(|(part, w)| w * part[at]).sum();
        (0..parts[0].len()).map(cell).collect()
    }

    /// Shares that the parts have in a change of this size.
    pub fn responsibilities(&self, size: f64) -> [f64; PARTS] {
        let mut shares = [0.0; PARTS];
        for ((share, at), weight) in shares.iter_mut().zip(SIZES).zip(self.0) {
            let z = (size.max(1e-6).ln() - at.ln()) / WIDTH;
            *share = weight * (-0.5 * z * z).exp() + 1e-300;
        }
        let total: f64 = shares.iter().sum();
        shares.map(|share| share / total)
    }
}
