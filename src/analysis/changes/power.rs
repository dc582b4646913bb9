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

/// Smallest effect that `boots` of each of two kernels show with the power asked for.
pub fn detectable(boots: u32, noise: &NoiseModel, settings: &Settings) -> f64 {
    let n = f64::from(boots.max(1));
    let df = noise.df + 2.0 * (n - 1.0);
    let reach = t_quantile(1.0 - ALPHA / 2.0, df) + t_quantile(settings.power, df);
    let variance = noise.boot * noise.boot / n + noise.jitter * noise.jitter;
    reach * (2.0 * variance).sqrt()
}

/// The table of detectable effects.
pub fn table(noise: &NoiseModel, settings: &Settings) -> Vec<Detectable> {
    let row =
        |boots: &u32| Detectable { boots: *boots, effect: detectable(*boots, noise, settings) };
    TABLE.iter().map(row).collect()
}

/// Fewest boots of each kernel that show an effect of this size; none if no feasible number does.
pub fn boots_needed(effect: f64, noise: &NoiseModel, settings: &Settings) -> Option<u32> {
    if detectable(MOST, noise, settings) > effect {
        return None;
    }
    let boots: Vec<u32> = (1..=MOST).collect();
    let short = boots.partition_point(|boots| detectable(*boots, noise, settings) > effect);
    boots.get(short).copied()
}
