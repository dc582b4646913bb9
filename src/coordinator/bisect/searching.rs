//! A search at work: takes what came of its last measurement, and orders the next.

use std::path::Path;

use super::assignment::Assignment;
use super::experiment::{Bench, Came, Experiment, Image};
use super::{ending, unusable};
use crate::bisect::{
    Alerted, Check, DOUBTED, Event, Outcome, Place, Purpose, REVERTED, Session, SessionError,
    Settings, Step, figure, next_relay, relays_left,
};
use crate::coordinator::desk::Desk;
use crate::kernel::revert;
use crate::lab::LabError;
use crate::queue::Queue;

/// The site is made anew after so many measurements.
const SHOWN: usize = 10;

/// A search of which this process is the owner.
#[derive(Debug)]
pub struct Searching {
    session: Session,
    alert: Alerted,
    /// Commits whose measurement failed since the last that did not, and why: it may be the machine. They
    /// are found again from their jobs if they are forgotten.
    doubted: Vec<(usize, String)>,
    /// A job that is not over.
    waits_for: Option<i64>,
}

/// How far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advance {
    /// Jobs of it are not over.
    Waits,
    /// No measurement may begin now.
    Rests,
    /// It came to its end.
    Over,
    /// Somebody has to see to something.
    Stopped(String),
    /// The ends do not differ, of what was run so far: more of the config may have to be run.
    Hidden(String),
    /// The first measurement did not measure what is wanted: more of the config may have to be run.
    Missed(String),
}

/// What is wanted next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// A measurement, or some.
    Measure(Place, Purpose),
    /// One of the bad end without this commit.
    Revert(usize),
    /// One with another code layout, beside so many that are there.
    Relay(Place, usize),
    /// Nothing.
    Nothing,
}

impl Searching {
    /// Takes a search over; `None` while another process works on it.
    pub fn open(folder: &Path) -> Result<Option<Searching>, LabError> {
        let session = match Session::own(folder) {
            Ok(session) => session,
            Err(SessionError::Busy(_)) => return Ok(None),
            Err(error) => return Err(unusable(error)),
        };
        let alert = session.subject.alert.clone().ok_or_else(|| {
            LabError::new(
                format!("{}: the search began with no alert", folder.display()),
                "only what is measured by MMTests can be bisected in a lab",
            )
        })?;
        Ok(Some(Searching { session, alert, doubted: Vec::new(), waits_for: None }))
    }

    /// The search.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The alert that it began with.
    pub fn alert(&self) -> &Alerted {
        &self.alert
    }

    /// Goes on as far as that is possible now; `may` says whether another measurement may begin.
    pub fn advance(
        &mut self,
        (desk, assignment): (&Desk, &Assignment),
        queue: &mut Queue,
        may: &dyn Fn() -> bool,
        tell: &dyn Fn(&str),
    ) -> Result<Advance, LabError> {
        loop {
            if let Some(job) = self.waits_for
                && !queue.job(job)?.state.is_over()
            {
                return Ok(Advance::Waits);
            }
            self.waits_for = None;
            let wanted = self.wanted(assignment);
            let experiment = match self.experiment(wanted) {
                Ok(Some(experiment)) => experiment,
                Ok(None) => return Ok(self.over()),
                // Without the commit there is nothing to be measured.
                Err(reason) => {
                    if let Wanted::Revert(at) = wanted {
                        self.session
                            .reverted(at, vec![Check::Failed(reason)], None)
                            .map_err(unusable)?;
                        continue;
                    }
                    return Ok(Advance::Stopped(reason));
                }
            };
            let bench = Bench { desk, assignment, alert: &self.alert };
            let came = match bench.ask(queue, &experiment, may)? {
                None => return Ok(Advance::Rests),
                Some(Came::Waits(job)) => {
                    self.waits_for = Some(job);
                    return Ok(Advance::Waits);
                }
                Some(Came::Stopped(why)) => return Ok(Advance::Stopped(why)),
                Some(came) => came,
            };
            let before = self.session.search.measured();
            let stopped = match wanted {
                Wanted::Measure(place, _) => self.take(place, came, tell)?,
                Wanted::Revert(at) => {
                    self.take_revert(at, came, tell)?;
                    None
                }
                Wanted::Relay(place, _) => {
                    self.take_relay(place, came, tell)?;
                    None
                }
                Wanted::Nothing => None,
            };
            let now = self.session.search.measured();
            if now / SHOWN > before / SHOWN {
                ending::publish(queue, assignment, &self.alert, now)?;
            }
            match stopped {
                Some(why) if self.session.journal().is_empty() => return Ok(Advance::Missed(why)),
                Some(why) => return Ok(Advance::Stopped(why)),
                None => {}
            }
        }
    }

    fn wanted(&self, assignment: &Assignment) -> Wanted {
        match self.session.search.step() {
            // Whether those cannot be measured decides what came of it.
            Step::Done(_) if !self.doubted.is_empty() => {
                Wanted::Measure(Place::Good, Purpose::Search)
            }
            Step::Done(Outcome::Found(culprit)) if self.reverts_left(culprit.commit) => {
                Wanted::Revert(culprit.commit)
            }
            Step::Done(Outcome::Found(culprit)) if assignment.layout => {
                next_relay(&self.session, culprit.commit, true)
                    .map_or(Wanted::Nothing, |(place, count)| Wanted::Relay(place, count))
            }
            Step::Done(_) => Wanted::Nothing,
            Step::Measure(..) if self.doubted.len() >= DOUBTED => {
                Wanted::Measure(Place::Good, Purpose::Search)
            }
            Step::Measure(place, purpose) => Wanted::Measure(place, purpose),
        }
    }

    /// The change may be one that an operation alone does not show; it is looked for so once.
    fn over(&self) -> Advance {
        match self.session.search.step() {
            Step::Done(Outcome::NoGap { .. }) if self.session.widened().is_none() => {
                Advance::Hidden(format!(
                    "{} alone does not show the change of the alert",
                    self.alert.operation
                ))
            }
            _ => Advance::Over,
        }
    }

    /// Forgets what was measured, for more of the config is run from now on.
    pub fn widen(&mut self, why: &str) -> Result<(), LabError> {
        self.session.widen(why).map_err(unusable)
    }

    fn reverts_left(&self, culprit: usize) -> bool {
        let failed = |revert: &Check| matches!(revert, Check::Failed(_));
        self.session.reverts(culprit).count() < REVERTED
            && !self.session.reverts(culprit).any(failed)
    }

    /// What is built for it, and its key; the error is a sentence.
    fn experiment(&self, wanted: Wanted) -> Result<Option<Experiment>, String> {
        Ok(Some(match wanted {
            Wanted::Nothing => return Ok(None),
            Wanted::Measure(place, purpose) => {
                let commit = self.session.name(place).to_owned();
                let number = self.session.search.values(place).len();
                let boots = boots(purpose, number);
                Experiment { key: format!("{commit:.12} {number}"), commit, boots, relaid: false }
            }
            Wanted::Revert(at) => {
                let subject = &self.session.subject;
                let culprit = self.session.name(Place::Commit(at));
                let commit = revert::commit(&subject.tree, &subject.bad, culprit)?;
                let number = self.session.reverts(at).count();
                let boots = REVERTED.saturating_sub(number).max(1) as u32;
                let key = format!("{culprit:.12} revert {number}");
                Experiment { key, commit, boots, relaid: false }
            }
            Wanted::Relay(place, number) => {
                let commit = self.session.name(place).to_owned();
                let boots = relays_left(number).clamp(1, 2) as u32;
                let key = format!("{commit:.12} relaid {number}");
                Experiment { key, commit, boots, relaid: true }
            }
        }))
    }

    /// Writes down what came of a measurement; gives why it cannot go on, if it cannot.
    fn take(
        &mut self,
        place: Place,
        came: Came,
        tell: &dyn Fn(&str),
    ) -> Result<Option<String>, LabError> {
        let name = format!("bisect {}: {:.12}", self.alert.id, self.session.name(place));
        let is_end = match place {
            Place::Good => true,
            Place::Commit(at) => at == self.session.search.commits().last(),
        };
        match (came, place) {
            (Came::Measured { values, seconds, image }, _) => {
                self.believe_doubts()?;
                self.built(place, image)?;
                let together = self.session.measured_together(place, &values, Some(seconds));
                together.map_err(unusable)?;
                let values: Vec<String> = values.into_iter().map(figure).collect();
                tell(&format!("{name}: {}; {}", values.join(" "), self.left()));
            }
            (Came::Broken(reason) | Came::Failed(reason, _), _) if is_end => {
                let commit = self.session.name(place);
                return Ok(Some(format!("{commit}, an end of the search, {reason}")));
            }
            (Came::Broken(reason), Place::Commit(at)) => {
                tell(&format!("{name}: left out: {reason}"));
                self.session.skipped(at, &reason).map_err(unusable)?;
            }
            // Is it the commit, or the machine? Nothing is written down before something else was measured.
            (Came::Failed(reason, image), Place::Commit(at)) => {
                tell(&format!("{name}: {reason}"));
                self.built(place, image)?;
                self.session.search.record(Event::Skipped(at));
                self.doubted.push((at, reason));
            }
            _ => {}
        }
        Ok(None)
    }

    fn take_revert(&mut self, at: usize, came: Came, tell: &dyn Fn(&str)) -> Result<(), LabError> {
        let name = format!("bisect {}: the bad end without it", self.alert.id);
        match checks(&name, came, tell) {
            Some((checks, seconds)) => self.session.reverted(at, checks, seconds).map_err(unusable),
            None => Ok(()),
        }
    }

    fn take_relay(
        &mut self,
        place: Place,
        came: Came,
        tell: &dyn Fn(&str),
    ) -> Result<(), LabError> {
        let commit = self.session.name(place);
        let name = format!("bisect {}: {commit:.12} with another code layout", self.alert.id);
        match checks(&name, came, tell) {
            Some((checks, seconds)) => {
                self.session.relaid_as(place, checks, seconds).map_err(unusable)
            }
            None => Ok(()),
        }
    }

    fn built(&mut self, place: Place, image: Image) -> Result<(), LabError> {
        match image.hash {
            Some(hash) if self.session.image(place) != Some(hash.as_str()) => {
                self.session.built(place, &hash, image.seconds).map_err(unusable)
            }
            _ => Ok(()),
        }
    }

    fn believe_doubts(&mut self) -> Result<(), LabError> {
        for (at, reason) in std::mem::take(&mut self.doubted) {
            self.session.skipped(at, &reason).map_err(unusable)?;
        }
        Ok(())
    }

    fn left(&self) -> String {
        match self.session.search.levels() {
            Some(_) => format!("{} in question", self.session.search.credible().len()),
            None => "the ends are measured first".to_owned(),
        }
    }
}

/// What became of a kernel that is measured only to be sure of the culprit, and the seconds of each measurement.
fn checks(name: &str, came: Came, tell: &dyn Fn(&str)) -> Option<(Vec<Check>, Option<f64>)> {
    match came {
        Came::Measured { values, seconds, .. } => {
            let told: Vec<String> = values.iter().copied().map(figure).collect();
            tell(&format!("{name}: {}", told.join(" ")));
            Some((values.into_iter().map(Check::Value).collect(), Some(seconds)))
        }
        Came::Broken(reason) | Came::Failed(reason, _) => {
            tell(&format!("{name}: {reason}"));
            Some((vec![Check::Failed(reason)], None))
        }
        Came::Waits(_) | Came::Stopped(_) => None,
    }
}

/// Setting a machine up takes longer than many a measurement: where it is known that more of a kernel are wanted,
/// two are made at once. The ends are measured in turn all the same.
fn boots(purpose: Purpose, measured: usize) -> u32 {
    let settings = Settings::default();
    let wanted = match purpose {
        Purpose::End => settings.ends,
        Purpose::Confirm => settings.confirm,
        Purpose::Search => 0,
    };
    wanted.saturating_sub(measured).clamp(1, 2) as u32
}
