//! Kernels of a machine that GRUB boots.
//!
//! What is done there is a script, `files/grub.sh`. A package is installed by the package manager that it is
//! for, and says itself which kernel is in it, so that a step that was interrupted can be done again. The
//! kernel that runs while another one is installed is the known-good one: it becomes GRUB's default, and
//! the other one is booted once.

use std::path::Path;

use super::package::{self, script};
use super::{Boot, Installed, StartedBy};
use crate::lab::error::LabError;
use crate::lab::exec::Exec;

const SCRIPT: &str = script!("files/grub.sh");

/// GRUB 2 with its own tools.
#[derive(Clone, Copy, Debug)]
pub struct GrubBoot;

impl Boot for GrubBoot {
    fn install(
        &self,
        exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError> {
        package::install(exec, SCRIPT, package, known)
    }

    fn once(&self, exec: &dyn Exec, release: &str) -> Result<(), LabError> {
        package::run(exec, SCRIPT, &["once", release]).map(drop)
    }

    fn cancel(&self, exec: &dyn Exec, release: Option<&str>) -> Result<bool, LabError> {
        package::run(exec, SCRIPT, &["cancel", release.unwrap_or_default()]).map(|_| true)
    }

    fn check(&self, exec: &dyn Exec) -> Result<String, LabError> {
        package::run(exec, SCRIPT, &["check"])
    }

    fn started_by(&self) -> StartedBy {
        StartedBy::BootLoader
    }
}
