//! Deployment by any program: one that sets up PXE, asks Cobbler, writes a disk.

use std::time::Duration;

use super::{Deploy, Stopped};
use crate::lab::error::LabError;
use crate::lab::exec::Exec;
use crate::lab::process;

/// An installation takes no longer.
const WITHIN: Duration = Duration::from_secs(4 * 3600);

/// A program.
#[derive(Clone, Debug)]
pub struct CommandDeploy(pub Vec<String>);

impl Deploy for CommandDeploy {
    fn deploy(&self, _exec: &dyn Exec, stopped: Stopped) -> Result<(), LabError> {
        process::text_unless(stopped, &mut process::command(&self.0), WITHIN).map(drop)
    }

    fn check(&self) -> Result<String, LabError> {
        Ok("not tried: its command changes the machine".to_owned())
    }
}
