//! Kernels of a machine with a boot loader of its own, by commands that are run on it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::{Boot, Installed, StartedBy, kconfig};
use crate::lab::error::LabError;
use crate::lab::exec::{self, Exec};
use crate::lab::names::plain_name;
use crate::lab::process::filled;

/// Where packages are put on the machine.
const FOLDER: &str = "/var/tmp/melbot";
/// Copying or installing a kernel takes no longer.
const WITHIN: Duration = Duration::from_secs(1800);
/// Questions are answered at once.
const ASK: Duration = Duration::from_secs(60);

/// Commands that install and choose kernels.
#[derive(Clone, Debug)]
pub struct CommandBoot {
    /// Install `{file}`.
    pub install: Vec<Vec<String>>,
    /// Make the next boot that of `{release}`.
    pub once: Vec<Vec<String>>,
    /// Take that back.
    pub cancel: Vec<Vec<String>>,
}

fn run_all(
    exec: &dyn Exec,
    commands: &[Vec<String>],
    values: &[(&str, &str)],
) -> Result<(), LabError> {
    for template in commands {
        let words = filled(template, values);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        exec::text(exec, &words, WITHIN)?;
    }
    Ok(())
}

fn modules(exec: &dyn Exec) -> Result<BTreeSet<String>, LabError> {
    let text = exec::text(exec, &["ls", "/lib/modules"], ASK)?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}

impl Boot for CommandBoot {
    fn install(
        &self,
        exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError> {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let before = modules(exec)?;
        exec::push(exec, package, FOLDER, WITHIN)?;
        let file = format!("{FOLDER}/{name}");
        run_all(exec, &self.install, &[("file", &file)])?;
        let after = modules(exec)?;
        let new: Vec<&String> = after.difference(&before).collect();
        let release = match (known, new.as_slice()) {
            (Some(known), _) => known.to_owned(),
            (None, [one]) => (*one).clone(),
            (None, _) => {
                return Err(LabError::new(
                    format!(
                        "{name} added {} folders to /lib/modules, so its release is not known",
                        new.len()
                    ),
                    "say release = \"…\" in [kernel] of the job, as uname -r is going to say it",
                ));
            }
        };
        if !plain_name(&release) {
            return Err(LabError::new(
                format!("{release:?} is no release of a kernel"),
                "say release = \"…\" in [kernel] of the job",
            ));
        }
        let kconfig = kconfig(exec, &release);
        Ok(Installed { release, kconfig })
    }

    fn once(&self, exec: &dyn Exec, release: &str) -> Result<(), LabError> {
        run_all(exec, &self.once, &[("release", release)])
    }

    fn cancel(&self, exec: &dyn Exec, release: Option<&str>) -> Result<bool, LabError> {
        run_all(exec, &self.cancel, &[("release", release.unwrap_or_default())])
            .map(|()| !self.cancel.is_empty())
    }

    fn check(&self, _exec: &dyn Exec) -> Result<String, LabError> {
        Ok("not tried: its commands change the machine".to_owned())
    }

    fn started_by(&self) -> StartedBy {
        StartedBy::BootLoader
    }
}
