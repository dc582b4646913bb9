//! Says at an alert that its cause is known.

use std::path::PathBuf;
use std::time::SystemTime;

use super::account::Account;
use super::session::Session;
use crate::notes::{self, Entry, NoteError, Notes, State};

/// Adds a note to the alert that a search began with, once it has found its commit; gives the file. `None`
/// where there is nothing to say, or it was said before.
pub fn explain(session: &Session) -> Result<Option<PathBuf>, NoteError> {
    let Some(alert) = &session.subject.alert else { return Ok(None) };
    let account = Account::of(session);
    let Some(culprit) = account.culprit() else { return Ok(None) };
    let known = Notes::read(&alert.notes);
    let said = known.of(&alert.id);
    let entries = said.map_or(&[][..], |notes| &notes.entries);
    if entries.iter().any(|entry| entry.reason.contains(&culprit.commit)) {
        return Ok(None);
    }
    let reverted =
        account.reverted.as_ref().map_or(String::new(), |r| format!(" {}", r.sentence()));
    let entry = Entry {
        date: notes::utc(SystemTime::now()),
        state: State::Explained,
        author: "melbot bisect".to_owned(),
        reason: format!(
            "{} (`{}`), found with {} measurements of {} commits; {}.{reverted}",
            culprit.commit,
            culprit.subject.replace('`', "'"),
            account.measurements,
            account.commits,
            account.ends().unwrap_or_default(),
        ),
    };
    let subject = match said {
        Some(notes) => notes.subject.clone(),
        None => notes::Subject {
            id: alert.id.clone(),
            machine: alert.machine.clone(),
            config: alert.config.clone(),
            benchmark: alert.benchmark.clone(),
            direction: alert.direction.clone(),
            last_good: alert.last_good.clone(),
            first_bad: alert.first_bad.clone(),
        },
    };
    notes::append(&alert.notes, &subject, &entry).map(Some)
}
