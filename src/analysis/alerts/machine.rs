//! A whole machine that got slower or faster: seldom the kernel's doing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::alert::{Alert, Turn};
use super::caveats::Caveat;
use super::judged::Judged;
use super::measured::BenchmarkKey;

/// So many benchmarks must have moved together.
const LEAST: usize = 3;
/// And at least this share of those measured.
const SHARE: f64 = 0.6;

/// A kernel at which most benchmarks of a machine moved the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineDrift {
    /// The machine.
    pub machine: String,
    /// First kernel with the new levels.
    pub kernel: String,
    /// Which way.
    pub turn: Turn,
    /// Benchmarks that moved.
    pub moved: usize,
    /// Benchmarks measured on both sides.
    pub measured: usize,
}

impl MachineDrift {
    /// `ivor: 5 of 6 benchmarks regressed at once in 6.9: the machine may have changed`.
    pub fn sentence(&self) -> String {
        format!(
            "{}: {} of {} benchmarks {} at once in {}: look at the machine first",
            self.machine,
            self.moved,
            self.measured,
            self.turn.verb(),
            self.kernel
        )
    }
}

/// Kernels at which most benchmarks of a machine moved at once; the alerts there are told so.
pub fn drifts(judged: &Judged, alerts: &mut [Alert]) -> Vec<MachineDrift> {
    let mut moved: BTreeMap<(&str, usize, Turn), BTreeSet<&BenchmarkKey>> = BTreeMap::new();
    for alert in alerts.iter() {
        let at = (alert.of.place.machine.as_str(), alert.kernel, alert.turn);
        moved.entry(at).or_default().insert(&alert.of);
    }
    moved.retain(|_, benchmarks| benchmarks.len() >= LEAST);
    let mut found = Vec::new();
    for ((machine, kernel, turn), benchmarks) in &moved {
        let measured: BTreeSet<&BenchmarkKey> = judged
            .series
            .iter()
            .filter(|series| series.key.of.place.machine == *machine)
            .filter(|series| {
                series.across(judged.tree(), *kernel).is_some_and(|c| c.parent.is_some())
            })
            .map(|series| &series.key.of)
            .collect();
        if benchmarks.len() as f64 >= SHARE * measured.len() as f64 {
            found.push((
                *kernel,
                MachineDrift {
                    machine: (*machine).to_owned(),
                    kernel: judged.name(*kernel).to_owned(),
                    turn: *turn,
                    moved: benchmarks.len(),
                    measured: measured.len(),
                },
            ));
        }
    }
    for (kernel, drift) in &found {
        for alert in alerts.iter_mut().filter(|alert| {
            alert.of.place.machine == drift.machine
                && alert.kernel == *kernel
                && alert.turn == drift.turn
        }) {
            let (moved, measured) = (drift.moved, drift.measured);
            alert.caveats.push(Caveat::MachineDrift { moved, measured });
        }
    }
    found.into_iter().map(|(_, drift)| drift).collect()
}
