//! Bringing a machine to a known clean state. It is switched off before.

mod command;
mod qemu;

use super::error::LabError;

pub use command::CommandDeploy;
pub use qemu::QemuDeploy;

/// What gives a machine a clean system.
pub trait Deploy: Send + Sync {
    /// Does it. The machine has no power, and boots its known-good kernel afterwards.
    fn deploy(&self) -> Result<(), LabError>;
}

/// For a machine that keeps what it has.
#[derive(Clone, Copy, Debug)]
pub struct NoDeploy;

impl Deploy for NoDeploy {
    fn deploy(&self) -> Result<(), LabError> {
        Ok(())
    }
}
