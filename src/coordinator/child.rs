//! melbot itself as a program of its own: its memory is given back, and whatever happens to it does not happen
//! to the coordinator.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::desk::Desk;
use crate::lab::{LabError, process};

const WITHIN: Duration = Duration::from_secs(6 * 3600);
/// No JSON of melbot's is larger.
const LARGEST: u64 = 1 << 30;

/// melbot itself, as it was started: also where its file was replaced by a newer one meanwhile.
pub fn melbot() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("melbot");
    command
}

/// A verb about the results of a lab.
pub fn about_results(desk: &Desk, verb: &[&str]) -> Command {
    let mut command = melbot();
    command.args(verb).arg(desk.results()).arg("--store").arg(desk.state("store"));
    command.current_dir(&desk.lab);
    command
}

/// What a verb about the results says as JSON.
pub fn said<T: DeserializeOwned>(desk: &Desk, verb: &[&str]) -> Result<T, LabError> {
    let bytes = output(about_results(desk, verb).arg("--json"))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        LabError::new(format!("melbot {}: {error}", verb.join(" ")), "tell the authors of melbot")
    })
}

/// What it prints; an error unless it ends well.
pub fn output(command: &mut Command) -> Result<Vec<u8>, LabError> {
    let mut bytes = Vec::new();
    let exit = process::run(command, &mut io::empty(), &mut bytes, LARGEST, WITHIN)?;
    if exit.success() {
        return Ok(bytes);
    }
    Err(LabError::new(process::last_line(&exit.complaint), "run the same by hand to see more"))
}
