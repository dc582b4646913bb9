//! Power by any program: a PDU's, a script, a relay.

use std::time::Duration;

use super::{Power, PowerState, told};
use crate::lab::error::LabError;
use crate::lab::process;

/// No power controller needs longer to answer.
const WITHIN: Duration = Duration::from_secs(60);

/// Commands that switch a machine.
#[derive(Clone, Debug)]
pub struct CommandPower {
    /// Switches it on.
    pub on: Vec<String>,
    /// Takes its power away.
    pub off: Vec<String>,
    /// Asks its system to shut down.
    pub soft: Option<Vec<String>>,
    /// Prints how it is.
    pub status: Vec<String>,
}

impl Power for CommandPower {
    fn on(&self) -> Result<(), LabError> {
        process::text(&mut process::command(&self.on), WITHIN).map(drop)
    }

    fn off(&self) -> Result<(), LabError> {
        process::text(&mut process::command(&self.off), WITHIN).map(drop)
    }

    fn soft_off(&self) -> Result<bool, LabError> {
        let Some(soft) = &self.soft else { return Ok(false) };
        process::text(&mut process::command(soft), WITHIN).map(|_| true)
    }

    fn state(&self) -> Result<PowerState, LabError> {
        let text = process::text(&mut process::command(&self.status), WITHIN)?;
        told(&text).ok_or_else(|| {
            LabError::new(
                format!("the status is neither on nor off: {}", process::last_line(&text)),
                "correct [power] status in the file of the machine",
            )
        })
    }
}
