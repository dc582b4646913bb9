//! MMTests' ways of setting one figure against another.

use crate::model::Direction;

/// Change from `old` to `new` in percent, positive where `new` is better.
///
/// Not finite where `old` is too small to divide by.
///
/// From 0 there is nothing to divide by; MMTests' conventions are 100 (higher is better) and -99
/// (lower is better). Unlike MMTests, which calls it 0, a fall to 0 is one of 100 %.
pub fn change_percent(direction: Direction, old: f64, new: f64) -> f64 {
    if new == old {
        return 0.0;
    }
    match direction {
        Direction::Higher if old == 0.0 => 100.0,
        Direction::Higher => new * 100.0 / old - 100.0,
        Direction::Lower if old == 0.0 => -99.0,
        Direction::Lower => 100.0 - new * 100.0 / old,
    }
}

/// `new / old`; 1 where both are the same, absent where only `old` is 0, or so small that the ratio
/// is beyond all numbers.
///
/// MMTests has 0 for all that is divided by 0, and 1 where `new` is 0: a total loss would look like
/// no change.
pub fn ratio(new: f64, old: f64) -> Option<f64> {
    if new == old {
        return Some(1.0);
    }
    (old != 0.0).then(|| new / old).filter(|ratio| ratio.is_finite())
}

/// The difference of two means in units of the halves of their intervals that face each other:
/// beyond ±1 the intervals do not meet. The plain difference where both have no length.
pub fn interval_score(
    new: f64,
    new_interval: (f64, f64),
    old: f64,
    old_interval: (f64, f64),
) -> f64 {
    let reach = if new < old {
        new_interval.1 - new + old - old_interval.0
    } else {
        new - new_interval.0 + old_interval.1 - old
    };
    if reach == 0.0 { new - old } else { (new - old) / reach }
}

/// Geometric mean, as the root of the product. Absent for an empty slice.
///
/// A long product may leave the range of a double; then logarithms are averaged instead.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let product: f64 = values.iter().product();
    if product.is_normal() {
        return Some(product.powf(1.0 / n));
    }
    Some((values.iter().map(|value| value.ln()).sum::<f64>() / n).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_is_positive() {
        assert_eq!(change_percent(Direction::Lower, 10.0, 8.0), 20.0);
        assert_eq!(change_percent(Direction::Higher, 10.0, 8.0), -20.0);
        assert_eq!(change_percent(Direction::Higher, 10.0, 0.0), -100.0);
        assert_eq!(change_percent(Direction::Lower, 10.0, 0.0), 100.0);
        assert_eq!(change_percent(Direction::Lower, 0.0, 0.0), 0.0);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(ratio(0.0, 0.0), Some(1.0));
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(0.0, 1.0), Some(0.0));
        assert_eq!(interval_score(1.0, (1.0, 1.0), 1.0, (1.0, 1.0)), 0.0);
    }

    #[test]
    fn a_long_product_stays_in_range() {
        let mean = geometric_mean(&[1e-200; 100]).expect("not empty");
        assert!((mean / 1e-200 - 1.0).abs() < 1e-9);
    }
}
