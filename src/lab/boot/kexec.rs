//! Kernels that the running one starts.
//!
//! What is done there is a script, `files/kexec.sh`. No boot loader hears of it: power brings the
//! known-good kernel, always.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::package::{self, script};
use super::{Boot, Installed, StartedBy};
use crate::lab::error::LabError;
use crate::lab::exec::{self, Exec, Remote};

const SCRIPT: &str = script!("files/kexec.sh");
/// A system that shuts down may take its way to be reached with it before it has said OK.
const START: Duration = Duration::from_secs(30);

/// kexec-tools.
#[derive(Clone, Debug)]
pub struct KexecBoot {
    /// Added to the command line of the kernel that runs meanwhile.
    pub append: String,
}

impl Boot for KexecBoot {
    fn install(
        &self,
        exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError> {
        package::install(exec, SCRIPT, package, known)
    }

    fn once(&self, exec: &dyn Exec, release: &str) -> Result<(), LabError> {
        package::run(exec, SCRIPT, &["load", release, &self.append]).map(drop)
    }

    /// A kernel that is loaded is gone with the power.
    fn cancel(&self, _exec: &dyn Exec, _release: Option<&str>) -> Result<bool, LabError> {
        Ok(true)
    }

    fn check(&self, exec: &dyn Exec) -> Result<String, LabError> {
        package::run(exec, SCRIPT, &["check"])
    }

    fn started_by(&self) -> StartedBy {
        StartedBy::Kernel
    }
}

/// Shuts the system down and starts the kernel that was loaded. Whether it went is for the caller to see.
pub fn start(exec: &dyn Exec) -> Result<(), LabError> {
    let words = ["sh", "-c", SCRIPT, "melbot", "start"];
    let mut remote = Remote {
        words: &words,
        input: &mut io::empty(),
        output: &mut io::sink(),
        limit: 1 << 20,
        within: START,
    };
    match exec.run(&mut remote) {
        Ok(exit) => exec::succeeded(&exit, &words),
        Err(_) => Ok(()),
    }
}
