//! What to do next, from what happened so far. No I/O.
//!
//! What was done is undone at the end, whatever came of it: the machine is switched off and given
//! back. Only a machine that somebody else has by now is left alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fault::Why;
use super::journal::{Event, Step};

/// What of a job matters to its course.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How often MMTests is run.
    pub iterations: u32,
    /// Each time after a boot.
    pub fresh_boots: bool,
    /// How often a step is tried.
    pub attempts: u32,
}

/// What comes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A step.
    Do(Step),
    /// Nothing: it is over.
    End(Outcome),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// All iterations are home.
    Finished,
    /// Some are.
    Partial {
        /// Why not all.
        reason: String,
    },
    /// None is.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// As `run.toml` has it.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Finished => "finished",
            Outcome::Partial { .. } => "partial",
            Outcome::Failed { .. } => "failed",
        }
    }

    /// Why it is not all.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::Finished => None,
            Outcome::Partial { reason } | Outcome::Failed { reason } => Some(reason),
        }
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default)]
struct State {
    done: BTreeSet<Step>,
    /// The kernel runs, booted for this iteration.
    up: Option<u32>,
    /// MMTests has run, the logs are still there.
    ran: Option<u32>,
    /// MMTests was stopped in this iteration, and left something.
    left: Option<u32>,
    failures: BTreeMap<Step, u32>,
    given_up: Option<String>,
    /// Why what is home is not among the results, after all attempts.
    unpublished: Option<String>,
    lost: bool,
}

/// What comes after all this.
pub fn next(shape: Shape, events: &[Event]) -> Next {
    let state = State::after(shape, events);
    match state.wanted(shape).or_else(|| state.undo()) {
        Some(step) => Next::Do(step),
        None => Next::End(match &state.unpublished {
            None => state.outcome(shape),
            Some(what) => Outcome::Failed {
                reason: format!(
                    "publish: {what}; what is home is put there when the client is run again"
                ),
            },
        }),
    }
}

/// What came of the runs of a job if nothing more is run, wherever they are.
pub fn outcome(shape: Shape, events: &[Event]) -> Outcome {
    State::after(shape, events).outcome(shape)
}

/// `true` if what is home could not be put among the results, and that should be tried again some day.
pub fn unpublished(shape: Shape, events: &[Event]) -> bool {
    State::after(shape, events).unpublished.is_some()
}

impl State {
    fn after(shape: Shape, events: &[Event]) -> State {
        let mut state = State::default();
        for event in events {
            match event {
                Event::Began { step } => state.began(*step),
                Event::Done { step, .. } => state.did(shape, *step),
                Event::Failed { step, why, what, .. } => state.failed(shape, *step, *why, what),
            }
        }
        state
    }

    /// From then on the machine may be in the middle of it, even if nothing more was written down.
    fn began(&mut self, step: Step) {
        if matches!(step, Step::Boot(_) | Step::Rescue(_) | Step::PowerOff) {
            self.up = None;
        }
    }

    fn did(&mut self, shape: Shape, step: Step) {
        self.done.insert(step);
        match step {
            Step::Boot(number) => self.up = Some(number),
            Step::Run(number) => self.ran = Some(number),
            Step::Collect(_) => {
                self.ran = None;
                if shape.fresh_boots {
                    self.up = None;
                }
            }
            Step::Rescue(_) => self.left = None,
            Step::Publish => self.unpublished = None,
            _ => {}
        }
    }

    fn failed(&mut self, shape: Shape, step: Step, why: Why, what: &str) {
        let failures = self.failures.entry(step).or_default();
        *failures += 1;
        let enough = *failures >= shape.attempts;
        if why == Why::LeaseLost {
            self.lost = true;
            self.given_up.get_or_insert(what.to_owned());
        }
        if why == Why::Cancelled {
            self.given_up.get_or_insert(what.to_owned());
        }
        match step {
            Step::Run(number) => {
                (self.up, self.ran, self.left) = (None, None, Some(number));
                if why == Why::DiskFull {
                    // What filled it is still there.
                    for step in [Step::Deploy, Step::Prepare, Step::Install] {
                        self.done.remove(&step);
                    }
                }
            }
            Step::Boot(_) => self.up = None,
            // What cannot be rescued is lost, and the machine is not worked on for it again and again.
            Step::Rescue(_) => self.left = None,
            // The rest is done all the same.
            Step::Publish => {
                if enough {
                    self.unpublished = Some(what.to_owned());
                }
                return;
            }
            Step::PowerOff | Step::Release => {
                if enough {
                    self.done.insert(step);
                }
                return;
            }
            _ => {}
        }
        if enough && !matches!(step, Step::Rescue(_)) {
            self.given_up.get_or_insert_with(|| format!("{step}: {why}: {what}"));
        }
    }

    fn collected(&self, shape: Shape) -> u32 {
        let home = |number: &u32| self.done.contains(&Step::Collect(*number));
        (0..shape.iterations).filter(home).count() as u32
    }

    /// The next step towards results.
    fn wanted(&self, shape: Shape) -> Option<Step> {
        if self.lost {
            return None;
        }
        if let Some(number) = self.left {
            return Some(Step::Rescue(number));
        }
        if self.given_up.is_some() {
            return None;
        }
        let first = [Step::Reserve, Step::Deploy, Step::Prepare, Step::Install];
        if let Some(step) = first.into_iter().find(|step| !self.done.contains(step)) {
            return Some(step);
        }
        let home = |number: &u32| self.done.contains(&Step::Collect(*number));
        let number = (0..shape.iterations).find(|number| !home(number))?;
        let booted = self.up == Some(number) || self.up.is_some() && !shape.fresh_boots;
        Some(match () {
            () if self.ran == Some(number) => Step::Collect(number),
            () if booted => Step::Run(number),
            () => Step::Boot(number),
        })
    }

    /// The next step to leave the machine as it was found.
    fn undo(&self) -> Option<Step> {
        let steps: &[Step] = match self.lost {
            _ if !self.done.contains(&Step::Reserve) => &[],
            true => &[Step::Publish],
            false => &[Step::Publish, Step::PowerOff, Step::Release],
        };
        let over = |step: &Step| {
            self.done.contains(step) || *step == Step::Publish && self.unpublished.is_some()
        };
        steps.iter().copied().find(|step| !over(step))
    }

    fn outcome(&self, shape: Shape) -> Outcome {
        let collected = self.collected(shape);
        let reason = || self.given_up.clone().unwrap_or_else(|| "it is not over".to_owned());
        match collected {
            _ if collected == shape.iterations => Outcome::Finished,
            0 => Outcome::Failed { reason: reason() },
            _ => Outcome::Partial { reason: reason() },
        }
    }
}

#[cfg(test)]
mod tests;
