//! `melbot machine check`: tries every driver of a machine.

use std::time::{Duration, Instant};

use clap::Args;

use super::Named;
use crate::cli::{Ending, print};
use crate::lab::exec;
use crate::lab::power::PowerState;

/// A machine that is on answers within that.
const WITHIN: Duration = Duration::from_secs(30);
/// A console that is there has opened by then.
const OPENS: Duration = Duration::from_secs(3);

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
        let mut lines = Vec::new();
        let mut say = |part: &str, result: Result<String, String>| {
            let (mark, what) = match &result {
                Ok(what) => ("ok", what),
                Err(what) => ("FAULT", what),
            };
            lines.push(format!("{part:<8} {mark:<6} {what}\n"));
            result.is_ok()
        };
        let mut fine = true;
        let holder = machine.grid.holder().map_err(|error| error.to_string());
        fine &= say(
            "grid",
            holder.map(|holder| {
                holder.map_or("free".to_owned(), |lease| format!("{} has it", lease.owner))
            }),
        );
        let state = machine.power.state();
        fine &= say(
            "power",
            state.as_ref().map(|state| format!("it is {state}")).map_err(ToString::to_string),
        );
        let console = machine.own_console();
        fine &= say(
            "console",
            match &console {
                Ok(None) => Ok("it has none: panics and hangs show as silence".to_owned()),
                Ok(Some(console)) => {
                    let began = Instant::now();
                    while console.fault().is_none() && began.elapsed() < OPENS {
                        console.settle();
                        if began.elapsed() > OPENS / 4 {
                            break;
                        }
                    }
                    console.fault().map_or(Ok("it opens".to_owned()), Err)
                }
                Err(error) => Err(error.to_string()),
            },
        );
        match (state, console) {
            (Ok(PowerState::On), Ok(console)) => {
                let release = machine
                    .exec(console.as_ref())
                    .and_then(|exec| exec::text(exec.as_ref(), &["uname", "-r"], WITHIN));
                fine &= say(
                    "exec",
                    release
                        .map(|release| format!("it runs {}", release.trim()))
                        .map_err(|error| error.to_string()),
                );
            }
            _ => drop(say("exec", Ok("not tried: it is not on".to_owned()))),
        }
        print(&lines.concat())?;
        Ok(if fine { Ending::Fine } else { Ending::Found })
    }
}
