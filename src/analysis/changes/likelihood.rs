//! How likely each level of a kernel is, by its readings.

use super::blocks::{self, Block, LANES, larger};
use super::contamination::Reading;
use super::levels::Levels;
use super::special::exp_negative;

/// What even the least likely level has.
const LEAST: f64 = 1e-250;
/// Beyond so many deviations a reading adds nothing to what the blind ones say.
const REACH: f64 = 7.0;
/// A blind reading so much smaller than what others say adds nothing.
const NEGLIGIBLE: f64 = 1e-6;

/// Readings of a kernel as normal densities.
pub struct Densities<'a> {
    readings: &'a [Reading],
    /// Variance from kernel to kernel.
    kernel: f64,
    /// Logarithm of the largest weight.
    top: f64,
}

/// The part of the noise that siblings share.
#[derive(Clone, Copy, Debug, Default)]
pub struct Luck {
    /// Its share of the variance.
    pub share: f64,
    /// Where it lies, in its deviations.
    pub at: f64,
}

impl<'a> Densities<'a> {
    /// Of these readings.
    pub fn new(readings: &'a [Reading], kernel: f64) -> Densities<'a> {
        let top = readings.iter().map(|r| r.ln_weight).fold(f64::MIN, f64::max);
        Densities { readings, kernel, top }
    }

    /// Density of a reading at a level.
    pub fn at(&self, reading: &Reading, level: f64) -> f64 {
        let variance = reading.variance + self.kernel;
        let distance = level - reading.mean;
        self.height(reading, variance) * exp_negative(-0.5 * distance * distance / variance)
    }

    /// Largest density of a reading, relative to the best reading's weight.
    fn height(&self, reading: &Reading, variance: f64) -> f64 {
        exp_negative(reading.ln_weight - self.top) / (std::f64::consts::TAU * variance).sqrt()
    }

    /// Likelihood of every level, scaled to at most 1; returns the logarithm of the scale.
    pub fn scaled(&self, levels: &Levels, out: &mut [Block]) -> f64 {
        out.fill([0.0; LANES]);
        self.add_all(false, levels, Luck::default(), out);
        self.add_all(true, levels, Luck::default(), out);
        let scale = blocks::largest(out).max(f64::MIN_POSITIVE);
        self.finish(levels, 1.0 / scale, out);
        scale.ln() + self.top
    }

    /// Likelihood of every level under each position of shared luck, on a scale found without.
    pub fn under<T>(
        &self,
        luck: impl Iterator<Item = Luck>,
        levels: &Levels,
        scale: f64,
        mut each: impl FnMut(&[Block]) -> T,
    ) -> Vec<T> {
        // Siblings' luck says nothing about boots that are all bad.
        let mut blind = vec![[0.0; LANES]; levels.width()];
        self.add_all(true, levels, Luck::default(), &mut blind);
        let mut all = blind.clone();
        luck.map(|luck| {
            all.copy_from_slice(&blind);
            self.add_all(false, levels, luck, &mut all);
            self.finish(levels, (self.top - scale).exp(), &mut all);
            each(&all)
        })
        .collect()
    }

    fn add_all(&self, blind: bool, levels: &Levels, luck: Luck, out: &mut [Block]) {
        for reading in self.readings.iter().filter(|r| r.blind == blind) {
            self.add(reading, levels, luck, out);
        }
    }

    fn add(&self, reading: &Reading, levels: &Levels, luck: Luck, out: &mut [Block]) {
        let all = reading.variance + self.kernel;
        let shift = luck.at * (luck.share * all).sqrt();
        let variance = all * (1.0 - luck.share);
        let (height, half) = (self.height(reading, variance), -0.5 / variance);
        let centre = reading.mean - shift;
        let reach = REACH * variance.sqrt();
        let first = levels.at.partition_point(|block| block[LANES - 1] < centre - reach);
        let enough = if reading.blind { height / NEGLIGIBLE } else { f64::INFINITY };
        for (out, levels) in out.iter_mut().zip(&levels.at).skip(first) {
            if levels[0] > centre + reach {
                break;
            }
            if out.iter().all(|value| *value > enough) {
                continue;
            }
            for lane in 0..LANES {
                let distance = levels[lane] - centre;
                out[lane] += height * exp_negative(half * distance * distance);
            }
        }
    }

    fn finish(&self, levels: &Levels, factor: f64, out: &mut [Block]) {
        for block in out.iter_mut() {
            block.iter_mut().for_each(|value| *value = larger(*value * factor, LEAST));
        }
        levels.blank(out);
    }
}
