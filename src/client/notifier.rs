//! Tells people about a job at work.

use crate::lab::{Lab, LabError};
use crate::notify::{Outbox, Settings};

use super::journal::Entry;
use super::plan::Outcome;
use super::problems::{self, Subject};

/// The way to people, if the lab has one.
#[derive(Debug)]
pub struct Notifier {
    settings: Option<Settings>,
    outbox: Outbox,
}

impl Notifier {
    /// Of a lab.
    pub fn of(lab: &Lab) -> Result<Notifier, LabError> {
        let settings = Settings::read(lab.folder())?;
        Ok(Notifier { settings, outbox: Outbox::of(lab.folder()) })
    }

    /// Tells what was not told yet. Gives why it cannot: the work goes on all the same.
    pub fn tell(
        &self,
        (machine, job): (&str, &str),
        entries: &[Entry],
        long: Option<&str>,
        outcome: Option<&Outcome>,
    ) -> Option<LabError> {
        let settings = self.settings.as_ref()?;
        let subject = Subject { machine, job, link: settings.link.as_deref() };
        for message in problems::messages(subject, entries, long, outcome) {
            if let Err(error) = self.outbox.put(&message) {
                return Some(error);
            }
        }
        self.outbox.flush(settings, outcome.is_some()).fault
    }
}
