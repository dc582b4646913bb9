//! Functions of the gamma and the normal distribution that the moderation of variances needs.

use statrs::function::{erf::erfc, gamma};

/// ln √(2π).
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_7;

/// Logarithm of the normal density.
pub fn ln_normal(x: f64, variance: f64) -> f64 {
    -0.5 * x * x / variance - 0.5 * variance.ln() - LN_SQRT_2PI
}

/// Normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// Bias of the logarithm of a variance with ν degrees of freedom: ψ(ν/2) − ln(ν/2) (Smyth 2004).
pub fn log_variance_bias(df: f64) -> f64 {
    gamma::digamma(df / 2.0) - (df / 2.0).ln()
}

/// ψ′, by recurrence and the asymptotic series (Abramowitz & Stegun 6.4.6, 6.4.12).
pub fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    sum + 1.0 / x + r / 2.0 + r / x * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r / 30.0)))
}

/// The x with ψ′(x) = y, by bisection on the logarithm: ψ′ falls.
pub fn inverse_trigamma(y: f64) -> f64 {
    let (mut low, mut high) = (-12.0_f64, 14.0_f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if trigamma(middle.exp()) > y { low = middle } else { high = middle }
    }
    (0.5 * (low + high)).exp()
}

/// ln Σ exp.
pub fn log_sum(values: &[f64]) -> f64 {
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + values.iter().map(|value| (value - top).exp()).sum::<f64>().ln()
}

/// Median of χ²_ν/ν (Wilson & Hilferty 1931).
pub fn median_chi2_ratio(df: f64) -> f64 {
    (1.0 - 2.0 / (9.0 * df)).powi(3)
}

/// e^x for x ≤ 0 to about seven digits, written so that the compiler can do several at once: a
/// likelihood is not known better, and its evaluation is most of the work.
#[inline]
pub fn exp_negative(x: f64) -> f64 {
    // Adding this leaves the integer part, and the bias of an exponent, in the low bits.
    const MAGIC: f64 = 6_755_399_441_055_744.0 + 1023.0;
    let x = x.max(-700.0);
    let shifted = x * std::f64::consts::LOG2_E + MAGIC;
    let r = x - (shifted - MAGIC) * std::f64::consts::LN_2;
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0));
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
    f64::from_bits(shifted.to_bits() << 52) * series
}
