//! What else moved, in words.

use serde::Serialize;

use super::{Moved, Shift};
use crate::analysis::alerts::signed;
use crate::model::{Reading, common_name};

/// From this ratio on a change is told as a multiple.
const MULTIPLE: f64 = 1.5;

/// A series that moved, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShiftWords {
    /// What people call it, else monitor and series.
    pub name: String,
    /// Monitor and series, where the name is another one.
    pub series: String,
    /// What it was, with its unit.
    pub before: String,
    /// What it is.
    pub after: String,
    /// By how much it moved.
    pub change: String,
    /// How likely that is by chance.
    pub p: String,
}

impl Moved {
    /// How much there is to say.
    pub fn sentence(&self) -> String {
        let compared = self.compared;
        match (&self.unjudged, self.shifts.len()) {
            _ if compared == 0 => {
                "No monitor watched both kernels: nothing can be said.".to_owned()
            }
            (Some(why), _) => format!("Too little to judge: {why}."),
            (None, 0) => format!("None of {compared} series moved by more than chance."),
            (None, total) => format!(
                "{total} of {compared} series moved by more than chance, the most surprising first. \
                 Counters are a second, and moved in sum as well."
            ),
        }
    }
}

impl Shift {
    /// In words, with figures written like this.
    pub fn words(&self, figure: impl Fn(f64) -> String) -> ShiftWords {
        let series = format!("{} {}", self.monitor, self.series);
        let common = common_name(&self.monitor, &self.series);
        let unit = match (self.reading, self.unit.as_str()) {
            (Reading::Counter, "") => "/s".to_owned(),
            (Reading::Counter, unit) => format!(" {unit}/s"),
            (Reading::Level, unit) if unit.is_empty() || unit.starts_with('/') => unit.to_owned(),
            (Reading::Level, unit) => format!(" {unit}"),
        };
        let ratio = self.after / self.before;
        ShiftWords {
            name: common.map_or(series.clone(), str::to_owned),
            series: common.map_or(String::new(), |_| series),
            before: format!("{}{unit}", figure(self.before)),
            after: format!("{}{unit}", figure(self.after)),
            change: match ratio {
                _ if self.before == 0.0 => "from nothing".to_owned(),
                ratio if ratio >= MULTIPLE => format!("× {}", figure(ratio)),
                ratio => signed(100.0 * (ratio - 1.0)),
            },
            p: match self.p {
                None => "not known".to_owned(),
                Some(p) if p < 1e-4 => "< 1 in 10,000".to_owned(),
                Some(p) => format!("{:.2} %", 100.0 * p),
            },
        }
    }
}
