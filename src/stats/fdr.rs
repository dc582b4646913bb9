//! False-discovery control over many tests.

/// Benjamini and Hochberg 1995: q-values, in the order of the p-values given.
///
/// Rejecting all tests with q ≤ 0.1 keeps the expected share of false alerts at 10 %.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*b].total_cmp(&p_values[*a]));
    let mut q_values = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (from_largest, at) in order.into_iter().enumerate() {
        let rank = n - from_largest as f64;
        // Multiplied by 1 or more, so that rounding never makes it less than p.
        smallest = smallest.min(p_values[at] * (n / rank));
        q_values[at] = smallest;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_values_rise_with_p_values() {
        let q = benjamini_hochberg(&[0.01, 0.5, 0.02, 0.03]);
        let expected = [0.04, 0.5, 0.04, 0.04];
        assert!(q.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{q:?}");
    }

    #[test]
    fn rounding_makes_no_q_value_less_than_its_p_value() {
        let p = 0.808_768_445_675_273_8;
        assert_eq!(benjamini_hochberg(&[p, 0.5, p / 2.0])[0], p);
    }

    #[test]
    fn no_tests_no_q_values() {
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
