//! Booting another kernel, once: whatever comes of it, the boot after it is that of the known-good one.

mod command;
mod grub;
mod kexec;
mod one_time;
mod package;
mod qemu;

use std::path::Path;
use std::time::Duration;

use super::error::LabError;
use super::exec::{self, Exec};

pub use command::CommandBoot;
pub use grub::GrubBoot;
pub use kexec::{KexecBoot, start};
pub use one_time::OneTimeBoot;
pub use qemu::QemuBoot;

/// A kernel that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its exact release, as `uname -r` is going to say it.
    pub release: String,
    /// Hash of its configuration, where that came with it.
    pub kconfig: Option<String>,
}

/// What installs kernels and chooses the next one.
pub trait Boot: Send + Sync {
    /// Installs a kernel. `known` is the release that the job says it has.
    fn install(
        &self,
        exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError>;

    /// Makes the next boot, and only that, one of this release.
    fn once(&self, exec: &dyn Exec, release: &str) -> Result<(), LabError>;

    /// This release was asked for and is not to be booted next after all; `false` where the driver cannot see
    /// to that. What somebody else asked for stays, and no harm if nothing was. Only where nobody else can ask,
    /// it may be unknown what was asked for.
    fn cancel(&self, exec: &dyn Exec, release: Option<&str>) -> Result<bool, LabError>;

    /// Looks whether it can be done on the system that runs; says what it goes by. Changes nothing.
    fn check(&self, exec: &dyn Exec) -> Result<String, LabError>;

    /// What starts a kernel that was chosen.
    fn started_by(&self) -> StartedBy;

    /// `true` if [`Boot::once`] and [`Boot::cancel`] work on the running system, `false` if they work on
    /// a machine without power.
    fn needs_system(&self) -> bool {
        self.started_by() != StartedBy::Host
    }
}

/// What starts a kernel that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedBy {
    /// What gives the machine its power.
    Host,
    /// Its boot loader, when it gets power the next time.
    BootLoader,
    /// The kernel that runs, by [`start`].
    Kernel,
}

/// Hash of the configuration of a kernel that is installed on a machine, where that came with it.
fn kconfig(exec: &dyn Exec, release: &str) -> Option<String> {
    let paths = [format!("/boot/config-{release}"), format!("/lib/modules/{release}/config")];
    let text = paths
        .iter()
        .find_map(|path| exec::text(exec, &["cat", "--", path], Duration::from_secs(60)).ok())?;
    Some(blake3::hash(text.as_bytes()).to_hex()[..16].to_owned())
}
