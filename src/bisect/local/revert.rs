//! The bad end without the culprit.

use super::{Local, LocalError, Progress, REVERTED};
use crate::bisect::Check;
use crate::bisect::Session;
use crate::bisect::steps::Place;
use crate::kernel::git::git;

impl<Tell: FnMut(&Session, Progress)> Local<'_, Tell> {
    /// Measures the bad end without the culprit, as far as that was not done.
    pub(super) fn revert(&mut self, culprit: usize) -> Result<(), LocalError> {
        let known: Vec<&Check> = self.session.reverts(culprit).collect();
        let left = REVERTED.saturating_sub(known.len());
        if left == 0 || known.iter().any(|revert| matches!(revert, Check::Failed(_))) {
            return Ok(());
        }
        let commit = self.session.name(Place::Commit(culprit)).to_owned();
        let bad = self.session.subject.bad.clone();
        (self.tell)(self.session, Progress::Reverts(&commit));
        self.reverted = Some(commit.clone());
        self.check_out(&bad)?;
        let mut image = None;
        let mut reason = None;
        if git(&self.work, &["revert", "--no-commit", &commit]).is_err() {
            reason = Some("it does not apply cleanly".to_owned());
            git(&self.work, &["reset", "--hard", "--quiet"])?;
        } else if let Err(why) = self.build(&bad)? {
            reason = Some(why);
        } else if let Some(made) = &self.commands.image {
            match self.keep(&self.work.join(made))? {
                Ok((_, path)) => image = Some(path),
                Err(why) => reason = Some(why),
            }
        }
        for _ in 0..left {
            let result = match reason.take() {
                None => self.measure(&bad, image.as_deref())?,
                Some(reason) => Err(reason),
            };
            match result {
                Ok((value, seconds)) => {
                    self.session.reverted(culprit, vec![Check::Value(value)], Some(seconds))?;
                    (self.tell)(self.session, Progress::Measured(value));
                }
                Err(reason) => {
                    self.session.reverted(culprit, vec![Check::Failed(reason.clone())], None)?;
                    (self.tell)(self.session, Progress::Skipped(&reason));
                    break;
                }
            }
        }
        git(&self.work, &["reset", "--hard", "--quiet"])?;
        self.reverted = None;
        Ok(())
    }
}
