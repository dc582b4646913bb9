//! The trade of the coordinator that sees to searches: one at a time on each machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::assignment::{Assignment, By, Stage, all, readable};
use super::policy::Says;
use super::qualify::{Qualified, qualify};
use super::searching::{Advance, Searching};
use super::seen::{self, Seen};
use super::{begin, ending, week};
use crate::coordinator::desk::Desk;
use crate::lab::LabError;
use crate::mmtests::discover;
use crate::queue::{Kind, Queue, State};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// The policy is asked again after so many milliseconds: it may be night by then.
const ASK_AGAIN: i64 = 60_000;

/// Sees to the searches of a lab until everything ends.
pub fn work(desk: &Desk, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let mut queue = desk.queue()?;
    let mut bisector = Bisector {
        desk,
        alerts: (Vec::new(), -1),
        next: i64::MIN,
        at_work: BTreeMap::new(),
        rests: BTreeMap::new(),
        told: BTreeSet::new(),
    };
    while !desk.stops() {
        if desk.settings.bisect.auto {
            bisector.begin(&queue, tell)?;
        }
        bisector.look(&mut queue, tell)?;
        desk.pause(LOOK);
    }
    Ok(())
}

struct Bisector<'a> {
    desk: &'a Desk,
    /// Alerts as of the last analysis, and how many of these there were.
    alerts: (Vec<Seen>, i64),
    /// When the policy is asked again.
    next: i64,
    at_work: BTreeMap<PathBuf, Searching>,
    /// Until when those rest that may not begin a measurement.
    rests: BTreeMap<PathBuf, i64>,
    /// Faults that were told of.
    told: BTreeSet<String>,
}

impl Bisector<'_> {
    /// Begins what the policy wants: after each analysis, and where an alert had to wait for its time.
    fn begin(&mut self, queue: &Queue, tell: &dyn Fn(&str)) -> Result<(), LabError> {
        let counts = queue.counts()?;
        let analysed = counts.iter().find(|c| c.kind == Kind::Analyse && c.state == State::Done);
        let analysed = analysed.map_or(0, |count| count.count);
        let news = analysed != self.alerts.1;
        if !news && self.desk.clock.now() < self.next {
            return Ok(());
        }
        self.next = self.desk.clock.now() + ASK_AGAIN;
        if news {
            let any = !discover(&self.desk.results()).runs.is_empty();
            match if any { seen::alerts(self.desk) } else { Ok(Vec::new()) } {
                Ok(alerts) => self.alerts = (alerts, analysed),
                Err(error) => {
                    // They are read again after the next analysis.
                    self.alerts.1 = analysed;
                    self.tell_once(&error, tell);
                }
            }
        }
        for Qualified { alert, says } in qualify(self.desk, &self.alerts.0) {
            if says != Says::Now {
                continue;
            }
            match begin::begin(self.desk, &alert, By::Policy, false) {
                Ok(_) => tell(&format!("bisect {}: begins: {}", alert.id, alert.title)),
                Err(error) => self.tell_once(&error, tell),
            }
        }
        Ok(())
    }

    /// Said once, however long it lasts.
    fn tell_once(&mut self, error: &LabError, tell: &dyn Fn(&str)) {
        let what = error.to_string();
        if !self.told.contains(&what) {
            tell(&what);
            self.told.insert(what);
        }
    }

    /// Whether a measurement of a search may begin now.
    fn may(&self, assignment: &Assignment) -> bool {
        if assignment.by == By::Hand {
            return true;
        }
        let now = self.desk.clock.now();
        let hours = week::hours(&readable(self.desk), assignment.machine(), now);
        self.desk.settings.bisect.wait(hours, now).is_none()
    }

    fn look(&mut self, queue: &mut Queue, tell: &dyn Fn(&str)) -> Result<(), LabError> {
        let mut running: Vec<(PathBuf, Assignment)> = Vec::new();
        for (folder, assignment) in all(self.desk) {
            match assignment {
                Ok(assignment) if assignment.stage == Stage::Running => {
                    running.push((folder, assignment));
                }
                Ok(_) => {}
                Err(error) => self.tell_once(&error, tell),
            }
        }
        self.at_work.retain(|folder, _| running.iter().any(|(running, _)| running == folder));
        running.sort_by_key(|(_, assignment)| assignment.began);
        let mut machines = BTreeSet::new();
        for (folder, assignment) in running {
            // At most one on a machine: the others wait for it.
            if machines.insert(assignment.machine().to_owned()) {
                self.advance(&folder, assignment, queue, tell)?;
            }
        }
        Ok(())
    }

    /// What is wrong with one search must not end the others.
    fn advance(
        &mut self,
        folder: &Path,
        mut assignment: Assignment,
        queue: &mut Queue,
        tell: &dyn Fn(&str),
    ) -> Result<(), LabError> {
        if self.rests.get(folder).is_some_and(|until| self.desk.clock.now() < *until) {
            return Ok(());
        }
        let (stage, why) = match self.advanced(folder, &assignment, queue, tell) {
            Ok(Advance::Waits) => return Ok(()),
            Ok(Advance::Rests) => {
                self.rests.insert(folder.to_owned(), self.desk.clock.now() + ASK_AGAIN);
                return Ok(());
            }
            Ok(Advance::Over) => (Stage::Over, None),
            Ok(Advance::Hidden(why)) => match self.widen(folder, &mut assignment, &why, tell) {
                Ok(true) => return Ok(()),
                Ok(false) => (Stage::Over, None),
                Err(error) => (Stage::Stopped, Some(error.to_string())),
            },
            Ok(Advance::Missed(why)) => {
                let of = self.at_work.get(folder).map(Searching::alert);
                if of.is_some_and(|of| assignment.widen(&of.benchmark, &of.operation)) {
                    tell(&format!("{why}; more of the config is run"));
                    return assignment.write(folder);
                }
                (Stage::Stopped, Some(why))
            }
            Ok(Advance::Stopped(why)) => (Stage::Stopped, Some(why)),
            Err(error) => (Stage::Stopped, Some(error.to_string())),
        };
        let of_it = (&assignment, why.as_deref());
        let told = match self.at_work.remove(folder) {
            Some(searching) => ending::tell(self.desk, queue, searching.session(), of_it, tell),
            None => {
                tell(&format!("{}: {}", folder.display(), why.as_deref().unwrap_or_default()));
                Ok(())
            }
        };
        // When that is seen to and it is resumed, its end is told again.
        let (stage, why) = match told {
            Ok(()) => (stage, why),
            Err(error) => {
                tell(&format!("{}: {error}", folder.display()));
                (Stage::Stopped, Some(error.to_string()))
            }
        };
        Assignment { stage, why, ..assignment }.write(folder)
    }

    /// Has more of the config run, and forgets what was measured of less; `false` if it is all of it already. Who
    /// is killed in between does the second half again.
    fn widen(
        &mut self,
        folder: &Path,
        assignment: &mut Assignment,
        why: &str,
        tell: &dyn Fn(&str),
    ) -> Result<bool, LabError> {
        let Some(searching) = self.at_work.get_mut(folder) else { return Ok(false) };
        if !assignment.widened {
            let of = searching.alert();
            if !assignment.widen(&of.benchmark, &of.operation) {
                return Ok(false);
            }
            assignment.widened = true;
            assignment.write(folder)?;
        }
        tell(&format!("bisect {}: {why}; more of the config is run", searching.alert().id));
        searching.widen(why)?;
        Ok(true)
    }

    fn advanced(
        &mut self,
        folder: &Path,
        assignment: &Assignment,
        queue: &mut Queue,
        tell: &dyn Fn(&str),
    ) -> Result<Advance, LabError> {
        let known = self.at_work.remove(folder);
        let known = known.map_or_else(|| Searching::open(folder), |known| Ok(Some(known)))?;
        let Some(mut searching) = known else { return Ok(Advance::Waits) };
        let may = || self.may(assignment);
        let advanced = searching.advance((self.desk, assignment), queue, &may, tell);
        self.at_work.insert(folder.to_owned(), searching);
        advanced
    }
}
