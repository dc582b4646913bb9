//! What is learnt from all series is told in steps.
//!
//! One more run moves every rate a little, by far less than it is known. In full precision that would
//! move all verdicts in digits that nobody sees; in steps it nearly always moves none, and whatever
//! was made of them (pages above all) holds.

/// Width of the steps of probabilities and degrees of freedom, in logarithms.
const RATIO: f64 = 0.1;
/// Width of the steps of a constant that is added to a logarithm of a variance: 5 % of its deviation.
const CONSTANT: f64 = 0.1;
/// Width of the steps of a slope.
const SLOPE: f64 = 0.02;

/// A positive number, to within 5 %; others as they are.
pub fn ratio(value: f64) -> f64 {
    let rounded = (RATIO * (value.ln() / RATIO).round()).exp();
    if rounded.is_normal() { rounded } else { value }
}

/// Shares of a whole, each to within 5 % before they are made to add up again.
pub fn shares<const N: usize>(shares: [f64; N]) -> [f64; N] {
    let shares = shares.map(ratio);
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}

/// Coefficients of a regression, the constant first.
pub fn coefficients(beta: &mut [f64]) {
    let width = |at: usize| if at == 0 { CONSTANT } else { SLOPE };
    for (at, value) in beta.iter_mut().enumerate() {
        *value = (*value / width(at)).round() * width(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_more_is_the_same() {
        assert_eq!(ratio(0.0200), ratio(0.0203));
        assert_ne!(ratio(0.02), ratio(0.023));
        assert!((ratio(0.37) / 0.37 - 1.0).abs() < 0.051);
        assert_eq!(ratio(0.0), 0.0);
        assert_eq!(shares([0.251, 0.749]), shares([0.25, 0.75]));
        assert!((shares([0.2, 0.3, 0.5]).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
