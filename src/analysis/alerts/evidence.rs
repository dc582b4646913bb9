//! A/A: how often would this very lab have been told of a change where the kernel is the same?
//!
//! Everything is judged once more, with the same engine and all series together, on a tree in which
//! each kernel is followed by itself: by its repeated run where there is one, else by every second of
//! its iterations, if it has four. What is called a change between the two is false.
//!
//! Halves are the kinder test of the two: their iterations were run in turn, so nothing that changed
//! with time tells them apart. On the other hand a half has fewer iterations than the kernel. That
//! half of all comparisons cannot be changes makes the engine a little more careful than it is else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::effect::Effect;
use super::judged::is_change;
use super::measured::{Measured, Measurements, SeriesKey};
use super::repeats::{Again, Repeats};
use crate::analysis::History;
use crate::analysis::changes::{
    ChangeComparison, Kernel, Memory, SeriesData, Settings, Tree, judge_with,
};
use crate::stats::binomial;

/// So many iterations can be halved: one alone tells nothing of its spread.
const HALVED: usize = 4;
/// Two-sided coverage of the interval of the rate.
const COVERAGE: f64 = 0.95;

/// Comparisons of a kernel with itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Comparisons that would have been called a change.
    pub called: usize,
    /// All of them.
    pub comparisons: usize,
    /// The share of the former in percent; absent where nothing was compared.
    pub rate_pct: Option<f64>,
    /// Exact 95 % interval of it, as if comparisons were independent. Those of one benchmark share
    /// their iterations, so the truth is less certain.
    pub interval_pct: (f64, f64),
}

/// A comparison of a kernel with itself that would have been called a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FalseCall {
    /// Which operation, and where.
    #[serde(flatten)]
    pub key: SeriesKey,
    /// The kernel.
    pub kernel: String,
    /// The run that it was set against; the kernel itself where its iterations were halved.
    pub against: String,
    /// What was seen.
    pub effect: Effect,
}

/// What one machine says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineEvidence {
    /// The machine.
    pub machine: String,
    /// All its comparisons.
    #[serde(flatten)]
    pub all: Tally,
}

/// The measured rate of false alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// All comparisons of a kernel with itself.
    #[serde(flatten)]
    pub all: Tally,
    /// Those of runs that were repeated.
    pub repeats: Tally,
    /// Those of iterations of one run.
    pub halves: Tally,
    /// The same by machine, where there are any.
    pub machines: Vec<MachineEvidence>,
    /// What would have been called a change.
    pub calls: Vec<FalseCall>,
}

impl Tally {
    fn of(called: usize, comparisons: usize) -> Tally {
        let percent = |share: f64| 100.0 * share;
        let (low, high) = binomial::interval(called as u64, comparisons as u64, COVERAGE);
        let rate = (comparisons > 0).then(|| percent(called as f64 / comparisons as f64));
        let interval_pct = (percent(low), percent(high));
        Tally { called, comparisons, rate_pct: rate, interval_pct }
    }

    /// `3 of 2,410 (0.12 %, 95 % interval 0.03–0.36 %)`.
    pub fn words(&self) -> String {
        let counts = format!("{} of {}", grouped(self.called), grouped(self.comparisons));
        let Some(rate) = self.rate_pct else { return counts };
        let (low, high) = self.interval_pct;
        format!("{counts} ({} %, 95 % interval {}–{} %)", share(rate), share(low), share(high))
    }
}

impl Evidence {
    /// Judges every kernel against itself: about the work of judging all once more, unless `memory`
    /// knows it.
    pub fn measure(
        history: &History,
        measured: &Measurements,
        settings: &Settings,
        memory: &mut Memory,
    ) -> Evidence {
        let repeats = Repeats::new(history, &measured.environments);
        let lab = Lab { history, measured, repeats, kernels: history.tree.kernels.len() };
        let twins = |(key, series): (&SeriesKey, &Measured)| {
            lab.repeats.any(&key.of.place) || !lab.halved(key, series).is_empty()
        };
        match measured.series.iter().any(twins) {
            true => lab.measure(settings, memory),
            false => Evidence::default(),
        }
    }

    /// `A/A: 3 of 2,410 comparisons of a kernel with itself would have been called a change (0.12 %,
    /// 95 % interval 0.03–0.36 %)`.
    pub fn sentence(&self) -> String {
        let Tally { called, comparisons, rate_pct, interval_pct: (low, high) } = self.all;
        let Some(rate) = rate_pct else {
            return "A/A: no kernel was run twice, and none has four iterations to be halved: the \
                    rate of false alerts cannot be measured"
                .to_owned();
        };
        let noun = if comparisons == 1 { "comparison" } else { "comparisons" };
        format!(
            "A/A: {} of {} {noun} of a kernel with itself would have been called a change ({} %, \
             95 % interval {}–{} %)",
            grouped(called),
            grouped(comparisons),
            share(rate),
            share(low),
            share(high)
        )
    }

    /// What the figure rests on: `31 of repeated runs, 120 of every second iteration`.
    pub fn basis(&self) -> String {
        let part = |tally: &Tally, what: &str| {
            (tally.comparisons > 0).then(|| {
                format!("{} {what}, {} called", grouped(tally.comparisons), grouped(tally.called))
            })
        };
        let parts = [
            part(&self.repeats, "of repeated runs"),
            part(&self.halves, "of one half of a run's iterations with the other"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl FalseCall {
    /// `hackbench/time-1 on ivor (scheduler): 6.12-again against 6.12 −8.1 % [−9.9, −6.2]`.
    pub fn words(&self) -> String {
        let at = &self.key.of;
        let runs = if self.kernel == self.against {
            format!("one half of {} against the other", self.kernel)
        } else {
            format!("{} against {}", self.kernel, self.against)
        };
        format!(
            "{}/{} on {} ({}): {runs} {}",
            at.benchmark,
            self.key.operation,
            at.place.machine,
            at.place.config,
            self.effect.words()
        )
    }
}

struct Lab<'m> {
    history: &'m History,
    measured: &'m Measurements,
    repeats: Repeats,
    /// Number of kernels: the twin of a kernel stands so many places after it.
    kernels: usize,
}

impl Lab<'_> {
    fn measure(&self, settings: &Settings, memory: &mut Memory) -> Evidence {
        let series: Vec<(&SeriesKey, &Measured)> = self.measured.series.iter().collect();
        let data = self.data();
        let verdicts = judge_with(&self.tree(), &data, settings, memory);
        let mut counts: BTreeMap<(&str, bool), (usize, usize)> = BTreeMap::new();
        let mut calls = Vec::new();
        for ((key, measured), verdicts) in series.into_iter().zip(&verdicts) {
            for comparison in &verdicts.comparisons {
                let Some(halved) = self.is_same(key, comparison) else { continue };
                let at = counts.entry((key.of.place.machine.as_str(), halved)).or_default();
                at.1 += 1;
                if is_change(comparison) {
                    at.0 += 1;
                    let name = |kernel: usize| self.name(kernel % self.kernels.max(1)).to_owned();
                    calls.push(FalseCall {
                        key: key.clone(),
                        kernel: name(comparison.kernel),
                        against: comparison.parent.map_or(String::new(), name),
                        effect: Effect::of(comparison, verdicts.scale, measured.direction),
                    });
                }
            }
        }
        let tally = |takes: &dyn Fn(&str, bool) -> bool| {
            let taken = counts.iter().filter(|((machine, halved), _)| takes(machine, *halved));
            let (called, all) = taken.fold((0, 0), |sum, (_, n)| (sum.0 + n.0, sum.1 + n.1));
            Tally::of(called, all)
        };
        let machines: BTreeSet<&str> = counts.keys().map(|(machine, _)| *machine).collect();
        let of_machine = |machine: &str| MachineEvidence {
            machine: machine.to_owned(),
            all: tally(&|name, _| name == machine),
        };
        Evidence {
            all: tally(&|_, _| true),
            repeats: tally(&|_, halved| !halved),
            halves: tally(&|_, halved| halved),
            machines: machines.iter().map(|machine| of_machine(machine)).collect(),
            calls,
        }
    }

    fn name(&self, kernel: usize) -> &str {
        self.history.tree.kernels.get(kernel).map_or("", |kernel| &kernel.name)
    }

    /// Each kernel, and after it its twin, from which the next ones come.
    fn tree(&self) -> Tree {
        let kernels = &self.history.tree.kernels;
        let first = kernels.iter().map(|kernel| Kernel {
            parent: kernel.parent.map(|parent| parent + self.kernels),
            order: 2 * kernel.order,
            ..kernel.clone()
        });
        let twins = kernels.iter().enumerate().map(|(at, kernel)| Kernel {
            parent: Some(at),
            order: 2 * kernel.order + 1,
            ..kernel.clone()
        });
        Tree { kernels: first.chain(twins).collect() }
    }

    /// All series, the iterations of a kernel in turn to it and its twin where they can be halved.
    fn data(&self) -> Vec<SeriesData<'_>> {
        let mut data = self.measured.data();
        for ((key, measured), data) in self.measured.series.iter().zip(&mut data) {
            let halved = self.halved(key, measured);
            let whole = std::mem::take(&mut data.observations);
            for (kernel, boots) in whole {
                if !halved.contains(&kernel) {
                    data.observations.push((kernel, boots));
                    continue;
                }
                let half = |odd: usize| boots.iter().skip(odd).step_by(2).copied().collect();
                data.observations.push((kernel, half(0)));
                data.observations.push((kernel + self.kernels, half(1)));
            }
        }
        data
    }

    /// The kernels of a series that are halved: those that were not run again, and with enough
    /// iterations.
    fn halved(&self, key: &SeriesKey, measured: &Measured) -> BTreeSet<usize> {
        let kernels = || measured.kernels.iter().map(|(kernel, _)| *kernel);
        let again = |kernel: usize| {
            kernels().any(|k| self.repeats.between(&key.of.place, k, kernel).is_some())
        };
        let enough = |(_, boots): &&(usize, Vec<Vec<f64>>)| boots.len() >= HALVED;
        let all = measured.kernels.iter().filter(enough).map(|(kernel, _)| *kernel);
        all.filter(|kernel| !again(*kernel)).collect()
    }

    /// Whether a comparison is one of a kernel with itself, and then whether of halves.
    fn is_same(&self, key: &SeriesKey, comparison: &ChangeComparison) -> Option<bool> {
        let parent = comparison.parent?;
        if comparison.kernel == parent + self.kernels {
            return Some(true);
        }
        let place = &key.of.place;
        let again = self.repeats.between(place, comparison.kernel, parent) == Some(Again::Alike);
        again.then_some(false)
    }
}

/// A number with its thousands apart: `2,410`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share in percent, with as many digits as tell it from 0.
fn share(percent: f64) -> String {
    match percent {
        0.0 => "0".to_owned(),
        p if p < 0.095 => format!("{p:.3}"),
        p if p < 9.95 => format!("{p:.2}"),
        p => format!("{p:.1}"),
    }
}

#[cfg(test)]
mod tests;
