//! The culprit and what it is set against, with another code layout: where functions lie in memory can
//! make a kernel faster or slower although nothing was changed that matters (Mytkowicz et al. 2009).

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Local, LocalError, Progress};
use crate::bisect::Check;
use crate::bisect::Session;
use crate::bisect::steps::Place;

/// What compilers of kernels are told beside what they are told already.
const ALIGNED: &str = "-falign-functions=64";
/// Measurements of each.
const RELAID: usize = 5;

/// The environment of such a build.
pub(super) fn flags() -> (&'static str, String) {
    let own = std::env::var("KCFLAGS").unwrap_or_default();
    ("KCFLAGS", format!("{own} {ALIGNED}").trim_start().to_owned())
}

impl<Tell: FnMut(&Session, Progress)> Local<'_, Tell> {
    /// Measures both, in turn where images are kept, as far as that was not done.
    pub(super) fn relay(&mut self, culprit: usize) -> Result<(), LocalError> {
        let places = self.session.search.against(culprit);
        let order: Vec<Place> = match self.commands.image.is_some() {
            true => places.repeat(RELAID),
            false => places.iter().flat_map(|place| [*place; RELAID]).collect(),
        };
        let failed = |check: &Check| matches!(check, Check::Failed(_));
        let mut wanted: HashMap<Place, usize> = HashMap::new();
        let mut images = HashMap::new();
        let mut begun = false;
        for place in order {
            let wanted = wanted.entry(place).or_default();
            *wanted += 1;
            if places.iter().any(|place| self.session.relaid(*place).any(failed)) {
                break;
            }
            if self.session.relaid(place).count() >= *wanted {
                continue;
            }
            if !std::mem::replace(&mut begun, true) {
                (self.tell)(self.session, Progress::Relays);
                self.checked_out = None;
                self.relaid = true;
            }
            let commit = self.session.name(place).to_owned();
            let result = match self.relaid_kernel(place, &commit, &mut images)? {
                Ok(image) => self.measure(&commit, image.as_deref())?,
                Err(reason) => Err(reason),
            };
            match result {
                Ok((value, seconds)) => {
                    self.session.relaid_as(place, Check::Value(value), Some(seconds))?;
                    (self.tell)(self.session, Progress::Measured(value));
                }
                Err(reason) => {
                    self.session.relaid_as(place, Check::Failed(reason.clone()), None)?;
                    (self.tell)(self.session, Progress::Skipped(&reason));
                }
            }
        }
        if begun {
            self.relaid = false;
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
