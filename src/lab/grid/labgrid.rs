//! Places of labgrid, with `labgrid-client`.
//!
//! A client of our own would bring tonic and tokio: 34 CPU seconds of each build.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Lease;
use super::behind::{Holder, Outer};
use crate::lab::error::LabError;
use crate::lab::power::{Power, PowerState, told};
use crate::lab::{plain_name, process};

/// A coordinator that does not answer for so long is not there.
const WITHIN: Duration = Duration::from_secs(60);
/// A reservation ends a minute after it was last asked for: `wait` asks every second.
const ASK: Duration = Duration::from_secs(3);

/// A place of labgrid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labgrid {
    /// `host:port` of the coordinator.
    pub coordinator: String,
    /// The place.
    pub place: String,
    /// Who this lab is there: `host/user`.
    #[serde(default = "us")]
    pub user: String,
    /// The program.
    #[serde(default = "program")]
    pub client: String,
}

fn us() -> String {
    "melbot/melbot".to_owned()
}

fn program() -> String {
    "labgrid-client".to_owned()
}

/// A place, and where its reservation is kept.
#[derive(Clone, Debug)]
pub struct LabgridPlace {
    /// What the file of the machine says.
    pub file: Labgrid,
    /// The token of a reservation that waits.
    pub token: PathBuf,
}

/// How a reservation is.
#[derive(Debug, PartialEq, Eq)]
enum Reservation {
    /// Others come first.
    Waiting,
    /// The place may be acquired.
    Ours,
    /// It has ended.
    Gone,
}

impl LabgridPlace {
    fn command(&self, arguments: &[&str]) -> Command {
        let (host, user) = self.file.user.split_once('/').unwrap_or(("melbot", &self.file.user));
        let mut command = Command::new(&self.file.client);
        command.args(["-x", &self.file.coordinator, "-p", &self.file.place]).args(arguments);
        command.env("LG_HOSTNAME", host).env("LG_USERNAME", user);
        for foreign in ["LG_ENV", "LG_PLACE", "LG_TOKEN", "LG_STATE", "LG_PROXY"] {
            command.env_remove(foreign);
        }
        command
    }

    fn ask(&self, arguments: &[&str]) -> Result<String, LabError> {
        process::text(&mut self.command(arguments), WITHIN).map_err(|error| {
            let remedy = if error.what.contains("is not acquired") {
                "labgrid wants it reserved first: melbot machine reserve"
            } else {
                "see that the coordinator runs, and that coordinator and place are right"
            };
            let what = format!("{} of {}: {}", arguments.join(" "), self.file.place, error.what);
            LabError::new(what, remedy)
        })
    }

    /// The reservation that is kept; `None` if there is none.
    fn kept(&self) -> Option<String> {
        fs::read_to_string(&self.token).ok().filter(|token| plain_name(token))
    }

    fn reservation(&self) -> Result<Option<String>, LabError> {
        if let Some(token) = self.kept() {
            // It ends when it is answered, or never: that it was asked is what counts.
            let _ = process::text(&mut self.command(&["wait", &token]), ASK);
            match state_of(&self.ask(&["reservations"])?, &token) {
                Reservation::Ours => return Ok(Some(token)),
                Reservation::Waiting => return Ok(None),
                Reservation::Gone => {}
            }
        }
        let name = format!("name={}", self.file.place);
        let text = self.ask(&["reserve", "--shell", &name])?;
        let token = text.trim().strip_prefix("export LG_TOKEN=").unwrap_or_default();
        if !plain_name(token) {
            let what = format!("labgrid-client reserve printed {}", process::last_line(&text));
            return Err(LabError::new(what, "see whether it is labgrid 24.0 or later"));
        }
        fs::write(&self.token, token).map_err(LabError::file(&self.token))?;
        let ours = state_of(&self.ask(&["reservations"])?, token) == Reservation::Ours;
        Ok(ours.then(|| token.to_owned()))
    }

    fn forget_reservation(&self) {
        if let Some(token) = self.kept() {
            // It may have ended by itself.
            let _ = self.ask(&["cancel-reservation", &token]);
            let _ = fs::remove_file(&self.token);
        }
    }
}

impl Outer for LabgridPlace {
    fn name(&self) -> &str {
        &self.file.user
    }

    fn holder(&self) -> Result<Holder, LabError> {
        let text = self.ask(&["show"])?;
        let acquired = text.lines().find_map(|line| line.strip_prefix("  acquired: "));
        match acquired.map(str::trim) {
            Some("None") => Ok(Holder::Nobody),
            Some(user) if user == self.file.user => Ok(Holder::Us),
            Some(user) => Ok(Holder::Other(Lease {
                owner: user.to_owned(),
                reason: format!("place {} of labgrid", self.file.place),
                until: None,
            })),
            None => Err(LabError::new(
                format!("labgrid-client does not say who has {}", self.file.place),
                "see whether it is labgrid 24.0 or later",
            )),
        }
    }

    fn take(&self, _: &str, _: Duration) -> Result<(), LabError> {
        if self.reservation()?.is_some() {
            self.ask(&["acquire"])?;
            self.forget_reservation();
        }
        Ok(())
    }

    /// A place that was acquired does not end.
    fn keep(&self, _: &str, _: Duration) -> Result<(), LabError> {
        Ok(())
    }

    fn give_back(&self, held: bool) -> Result<(), LabError> {
        self.forget_reservation();
        if held {
            // Not that of somebody who took it this moment.
            self.ask(&["release-from", &self.file.user])?;
        }
        Ok(())
    }
}

/// labgrid switches the power port of the place, which has to be acquired.
impl Power for LabgridPlace {
    fn on(&self) -> Result<(), LabError> {
        self.ask(&["power", "on"]).map(drop)
    }

    fn off(&self) -> Result<(), LabError> {
        self.ask(&["power", "off"]).map(drop)
    }

    fn state(&self) -> Result<PowerState, LabError> {
        let text = self.ask(&["power", "get"])?;
        told(&text).ok_or_else(|| {
            LabError::new(
                format!("labgrid-client power get says {}", process::last_line(&text)),
                "the power driver of this place cannot tell: use one that can, in [power]",
            )
        })
    }
}

/// What the list of reservations says of one.
fn state_of(list: &str, token: &str) -> Reservation {
    let head = format!("Reservation '{token}':");
    let mut lines = list.lines().skip_while(|line| *line != head).skip(1);
    let state = lines.find_map(|line| match line.strip_prefix("  state: ") {
        Some(state) => Some(Some(state)),
        None if line.starts_with("Reservation ") => Some(None),
        None => None,
    });
    match state.flatten() {
        Some("waiting") => Reservation::Waiting,
        Some("allocated" | "acquired") => Reservation::Ours,
        _ => Reservation::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_found_in_the_list() {
        let list = "Reservation 'A1':\n  owner: a/b\n  token: A1\n  state: allocated\n\
                    Reservation 'B2':\n  owner: a/c\n  state: waiting\n\
                    Reservation 'C3':\n  state: expired\n";
        assert_eq!(state_of(list, "A1"), Reservation::Ours);
        assert_eq!(state_of(list, "B2"), Reservation::Waiting);
        assert_eq!(state_of(list, "C3"), Reservation::Gone);
        assert_eq!(state_of(list, "D4"), Reservation::Gone);
        assert_eq!(state_of("", "D4"), Reservation::Gone);
    }
}
