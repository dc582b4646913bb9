//! Few numbers for many.

use super::robust;

/// Longest digest.
pub const LONGEST: usize = 64;

/// The samples of one iteration in their order, of many: medians of [`LONGEST`] blocks of neighbours,
/// equal but for one sample.
///
/// An iteration is one draw of the state of a machine, whatever the number of its samples: 64 medians
/// tell its level, its warming up and its scatter as well as 10^6 samples do.
pub fn digest(values: &[f64]) -> Vec<f64> {
    if values.len() <= LONGEST {
        return values.to_vec();
    }
    let border = |block: usize| block * values.len() / LONGEST;
    let blocks = (0..LONGEST).map(|block| &values[border(block)..border(block + 1)]);
    blocks.filter_map(robust::median).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_samples_are_kept_as_they_are() {
        assert_eq!(digest(&[3.0, 1.0, 2.0]), [3.0, 1.0, 2.0]);
        assert!(digest(&[]).is_empty());
    }

    #[test]
    fn strays_do_not_move_it() {
        let mut values: Vec<f64> = (0..6400).map(|at| 100.0 + f64::from(at % 10)).collect();
        values[17] = 1e9;
        assert!(digest(&values).iter().all(|value| (100.0..=109.0).contains(value)));
    }

    proptest! {
        #[test]
        fn it_is_short_and_within_the_samples(values in prop::collection::vec(-1e6..1e6_f64, 1..500)) {
            let digest = digest(&values);
            prop_assert_eq!(digest.len(), values.len().min(LONGEST));
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            let high = values.iter().copied().fold(f64::MIN, f64::max);
            prop_assert!(digest.iter().all(|value| (low..=high).contains(value)));
        }
    }
}
