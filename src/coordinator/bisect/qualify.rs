//! Which of the alerts of a lab qualify for a search of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::assignment::{Assignment, Stage, readable};
use super::begin::plan;
use super::policy::{Known, Says};
use super::seen::Seen;
use super::week;
use crate::coordinator::desk::Desk;

/// An alert, and what the policy says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Qualified {
    /// The alert.
    pub alert: Seen,
    /// What the policy says.
    pub says: Says,
}

/// What the policy of a lab says of alerts, the most severe first. Of those on one machine at most one is to be
/// searched for now.
pub fn qualify(desk: &Desk, alerts: &[Seen]) -> Vec<Qualified> {
    let searches = readable(desk);
    let name =
        |folder: &PathBuf| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_open =
        |of: &&(PathBuf, Assignment)| matches!(of.1.stage, Stage::Running | Stage::Stopped);
    let mut busy: BTreeMap<String, String> = searches
        .iter()
        .filter(is_open)
        .map(|(folder, assignment)| (assignment.machine().to_owned(), name(folder)))
        .collect();
    let mut hours: BTreeMap<String, f64> = BTreeMap::new();
    let now = desk.clock.now();
    let mut alerts: Vec<&Seen> = alerts.iter().collect();
    alerts.sort_by(|a, b| b.severity.total_cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let mut qualified = Vec::new();
    for alert in alerts {
        let machine = &alert.machine;
        let search = searches.iter().find(|(folder, _)| name(folder) == alert.id);
        let known = Known {
            search: search.map(|(_, assignment)| assignment.stage.word()),
            unable: plan(desk, alert).err().map(|error| error.to_string()),
            busy: busy.get(machine).cloned(),
            hours: *hours
                .entry(machine.clone())
                .or_insert_with(|| week::hours(&searches, machine, now)),
            now,
        };
        let says = desk.settings.bisect.says(alert, &known);
        if says == Says::Now {
            busy.insert(machine.clone(), alert.id.clone());
        }
        qualified.push(Qualified { alert: alert.clone(), says });
    }
    qualified
}
