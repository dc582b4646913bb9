//! What other machines say about a change.

use std::collections::HashMap;

use serde::Serialize;

use super::alert::{Alert, Member};
use super::judged::{Judged, JudgedSeries};
use super::measured::BenchmarkKey;
use super::words::{and, and_others};

/// What another machine with the same config says about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It has an alert of the same direction in the same window.
    Agrees,
    /// It was measured there, and its interval excludes the change.
    Contradicts,
    /// It was measured there, and its noise may hide the change.
    CannotTell,
}

/// Another machine and what it says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// The machine.
    pub machine: String,
    /// What it says.
    pub says: Says,
    /// Its alert, if it agrees.
    pub alert: Option<String>,
    /// What it measured of the worst operation, as the sentence shows it.
    pub effect: Option<super::Effect>,
}

/// What may bear witness: series and alerts by config and benchmark.
struct Court<'j> {
    series: HashMap<(&'j str, &'j str), Vec<&'j JudgedSeries>>,
    alerts: HashMap<(&'j str, &'j str), Vec<&'j Alert>>,
}

fn matter(of: &BenchmarkKey) -> (&str, &str) {
    (&of.place.config, &of.benchmark)
}

/// Sets the witnesses of every alert. Ids must be known.
pub fn call(judged: &Judged, alerts: &mut [Alert]) {
    let mut court = Court { series: HashMap::new(), alerts: HashMap::new() };
    for alert in alerts.iter() {
        court.alerts.entry(matter(&alert.of)).or_default().push(alert);
    }
    for series in &judged.series {
        court.series.entry(matter(&series.key.of)).or_default().push(series);
    }
    let found: Vec<Vec<Witness>> =
        alerts.iter().map(|alert| witnesses(judged, &court, alert)).collect();
    for (alert, witnesses) in alerts.iter_mut().zip(found) {
        alert.witnesses = witnesses;
    }
}

fn witnesses(judged: &Judged, court: &Court, alert: &Alert) -> Vec<Witness> {
    let mut all: Vec<Witness> = Vec::new();
    let elsewhere = |of: &BenchmarkKey| of.place.machine != alert.of.place.machine;
    let series = court.series.get(&matter(&alert.of)).into_iter().flatten();
    let alerts = court.alerts.get(&matter(&alert.of)).into_iter().flatten();
    let agreeing = |other: &&&Alert| {
        elsewhere(&other.of) && other.turn == alert.turn && overlap(judged, other, alert)
    };
    for other in alerts.filter(agreeing) {
        let same = other.members.iter().find(|m| m.operation == alert.headline().operation);
        all.push(Witness {
            machine: other.of.place.machine.clone(),
            says: Says::Agrees,
            alert: Some(other.id.clone()),
            effect: Some(same.unwrap_or(other.headline()).effect),
        });
    }
    for series in series.filter(|series| elsewhere(&series.key.of)) {
        let member = alert.with().find(|member| member.operation == series.key.operation);
        let Some(witness) = member.and_then(|member| testimony(judged, series, member)) else {
            continue;
        };
        match all.iter_mut().find(|known| known.machine == witness.machine) {
            // One operation that rules the change out says more than one that cannot tell.
            Some(known) if known.says == Says::CannotTell => *known = witness,
            Some(_) => {}
            None => all.push(witness),
        }
    }
    all.sort_by(|a, b| (a.says, &a.machine).cmp(&(b.says, &b.machine)));
    all.dedup_by(|later, first| later.machine == first.machine);
    all
}

/// `true` if the windows of two alerts share a kernel.
fn overlap(judged: &Judged, one: &Alert, other: &Alert) -> bool {
    let window = |alert: &Alert| -> Vec<usize> {
        let windows = alert.with().filter_map(|member| {
            let series = judged.series.get(member.series)?;
            Some(series.window(judged.tree(), series.at(member.kernel)?).collect::<Vec<_>>())
        });
        windows.flatten().collect()
    };
    let kernels = window(one);
    window(other).iter().any(|kernel| kernels.contains(kernel))
}

/// What a series of another machine says about this change of the same operation.
fn testimony(judged: &Judged, series: &JudgedSeries, member: &Member) -> Option<Witness> {
    let comparison = series.across(judged.tree(), member.kernel).filter(|c| c.parent.is_some())?;
    let effect = series.effect(comparison);
    let (low, high) = effect.worse_interval;
    let (near, far) = member.effect.worse_interval;
    // Both intervals must leave the other's alone: then noise does not explain the difference.
    let excludes = if member.effect.is_worse() { high < near } else { low > far };
    Some(Witness {
        machine: series.key.of.place.machine.clone(),
        says: if excludes { Says::Contradicts } else { Says::CannotTell },
        alert: None,
        effect: Some(effect),
    })
}

impl Alert {
    /// `ivor and ivy agree`, `ivy, measured as well, does not show it`, `not measured elsewhere`.
    pub fn corroboration(&self) -> String {
        self.corroborated(and)
    }

    /// The same for a list, in which a dozen names would say less: `ivor, ivy and 10 others agree`.
    pub fn corroboration_in_brief(&self) -> String {
        self.corroborated(and_others)
    }

    fn corroborated(&self, names: impl Fn(&[&str]) -> String) -> String {
        let of = |says: Says| -> Vec<&str> {
            let with = self.witnesses.iter().filter(|witness| witness.says == says);
            with.map(|witness| witness.machine.as_str()).collect()
        };
        let mut parts = Vec::new();
        match of(Says::Agrees).as_slice() {
            [] => {}
            others => {
                let all: Vec<&str> = std::iter::once(self.of.place.machine.as_str())
                    .chain(others.iter().copied())
                    .collect();
                parts.push(format!("{} agree", names(&all)));
            }
        }
        match of(Says::Contradicts).as_slice() {
            [] => {}
            [one] => parts.push(format!("{one}, measured as well, does not show it")),
            many => parts.push(format!("{}, measured as well, do not show it", names(many))),
        }
        match of(Says::CannotTell).as_slice() {
            [] => {}
            some => parts.push(format!("{} cannot tell", names(some))),
        }
        if parts.is_empty() {
            return "not measured elsewhere".to_owned();
        }
        parts.join("; ")
    }
}
