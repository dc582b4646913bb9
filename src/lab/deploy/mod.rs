//! Bringing a machine to a known clean state. It is switched off before.

mod command;
mod orthos;
mod qemu;

use super::error::LabError;
use super::exec::Exec;

pub use command::CommandDeploy;
pub use orthos::OrthosDeploy;
pub use qemu::QemuDeploy;

pub use super::process::Stopped;

/// What gives a machine a clean system.
pub trait Deploy: Send + Sync {
    /// Does it. The machine has no power, and boots its known-good kernel afterwards; `exec` reaches its
    /// system.
    fn deploy(&self, exec: &dyn Exec, stopped: Stopped) -> Result<(), LabError>;

    /// Looks whether it could; says what it goes by. Changes nothing.
    fn check(&self) -> Result<String, LabError>;
}

/// For a machine that keeps what it has.
#[derive(Clone, Copy, Debug)]
pub struct NoDeploy;

impl Deploy for NoDeploy {
    fn deploy(&self, _exec: &dyn Exec, _stopped: Stopped) -> Result<(), LabError> {
        Ok(())
    }

    fn check(&self) -> Result<String, LabError> {
        Ok("it has none: the machine keeps what it has".to_owned())
    }
}
