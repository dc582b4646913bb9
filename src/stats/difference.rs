//! MMTests' ways of setting one figure against another.

use crate::model::Direction;

/// Change from `old` to `new` in percent, positive where `new` is better.
///
/// MMTests' conventions where there is nothing to divide by: to 0 counts as 0 (higher is better)
/// or 100 (lower is better), from 0 as 100 or -99.
pub fn change_percent(direction: Direction, old: f64, new: f64) -> f64 {
    if new == old {
        return 0.0;
    }
    match direction {
        Direction::Higher if new == 0.0 => 0.0,
        Direction::Higher if old == 0.0 => 100.0,
        Direction::Higher => new * 100.0 / old - 100.0,
        Direction::Lower if new == 0.0 => 100.0,
        Direction::Lower if old == 0.0 => -99.0,
        Direction::Lower => 100.0 - new * 100.0 / old,
    }
}

/// `new / old`; MMTests' conventions: 0 where `old` is 0, 1 where `new` is 0.
pub fn ratio(new: f64, old: f64) -> f64 {
    if old == 0.0 {
        0.0
    } else if new == 0.0 {
        1.0
    } else {
        new / old
    }
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
