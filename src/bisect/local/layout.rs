//! The culprit and what it is set against, with another code layout.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Local, LocalError, Progress};
use crate::bisect::relays::next_relay;
use crate::bisect::steps::Place;
use crate::bisect::{Check, Session};
use crate::kernel::other_layout;

/// The environment of such a build.
pub(super) fn flags() -> (&'static str, String) {
    ("KCFLAGS", other_layout(&std::env::var("KCFLAGS").unwrap_or_default()))
}

impl<Tell: FnMut(&Session, Progress)> Local<'_, Tell> {
    /// Measures both, in turn where images are kept, as far as that was not done.
    pub(super) fn relay(&mut self, culprit: usize) -> Result<(), LocalError> {
        let in_turn = self.commands.image.is_some();
        let mut images = HashMap::new();
        while let Some((place, _)) = next_relay(self.session, culprit, in_turn) {
            if !std::mem::replace(&mut self.relaid, true) {
                (self.tell)(self.session, Progress::Relays);
                self.checked_out = None;
            }
            let commit = self.session.name(place).to_owned();
            let result = match self.relaid_kernel(place, &commit, &mut images)? {
                Ok(image) => self.measure(&commit, image.as_deref())?,
                Err(reason) => Err(reason),
            };
            match result {
                Ok((value, seconds)) => {
                    self.session.relaid_as(place, vec![Check::Value(value)], Some(seconds))?;
                    (self.tell)(self.session, Progress::Measured(value));
                }
                Err(reason) => {
                    self.session.relaid_as(place, vec![Check::Failed(reason.clone())], None)?;
                    (self.tell)(self.session, Progress::Skipped(&reason));
                }
            }
        }
        if std::mem::take(&mut self.relaid) {
            self.checked_out = None;
        }
        Ok(())
    }

    /// Builds a place, unless it is what was built last.
    fn relaid_kernel(
        &mut self,
        place: Place,
        commit: &str,
        images: &mut HashMap<Place, PathBuf>,
    ) -> Result<super::Built, LocalError> {
        if let Some(image) = images.get(&place) {
            return Ok(Ok(Some(image.clone())));
        }
        if self.checked_out.as_deref() == Some(commit) {
            return Ok(Ok(None));
        }
        Ok(match self.make(commit)? {
            Ok(Some((hash, _))) if self.session.image(place) == Some(hash.as_str()) => {
                Err("the build takes no notice of KCFLAGS: it made the same image".to_owned())
            }
            Ok(Some((_, path))) => {
                images.insert(place, path.clone());
                Ok(Some(path))
            }
            Ok(None) => Ok(None),
            Err(reason) => Err(reason),
        })
    }
}
