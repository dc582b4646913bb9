//! What a number of boots can show, and how many boots would be needed.
//!
//! Two kernels with n boots each: n ≈ 2 (z₁₋α/₂ + z₁₋β)² σ²/δ², with t quantiles for few degrees of
//! freedom, and the jitter between kernels that boots do not reduce.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::model::Settings;
use super::verdict::{Detectable, NoiseModel};

/// Two-sided level of a single comparison that becomes an alert.
const ALPHA: f64 = 0.01;
/// Numbers of boots in the table.
const TABLE: [u32; 6] = [1, 2, 3, 5, 8, 13];
/// More boots than this nobody runs.
const MOST: u32 = 100;

/// Quantile of Student's t.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df.clamp(1.0, 1e6)).map_or(f64::INFINITY, |t| t.inverse_cdf(p))
}

/// What numbers of boots show in one series. Quantiles take long, and comparisons of a series ask
/// for the same ones.
pub struct Power<'a> {
    noise: &'a NoiseModel,
    settings: &'a Settings,
    known: [Option<f64>; MOST as usize],
}

impl Power<'_> {
    /// Under this noise.
    pub fn new<'a>(noise: &'a NoiseModel, settings: &'a Settings) -> Power<'a> {
        Power { noise, settings, known: [None; MOST as usize] }
    }

    /// Smallest effect that `boots` of each of two kernels show with the power asked for.
    fn detectable(&mut self, boots: u32) -> f64 {
        let boots = boots.clamp(1, MOST);
        let Power { noise, settings, known } = self;
        *known[boots as usize - 1].get_or_insert_with(|| {
            let n = f64::from(boots);
            let df = noise.df + 2.0 * (n - 1.0);
            let reach = t_quantile(1.0 - ALPHA / 2.0, df) + t_quantile(settings.power, df);
            let variance = noise.boot * noise.boot / n + noise.jitter * noise.jitter;
            reach * (2.0 * variance).sqrt()
        })
    }

    /// The table of detectable effects.
    pub fn table(&mut self) -> Vec<Detectable> {
        let row = |boots: &u32| Detectable { boots: *boots, effect: self.detectable(*boots) };
        TABLE.iter().map(row).collect()
    }

    /// Fewest boots of each kernel that show an effect of this size; none if no feasible number does.
    pub fn boots_needed(&mut self, effect: f64) -> Option<u32> {
        if self.detectable(MOST) > effect {
            return None;
        }
        let (mut short, mut enough) = (0, MOST);
        while enough - short > 1 {
            let middle = short.midpoint(enough);
            let shows = self.detectable(middle) <= effect;
            if shows { enough = middle } else { short = middle }
        }
        Some(enough)
    }
}
