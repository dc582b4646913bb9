//! `melbot machine check`: tries every driver of a machine.

use std::time::Duration;

use clap::Args;

use super::Named;
use crate::cli::{Ending, print};
use crate::lab::console::log_file;
use crate::lab::power::PowerState;
use crate::lab::{Lab, exec, twins};

/// A machine that is on answers within that.
const WITHIN: Duration = Duration::from_secs(30);
/// Whoever cannot be reached has been asked several times by then.
const OPENS: Duration = Duration::from_secs(45);

/// Try every driver of a machine, change nothing, and say what works
///
/// Exits with 1 if something does not.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    named: Named,
}

impl Check {
    pub fn run(self) -> anyhow::Result<Ending> {
        let machine = self.named.open()?;
        let console_log = log_file(&machine.console_folder());
        let mut fine = true;
        let mut say = |part: &str, result: Result<String, String>| {
            fine &= result.is_ok();
            let (mark, what) = match &result {
                Ok(what) => ("ok", what),
                Err(what) => ("FAULT", what),
            };
            print(&format!("{part:<8} {mark:<6} {what}\n"))
        };
        // That may take as long as all the rest.
        let console = machine.own_console();
        let inventory = Lab::at(&self.named.of.lab)?.inventory()?;
        for twins in twins(&inventory.machines) {
            if twins.names.contains(&machine.name) {
                say("file", Err(twins.fault().to_string()))?;
            }
        }
        let holder = machine.grid.holder().map_err(|error| error.to_string());
        say(
            "grid",
            holder.map(|holder| {
                holder.map_or("free".to_owned(), |lease| format!("{} has it", lease.owner))
            }),
        )?;
        let state = machine.power.state();
        say(
            "power",
            state.as_ref().map(|state| format!("it is {state}")).map_err(ToString::to_string),
        )?;
        say(
            "console",
            match &console {
                Ok(None) => Ok("it has none: panics and hangs show as silence".to_owned()),
                Ok(Some(console)) if console.opens(OPENS) => Ok("it opens".to_owned()),
                Ok(Some(console)) => Err(console.fault().map_or_else(
                    || format!("it does not open within {} s", OPENS.as_secs()),
                    |fault| format!("{fault}; its log is {}", console_log.display()),
                )),
                Err(error) => Err(error.to_string()),
            },
        )?;
        match (state, console) {
            (Ok(PowerState::On), Ok(console)) => {
                let exec = machine.exec(console.as_ref());
                let release = exec
                    .as_ref()
                    .map_err(Clone::clone)
                    .and_then(|exec| exec::text(exec.as_ref(), &["uname", "-r"], WITHIN));
                let runs = release.is_ok();
                say(
                    "exec",
                    release
                        .map(|release| format!("it runs {}", release.trim()))
                        .map_err(|error| error.to_string()),
                )?;
                match exec {
                    Ok(exec) if runs => {
                        let boot = machine.boot.check(exec.as_ref());
                        say(
                            "boot",
                            boot.map(|how| how.trim().to_owned())
                                .map_err(|error| error.to_string()),
                        )?;
                    }
                    _ => say("boot", Ok("not tried: nothing can be run".to_owned()))?,
                }
            }
            _ => {
                say("exec", Ok("not tried: it is not on".to_owned()))?;
                say("boot", Ok("not tried: it is not on".to_owned()))?;
            }
        }
        say("deploy", machine.check_deploy().map_err(|error| error.to_string()))?;
        Ok(if fine { Ending::Fine } else { Ending::Found })
    }
}
