//! QEMU loads kernel and initramfs itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Boot, Installed, StartedBy};
use crate::lab::error::LabError;
use crate::lab::exec::Exec;
use crate::lab::qemu::{Kernel, QemuMachine, prepared};

/// The kernels of a virtual machine.
#[derive(Clone, Debug)]
pub struct QemuBoot {
    /// The machine.
    pub machine: QemuMachine,
    /// Where prepared kernels are kept.
    pub kernels: PathBuf,
}

impl QemuBoot {
    fn installed(&self) -> PathBuf {
        self.machine.folder.join("installed")
    }
}

impl Boot for QemuBoot {
    fn install(
        &self,
        _exec: &dyn Exec,
        package: &Path,
        known: Option<&str>,
    ) -> Result<Installed, LabError> {
        let kernel = prepared(package, &self.kernels, &self.machine.qemu.busybox)?;
        if let Some(known) = known.filter(|known| *known != kernel.release) {
            return Err(LabError::new(
                format!("{} is {}, not {known}", package.display(), kernel.release),
                "correct release or package in [kernel] of the job",
            ));
        }
        self.machine.take(&kernel, &self.installed())?;
        let config = fs::read(kernel.folder.join("config")).ok();
        let kconfig = config.map(|config| blake3::hash(&config).to_hex()[..16].to_owned());
        Ok(Installed { release: kernel.release, kconfig })
    }

    fn once(&self, _exec: &dyn Exec, release: &str) -> Result<(), LabError> {
        let folder = self.installed();
        let said = fs::read_to_string(folder.join("release")).unwrap_or_default();
        if said.trim() != release {
            return Err(LabError::new(
                format!("{release} is not installed on {}", self.machine.name),
                "install it first",
            ));
        }
        self.machine.take(&Kernel { release: release.to_owned(), folder }, &self.machine.next())
    }

    /// Nobody else can ask it for one.
    fn cancel(&self, _exec: &dyn Exec, _release: Option<&str>) -> Result<bool, LabError> {
        let next = self.machine.next();
        match fs::remove_dir_all(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(LabError::file(&next)(error))
            }
            _ => Ok(true),
        }
    }

    fn check(&self, _exec: &dyn Exec) -> Result<String, LabError> {
        Ok("it gets its kernels from here".to_owned())
    }

    fn started_by(&self) -> StartedBy {
        StartedBy::Host
    }
}
