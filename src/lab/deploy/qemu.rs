//! A new disk for a virtual machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Deploy, Stopped};
use crate::lab::error::LabError;
use crate::lab::exec::Exec;
use crate::lab::process;
use crate::lab::qemu::{QemuMachine, Rootfs, copy_sparse, is_archive, is_qcow2, prepared};

/// An overlay is made in no time.
const WITHIN: Duration = Duration::from_secs(60);
/// Where a kernel finds the file system of an archive.
const ROOT: &str = "root=/dev/vda";

/// What a virtual machine begins with.
#[derive(Clone, Debug)]
pub struct QemuDeploy {
    /// The machine.
    pub machine: QemuMachine,
    /// What its disk becomes a copy of, or an overlay if it is a qcow2 image or a tar archive.
    pub image: PathBuf,
    /// Size of the file system that an archive becomes, in MiB.
    pub size: Option<u64>,
    /// Package of the known-good kernel; `None` if it is on the disk.
    pub known_good: Option<PathBuf>,
    /// Where prepared kernels are kept.
    pub kernels: PathBuf,
    /// Where file systems of archives are kept.
    pub images: PathBuf,
}

/// What an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Raw,
    Qcow2,
    Archive,
}

impl QemuDeploy {
    /// An error if the machine could not boot of it.
    fn kind(&self) -> Result<Kind, LabError> {
        let archive = !is_qcow2(&self.image) && is_archive(&self.image)?;
        if !archive {
            return match self.size {
                Some(_) => Err(LabError::new(
                    format!("{}: it is no tar archive, and has a size", self.image.display()),
                    "leave size out of [deploy]",
                )),
                None if is_qcow2(&self.image) => Ok(Kind::Qcow2),
                None => Ok(Kind::Raw),
            };
        }
        let Some(command_line) = &self.machine.command_line else {
            return Err(LabError::new(
                format!(
                    "{}: an archive has no boot loader, and {} boots what is on its disk",
                    self.image.display(),
                    self.machine.name
                ),
                "say driver = \"qemu\" in [boot], with known_good and command_line, or give the image of a whole disk",
            ));
        };
        // The last one counts.
        match command_line.split_whitespace().rfind(|word| word.starts_with("root=/dev/")) {
            Some(root) if root != ROOT => Err(LabError::new(
                format!(
                    "{}: an archive becomes a disk without partitions, and {} says {root}",
                    self.image.display(),
                    self.machine.name
                ),
                format!("say {ROOT} in command_line of [boot]"),
            )),
            _ => Ok(Kind::Archive),
        }
    }

    /// Makes the disk; gives the name of what it is an overlay of in the folder of the machine.
    fn make_disk(&self, disk: &Path) -> Result<Option<PathBuf>, LabError> {
        let _ = fs::remove_file(disk);
        let overlay = |of: &Path, format: &str| {
            let mut command = Command::new("qemu-img");
            command.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]);
            process::text(command.arg(of).arg(disk), WITHIN).map(drop)
        };
        match self.kind()? {
            Kind::Raw => copy(&self.image, disk).map_err(LabError::file(&self.image))?,
            Kind::Qcow2 => overlay(&self.image, "qcow2")?,
            Kind::Archive => {
                let rootfs = Rootfs { archive: &self.image, size: self.size, images: &self.images };
                let base = rootfs.put(&self.machine.folder)?;
                overlay(&base, "raw")?;
                return Ok(Some(base));
            }
        }
        Ok(None)
    }
}

impl Deploy for QemuDeploy {
    fn deploy(&self, _exec: &dyn Exec, _stopped: Stopped) -> Result<(), LabError> {
        let disk = &self.machine.qemu.disk;
        if let Some(folder) = disk.parent() {
            fs::create_dir_all(folder).map_err(LabError::file(folder))?;
        }
        let new = disk.with_extension("new");
        let base = self.make_disk(&new)?;
        fs::rename(&new, disk).map_err(LabError::file(disk))?;
        Rootfs::forget(&self.machine.folder, base.as_deref())?;
        let Some(known_good) = &self.known_good else { return Ok(()) };
        let _ = fs::remove_dir_all(self.machine.next());
        let kernel = prepared(known_good, &self.kernels, &self.machine.qemu.busybox)?;
        self.machine.take(&kernel, &self.machine.known_good())
    }

    fn check(&self) -> Result<String, LabError> {
        for path in std::iter::once(&self.image).chain(&self.known_good) {
            fs::metadata(path).map_err(LabError::file(path))?;
        }
        let what = match self.kind()? {
            Kind::Raw => "a raw image",
            Kind::Qcow2 => "a qcow2 image",
            Kind::Archive => {
                process::text(process::for_root("mke2fs").arg("-V"), WITHIN)?;
                "an archive"
            }
        };
        Ok(format!("{} is there: {what}", self.image.display()))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    copy_sparse(&mut File::open(from)?, &mut File::create(to)?).map(drop)
}
