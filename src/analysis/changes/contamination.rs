//! What the boots of a kernel say about its level when some boots may be bad.
//!
//! A boot is bad with a small probability, then far from the others, mostly on the slow side.
//! Contamination sits on boots: a kernel whose boots agree cannot be explained away, however far
//! it lies from its neighbours (one boot: it can, as far as that boot may be bad).

use serde::{Deserialize, Serialize};

use super::special::{LN_SQRT_2PI, exp_negative, ln_normal};

/// How bad boots differ: share, mean and variance of the parts on the worse side, as log ratios.
const PARTS: [(f64, f64, f64); 2] = [(0.7, 0.14, 0.0064), (0.3, 0.35, 0.04)];
/// Boot locations made of 1, of 2, of more samples: outlying samples hit them differently.
pub const STRATA: usize = 3;

/// How often boots are bad.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BadBoots {
    /// Probability, by number of samples ([`stratum`]).
    pub rate: [f64; STRATA],
    /// Share of the bad that are bad for the worse.
    pub worse: f64,
}

impl Default for BadBoots {
    fn default() -> BadBoots {
        BadBoots { rate: [0.03, 0.03, 0.015], worse: 0.7 }
    }
}

/// Which [`BadBoots::rate`] applies to boots of so many samples.
pub fn stratum(samples: f64) -> usize {
    if samples < 1.5 { 0 } else { usize::from(samples >= 2.5) + 1 }
}

/// One way to read the boots of a kernel: a normal likelihood of the level.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Logarithm of the weight, which includes how well the boots agree.
    pub ln_weight: f64,
    /// Where the level would be.
    pub mean: f64,
    /// Variance from boot to boot of that mean.
    pub variance: f64,
    /// Boots that count as bad.
    pub bad: usize,
    /// No good boot is left: siblings' luck says nothing about this reading.
    pub blind: bool,
}

/// All readings worth telling apart; `v` is the variance of a good boot.
pub fn readings(boots: &[f64], v: f64, rate: f64, worse: f64) -> Vec<Reading> {
    let mut all = Side::new(v, rate, worse).windows(boots);
    trim(&mut all);
    all
}

/// Readings less likely by so much, as a logarithm, change nothing.
const NEGLIGIBLE: f64 = 9.0;

/// As [`readings`], where a boot is of a kind that lies `distance` higher with probability
/// `higher`; the level is that of the lower kind.
pub fn readings_of_kinds(
    boots: &[f64],
    v: f64,
    rate: f64,
    worse: f64,
    (distance, higher): (f64, f64),
) -> Vec<Reading> {
    let mut sorted = boots.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut all = Vec::new();
    for low in 0..=sorted.len() {
        let kinds = low as f64 * (1.0 - higher).ln() + (sorted.len() - low) as f64 * higher.ln();
        let same: Vec<f64> = sorted
            .iter()
            .enumerate()
            .map(|(at, y)| if at < low { *y } else { y - distance })
            .collect();
        let each = readings(&same, v, rate, worse).into_iter();
        all.extend(each.map(|r| Reading { ln_weight: r.ln_weight + kinds, ..r }));
    }
    trim(&mut all);
    all
}

/// Drops readings that change nothing. Blind ones stay: far from all others, they are what is left.
fn trim(all: &mut Vec<Reading>) {
    let top = all.iter().map(|r| r.ln_weight).fold(f64::MIN, f64::max);
    all.retain(|r| r.ln_weight > top - NEGLIGIBLE || r.blind);
}

/// A part of the bad boots: share, mean, variance and largest density, with the share.
type Part = (f64, f64, f64, f64);

struct Side {
    v: f64,
    /// ln √(2πv).
    ln_unit: f64,
    ln_bad: f64,
    ln_good: f64,
    parts: [Part; 2 * PARTS.len()],
}

impl Side {
    fn new(v: f64, rate: f64, worse: f64) -> Side {
        let part = |at: usize| {
            let (share, mean, variance) = PARTS[at / 2];
            let (side, sign) = [(worse, 1.0), (1.0 - worse, -1.0)][at % 2];
            let variance = variance + v;
            let height = share * side / (std::f64::consts::TAU * variance).sqrt();
            (share * side, sign * mean, variance, height)
        };
        Side {
            v,
            ln_unit: 0.5 * v.ln() + LN_SQRT_2PI,
            ln_bad: rate.ln(),
            ln_good: (1.0 - rate).ln(),
            parts: [part(0), part(1), part(2), part(3)],
        }
    }

    /// Good boots around their mean, bad ones anywhere.
    fn reading(&self, good: &[f64], low: &[f64], high: &[f64]) -> Reading {
        let n = good.len() as f64;
        let mean = good.iter().sum::<f64>() / n;
        let squares: f64 = good.iter().map(|y| (y - mean).powi(2)).sum();
        // The n densities over the one of the mean, which the level is weighed with later.
        let agreement = -0.5 * squares / self.v - (n - 1.0) * self.ln_unit - 0.5 * n.ln();
        let bad = low.iter().chain(high);
        let strays: f64 = bad.map(|y| self.ln_bad + self.ln_stray(y - mean)).sum();
        Reading {
            ln_weight: n * self.ln_good + agreement + strays,
            mean,
            variance: self.v / n,
            bad: low.len() + high.len(),
            blind: false,
        }
    }

    /// The good boots stand together: any run of the sorted boots may be they.
    fn windows(&self, boots: &[f64]) -> Vec<Reading> {
        let mut sorted = boots.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let mut all = Vec::with_capacity(n * (n + 1) / 2 + 2 * PARTS.len());
        for from in 0..n {
            for to in from + 1..=n {
                all.push(self.reading(&sorted[from..to], &sorted[..from], &sorted[to..]));
            }
        }
        all.extend(self.blind(boots));
        all
    }

    /// All boots are bad, in the same way.
    fn blind<'a>(&'a self, boots: &'a [f64]) -> impl Iterator<Item = Reading> + 'a {
        let n = boots.len() as f64;
        let centre = boots.iter().sum::<f64>() / n;
        self.parts.iter().map(move |&(share, mean, variance, _)| {
            let spread: f64 = boots.iter().map(|y| ln_normal(y - centre, variance)).sum();
            Reading {
                ln_weight: n * (self.ln_bad + share.ln()) + spread - ln_normal(0.0, variance / n),
                mean: centre - mean,
                variance: variance / n,
                bad: boots.len(),
                blind: true,
            }
        })
    }

    /// Density of a bad boot at this distance from the level.
    fn ln_stray(&self, distance: f64) -> f64 {
        let density: f64 = self
            .parts
            .iter()
            .map(|(_, mean, variance, height)| {
                height * exp_negative(-0.5 * (distance - mean).powi(2) / variance)
            })
            .sum();
        // Farther than the parts reach: still a bad boot, and rarer with distance.
        (density + 1e-6 / (1.0 + distance * distance)).ln()
    }
}
