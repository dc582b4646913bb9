//! What was asked of a boot loader and may be still to come.
//!
//! Whoever asks for a kernel may die before the machine boots it, and then it comes up where the known-good
//! one is wanted. So it is written down before it is asked for.

use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::lab::error::LabError;
use crate::lab::whole::{json, write_whole};

/// The memory of one machine.
#[derive(Clone, Debug)]
pub struct OneTimeBoot {
    /// Where its state is kept.
    pub folder: PathBuf,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Releases {
    /// What came up last where the known-good kernel was wanted.
    known_good: Option<String>,
    /// What was asked for and did not come up yet.
    pending: Option<String>,
}

impl OneTimeBoot {
    fn file(&self) -> PathBuf {
        self.folder.join("boot-once.json")
    }

    fn read(&self) -> Result<Releases, LabError> {
        let path = self.file();
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                LabError::new(
                    format!("{}: {error}", path.display()),
                    "see that the machine boots its known-good kernel, and remove the file",
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Releases::default()),
            Err(error) => Err(LabError::file(&path)(error)),
        }
    }

    fn write(&self, releases: &Releases) -> Result<(), LabError> {
        write_whole(&self.file(), &json(releases)?)
    }

    /// The release that may come up instead of the known-good one.
    pub fn pending(&self) -> Result<Option<String>, LabError> {
        Ok(self.read()?.pending)
    }

    /// This release is going to be asked for.
    pub fn ask(&self, release: &str) -> Result<(), LabError> {
        let known_good = self.read()?.known_good;
        // The same kernel can be tested: nobody could tell which entry it was booted by.
        let pending =
            Some(release.to_owned()).filter(|release| known_good.as_ref() != Some(release));
        self.write(&Releases { known_good, pending })
    }

    /// It came, or was taken back.
    pub fn settled(&self) -> Result<(), LabError> {
        let releases = self.read()?;
        match releases.pending {
            Some(_) => self.write(&Releases { pending: None, ..releases }),
            None => Ok(()),
        }
    }

    /// The known-good kernel is up, and this is its release.
    pub fn known_good(&self, release: &str) -> Result<(), LabError> {
        self.write(&Releases { known_good: Some(release.to_owned()), pending: None })
    }

    /// The machine has another system now, which was asked for nothing.
    pub fn forget(&self) -> Result<(), LabError> {
        self.write(&Releases::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_pending_until_it_came() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let boot = OneTimeBoot { folder: folder.path().to_owned() };
        let pending = || boot.pending().expect("it is whole");
        assert_eq!(pending(), None);
        boot.known_good("6.1").expect("it is written");
        boot.ask("6.18").expect("it is written");
        assert_eq!(pending().as_deref(), Some("6.18"));
        boot.settled().expect("it is written");
        assert_eq!(pending(), None);
        boot.ask("6.18").expect("it is written");
        boot.known_good("6.1").expect("it is written");
        assert_eq!(pending(), None, "the known-good kernel came");
        boot.ask("6.1").expect("it is written");
        assert_eq!(pending(), None, "that is the known-good kernel");
        boot.forget().expect("it is written");
        boot.ask("6.1").expect("it is written");
        assert_eq!(pending().as_deref(), Some("6.1"), "of another system");
        fs::write(boot.file(), "{").expect("it is written");
        let error = boot.pending().expect_err("it is damaged");
        assert!(
            error.what.contains("boot-once.json") && error.remedy.contains("remove"),
            "{error}"
        );
    }
}
