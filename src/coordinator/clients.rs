//! Clients of the machines here, each a program of its own: it goes on when the coordinator is killed, and
//! is started again when it ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::child::melbot;
use super::desk::Desk;
use crate::lab::LabError;

/// Before one that ended is started again.
const AGAIN: Duration = Duration::from_secs(5);
/// Why one ended is in the last bytes of its log.
const LAST_WORDS: usize = 4096;

/// Keeps the client of a machine going until everything ends.
pub fn keep(desk: &Desk, machine: &str, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let log = log(desk, machine);
    let mut last = String::new();
    while !desk.stops() {
        let mut child = start(desk, machine)?;
        let ended = wait(desk, &mut child);
        if desk.stops() {
            break;
        }
        // Said once for each reason: another client may have the machine for hours.
        let said = last_words(&log).unwrap_or(ended);
        let why =
            format!("{machine}: its client ended: {said}; all it said is in {}", log.display());
        if why != last {
            tell(&why);
        }
        last = why;
        desk.pause(AGAIN);
    }
    Ok(())
}

fn log(desk: &Desk, machine: &str) -> PathBuf {
    desk.state(machine).join("client.log")
}

/// The last line of its log, if that is why it ended.
fn last_words(log: &Path) -> Option<String> {
    let text = fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(LAST_WORDS)..]).into_owned();
    text.trim_end().lines().next_back()?.strip_prefix("melbot: ").map(str::to_owned)
}

fn start(desk: &Desk, machine: &str) -> Result<Child, LabError> {
    let path = log(desk, machine);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LabError::file(folder))?;
    }
    let file = || File::options().create(true).append(true).open(&path);
    let output = file().map_err(LabError::file(&path))?;
    let errors = file().map_err(LabError::file(&path))?;
    let mut command = melbot();
    command.args(["client", machine, "--queue", "--lab"]).arg(&desk.lab);
    command.arg("--results").arg(desk.results());
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    command.spawn().map_err(LabError::file(&path))
}

/// How it ended. Where everything ends it is ended as well: its job goes on at the next start.
fn wait(desk: &Desk, child: &mut Child) -> String {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) if desk.stops() => {
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
                return child.wait().map_or_else(|error| error.to_string(), |s| s.to_string());
            }
            Ok(None) => desk.pause(Duration::from_millis(200)),
            Err(error) => return error.to_string(),
        }
    }
}
