//! The size of a change in the ways people ask for it.

use serde::Serialize;

use crate::analysis::changes::{ChangeComparison, Scale};
use crate::model::Direction;

/// A change with its interval, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Effect {
    /// Log ratio of the levels, positive is worse; on the identity scale a share of the typical
    /// magnitude.
    pub log: f64,
    /// How much worse; negative is better. Symmetric: what got 10 % worse and then 10 % better is
    /// where it was.
    pub worse_pct: f64,
    /// Interval of `worse_pct`.
    pub worse_interval: (f64, f64),
    /// How the value itself changed: a throughput that fell has a negative one.
    pub value_pct: f64,
    /// Interval of `value_pct`.
    pub value_interval: (f64, f64),
}

impl Effect {
    /// The effect of a comparison in a series that is read like this.
    pub fn of(comparison: &ChangeComparison, scale: Scale, direction: Direction) -> Effect {
        Effect::new(comparison.effect, comparison.interval, scale, direction)
    }

    /// An effect of this log ratio with its interval, positive where worse.
    pub fn new(log: f64, (low, high): (f64, f64), scale: Scale, direction: Direction) -> Effect {
        let value = |x: f64| value_percent(x * direction.worse_sign(), scale);
        let (a, b) = (value(low), value(high));
        Effect {
            log,
            worse_pct: worse_percent(log, scale),
            worse_interval: (worse_percent(low, scale), worse_percent(high, scale)),
            value_pct: value(log),
            value_interval: (a.min(b), a.max(b)),
        }
    }

    /// `true` if this is for the worse.
    pub fn is_worse(&self) -> bool {
        self.log > 0.0
    }

    /// The size that it has at least, in percent: the end of the interval that is nearer to 0.
    pub fn at_least_pct(&self) -> f64 {
        let (low, high) = self.worse_interval;
        if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) }
    }

    /// As a sentence has it: `+12.1 % [10.2, 14.0]`, about the value itself.
    pub fn words(&self) -> String {
        format!("{} {}", signed(self.value_pct), interval(self.value_interval))
    }
}

/// How much worse in percent, the same number for a loss and for the gain that makes up for it.
fn worse_percent(effect: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Log => 100.0 * effect.abs().exp_m1() * effect.signum(),
        Scale::Identity => 100.0 * effect,
    }
}

fn value_percent(effect: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Log => 100.0 * effect.exp_m1(),
        Scale::Identity => 100.0 * effect,
    }
}

/// A change in percent with its sign; as many digits as one can use.
pub fn signed(percent: f64) -> String {
    let size = bare(percent);
    match percent {
        _ if size.trim_matches(['0', '.']).is_empty() => format!("{size} %"),
        p if p > 0.0 => format!("+{size} %"),
        _ => format!("−{size} %"),
    }
}

/// An interval in percent, signs only where they are negative.
pub fn interval((low, high): (f64, f64)) -> String {
    let end = |x: f64| if x < 0.0 { format!("−{}", bare(x)) } else { bare(x) };
    format!("[{}, {}]", end(low), end(high))
}

/// The size without sign: one digit after the point below 100.
pub fn bare(percent: f64) -> String {
    match percent.abs() {
        size if !size.is_finite() || size > 1e6 => "∞".to_owned(),
        size if size < 100.0 => format!("{size:.1}"),
        size => format!("{size:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_read_as_people_mean_them() {
        assert!((worse_percent(0.5_f64.ln(), Scale::Log) + 100.0).abs() < 1e-9);
        assert!((value_percent(0.5_f64.ln(), Scale::Log) + 50.0).abs() < 1e-9);
        assert_eq!(signed(12.34), "+12.3 %");
        assert_eq!(signed(-0.04), "0.0 %");
        assert_eq!(signed(-123.4), "−123 %");
        assert_eq!(signed(f64::NEG_INFINITY), "−∞ %");
        assert_eq!(interval((-21.04, -15.0)), "[−21.0, −15.0]");
    }
}
