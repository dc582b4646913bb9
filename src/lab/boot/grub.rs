//! Kernels of a machine that GRUB boots.
//!
//! What is done there is a script, `files/grub.sh`. A package is installed by the package manager that it is
//! for, and says itself which kernel is in it, so that a step that was interrupted can be done again. The
//! kernel that runs while another one is installed is the known-good one: it becomes GRUB's default, and
//! the other one is booted once.

use std::path::Path;
use std::time::Duration;

use super::{Boot, Installed, kconfig};
use crate::lab::error::LabError;
use crate::lab::exec::{self, Exec};
use crate::lab::names::plain_name;

const SCRIPT: &str = include_str!("files/grub.sh");
/// Where packages are put on the machine; nothing else is there.
const FOLDER: &str = "/var/tmp/melbot/kernel";
/// Copying or installing a kernel takes no longer.
const WITHIN: Duration = Duration::from_secs(1800);
/// Questions are answered at once.
const ASK: Duration = Duration::from_secs(60);

/// What to do where a kernel cannot be installed.
const REMEDY: &str = "name a .deb, a .rpm, an archive or a folder of one kernel, and install it by hand with \
                      melbot machine exec to see more";

/// GRUB 2 with its own tools.
#[derive(Clone, Copy, Debug)]
pub struct GrubBoot;

fn script(exec: &dyn Exec, words: &[&str]) -> Result<String, LabError> {
    exec::text(exec, &[&["sh", "-c", SCRIPT, "melbot"], words].concat(), WITHIN)
}

impl Boot for GrubBoot {
    fn install(
        &self,
        exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError> {
        exec::text(exec, &["rm", "-rf", FOLDER], ASK)?;
        exec::push(exec, package, FOLDER, WITHIN)?;
        let release = script(exec, &["install", FOLDER]).map_err(|error| {
            LabError::new(format!("{}: {}", package.display(), error.what), REMEDY)
        })?;
        let release = release.trim();
        if !plain_name(release) {
            let what = format!("{release:?} is no release of a kernel");
            return Err(LabError::new(what, "correct package in [kernel] of the job"));
        }
        if let Some(known) = known.filter(|known| *known != release) {
            return Err(LabError::new(
                format!("{} is {release}, not {known}", package.display()),
                "correct release or package in [kernel] of the job",
            ));
        }
        Ok(Installed { release: release.to_owned(), kconfig: kconfig(exec, release) })
    }

    fn once(&self, exec: &dyn Exec, release: &str) -> Result<(), LabError> {
        script(exec, &["once", release]).map(drop)
    }

    fn cancel(&self, exec: &dyn Exec) -> Result<bool, LabError> {
        script(exec, &["cancel"]).map(|_| true)
    }

    fn needs_system(&self) -> bool {
        true
    }
}
