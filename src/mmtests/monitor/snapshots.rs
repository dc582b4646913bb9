//! Figures by name, of which each look shows only those that are not 0.

use std::collections::BTreeMap;

use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::Parsed;
use crate::model::Places;

/// More names than this are left out: those that came last.
const MOST_NAMES: usize = 500;
/// More figures than this are garbage, zeros counted.
const MOST_FIGURES: usize = 4_000_000;

/// What each look saw.
#[derive(Default)]
pub(super) struct Snapshots {
    names: Places,
    /// Room for a name.
    name: String,
    /// The line, the time, and the figures by place of their names.
    looks: Vec<(u64, f64, BTreeMap<usize, f64>)>,
}

impl Snapshots {
    /// A new look.
    pub fn look(&mut self, line: u64, time: f64) {
        if self.looks.len() < MOST_FIGURES / MOST_NAMES {
            self.looks.push((line, time, BTreeMap::new()));
        }
    }

    /// Adds to a figure of the last look, whose name is put together.
    pub fn add(&mut self, name: &[&str], value: f64) {
        self.name.clear();
        name.iter().for_each(|part| self.name.push_str(part));
        let Some((_, _, figures)) = self.looks.last_mut() else { return };
        let place = self.names.of(&self.name);
        if place < MOST_NAMES {
            *figures.entry(place).or_default() += value;
        }
    }

    /// The series, with 0 where a look did not show a name. A look that was cut short would lack names, too, and
    /// is left out.
    pub fn finish(mut self, text: &Text, out: &mut Parsed) {
        if out.is_cut {
            self.looks.pop();
        }
        for (place, name) in self.names.names().enumerate().take(MOST_NAMES) {
            for (line, time, figures) in &self.looks {
                let value = figures.get(&place).copied().unwrap_or(0.0);
                out.add((text, *line), name, *time, value);
            }
        }
    }
}
