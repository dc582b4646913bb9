//! The vertical axis: values at round numbers.

use super::canvas::{Anchor, Canvas, Ink};
use crate::site::SiteError;

/// At most so many lines.
const MAX_TICKS: f64 = 5.0;
/// A range narrower than this share of its values is widened: noise shall not look like a cliff.
const MINIMUM_SPAN: f64 = 0.02;

/// The values of a plot on their way to heights.
#[derive(Clone, Copy, Debug)]
pub struct ValueAxis {
    low: f64,
    high: f64,
    top: i32,
    bottom: i32,
}

impl ValueAxis {
    /// An axis from `top` to `bottom` on which all values have their place; `None` for no values.
    pub fn new(values: impl Iterator<Item = f64>, top: i32, bottom: i32) -> Option<ValueAxis> {
        let (low, high) = values.filter(|value| value.is_finite()).fold(
            None,
            |range: Option<(f64, f64)>, value| {
                Some(range.map_or((value, value), |(l, h)| (l.min(value), h.max(value))))
            },
        )?;
        let middle = (low + high) / 2.0;
        let size = low.abs().max(high.abs());
        let least = if size < 1e-290 { 1.0 } else { size * MINIMUM_SPAN };
        let half = ((high - low) * 1.1).max(least) / 2.0;
        let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Some(ValueAxis { low: (middle - half).max(floor), high: middle + half, top, bottom })
    }

    /// Height of a value.
    pub fn y(&self, value: f64) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.bottom - (share * f64::from(self.bottom - self.top)).round() as i32
    }

    /// Lines and numbers.
    pub fn draw(&self, canvas: &Canvas, left: i32, right: i32) -> Result<(), SiteError> {
        let step = round_step((self.high - self.low) / MAX_TICKS);
        let first = (self.low / step).ceil();
        for at in 0..=(MAX_TICKS as i32 + 1) {
            let value = (first + f64::from(at)) * step;
            if value > self.high {
                break;
            }
            let y = self.y(value);
            canvas.line(Ink::Grid, vec![(left, y), (right, y)])?;
            canvas.text(&label(value, step, self.high), (left - 10, y), Anchor::Left)?;
        }
        Ok(())
    }
}

/// The next of 1, 2, 5, 10, 20 … of the right size.
fn round_step(least: f64) -> f64 {
    let size = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * size)
        .find(|step| *step >= least)
        .unwrap_or(size * 10.0)
}

/// A short number: thousands as `k`, millions as `M` and so on.
fn label(value: f64, step: f64, high: f64) -> String {
    const UNITS: [(f64, &str); 5] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"), (0.0, "")];
    if !(1e-9..1e15).contains(&high.abs()) {
        return format!("{value:.1e}");
    }
    let (unit, suffix) =
        UNITS.into_iter().find(|(from, _)| high.abs() >= *from).unwrap_or((0.0, ""));
    let unit = match unit {
        0.0 => 1.0,
        1e4 => 1e3,
        other => other,
    };
    let decimals = (-(step / unit).log10()).ceil().clamp(0.0, 9.0) as usize;
    format!("{:.decimals$}{suffix}", value / unit).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_labels_are_round() {
        assert_eq!(round_step(0.013), 0.02);
        assert_eq!(round_step(3.0), 5.0);
        assert_eq!(label(1500.0, 500.0, 2000.0), "1500");
        assert_eq!(label(25_000.0, 5_000.0, 40_000.0), "25k");
        assert_eq!(label(1.25, 0.05, 1.3), "1.25");
    }

    #[test]
    fn any_values_have_a_place() {
        for values in [vec![0.0], vec![5.0, 5.0], vec![-1e100, 1e100], vec![1e-300], vec![-3.0]] {
            let axis = ValueAxis::new(values.iter().copied(), 0, 100).expect("there are values");
            for value in values {
                assert!((0..=100).contains(&axis.y(value)));
            }
        }
        assert!(ValueAxis::new([f64::NAN].into_iter(), 0, 100).is_none());
    }
}
