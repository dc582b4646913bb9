//! A kernel that comes as a package and is installed on the machine itself, by a script.

use std::path::Path;
use std::time::Duration;

use super::{Installed, kconfig};
use crate::lab::error::LabError;
use crate::lab::exec::{self, Exec};
use crate::lab::names::plain_name;

/// Begins every script: `release` says which kernel is in what was copied there.
macro_rules! script {
    ($file:literal) => {
        concat!(include_str!("files/package.sh"), "\n", include_str!($file))
    };
}
pub(super) use script;

/// Where packages are put on the machine; nothing else is there.
const FOLDER: &str = "/var/tmp/melbot/kernel";
/// Copying or installing a kernel takes no longer.
const WITHIN: Duration = Duration::from_secs(1800);
/// Questions are answered at once.
const ASK: Duration = Duration::from_secs(60);

/// What to do where a kernel cannot be installed.
const REMEDY: &str = "name a .deb, a .rpm, an archive or a folder of one kernel, and install it by hand with \
                      melbot machine exec to see more";

/// Runs a script on the machine.
pub fn run(exec: &dyn Exec, script: &str, words: &[&str]) -> Result<String, LabError> {
    exec::text(exec, &[&["sh", "-c", script, "melbot"], words].concat(), WITHIN)
}

/// Copies a package there and has the script install it, which says its release. `known` is what the job
/// says it is.
pub fn install(
    exec: &dyn Exec,
    script: &str,
    package: &Path,
    known: Option<&str>,
) -> Result<Installed, LabError> {
    exec::text(exec, &["rm", "-rf", FOLDER], ASK)?;
    exec::push(exec, package, FOLDER, WITHIN)?;
    let release = run(exec, script, &["install", FOLDER])
        .map_err(|error| LabError::new(format!("{}: {}", package.display(), error.what), REMEDY))?;
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
