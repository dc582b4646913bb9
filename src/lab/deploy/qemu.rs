//! A new disk for a virtual machine.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Deploy;
use crate::lab::error::LabError;
use crate::lab::exec::Exec;
use crate::lab::process;
use crate::lab::qemu::{QemuMachine, is_qcow2, prepared};

/// An overlay is made in no time.
const WITHIN: Duration = Duration::from_secs(60);
/// Blocks of zeros are left out.
const BLOCK: usize = 64 << 10;

/// What a virtual machine begins with.
#[derive(Clone, Debug)]
pub struct QemuDeploy {
    /// The machine.
    pub machine: QemuMachine,
    /// What its disk becomes a copy of, or an overlay if it is a qcow2 image.
    pub image: PathBuf,
    /// Package of the known-good kernel; `None` if it is on the disk.
    pub known_good: Option<PathBuf>,
    /// Where prepared kernels are kept.
    pub kernels: PathBuf,
}

impl Deploy for QemuDeploy {
    fn deploy(&self, _exec: &dyn Exec) -> Result<(), LabError> {
        let disk = &self.machine.qemu.disk;
        if let Some(folder) = disk.parent() {
            fs::create_dir_all(folder).map_err(LabError::file(folder))?;
        }
        let new = disk.with_extension("new");
        if is_qcow2(&self.image) {
            let _ = fs::remove_file(&new);
            let mut command = Command::new("qemu-img");
            command.args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]);
            process::text(command.arg(&self.image).arg(&new), WITHIN)?;
        } else {
            copy(&self.image, &new).map_err(LabError::file(&self.image))?;
        }
        fs::rename(&new, disk).map_err(LabError::file(disk))?;
        let Some(known_good) = &self.known_good else { return Ok(()) };
        let _ = fs::remove_dir_all(self.machine.next());
        let kernel = prepared(known_good, &self.kernels, &self.machine.qemu.busybox)?;
        self.machine.take(&kernel, &self.machine.known_good())
    }

    fn check(&self) -> Result<String, LabError> {
        for path in std::iter::once(&self.image).chain(&self.known_good) {
            fs::metadata(path).map_err(LabError::file(path))?;
        }
        Ok(format!("{} is there", self.image.display()))
    }
}

/// Copies an image; holes stay holes.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let size = from.metadata()?.len();
    let mut to = File::create(to)?;
    let mut block = vec![0; BLOCK];
    let mut at = 0;
    while at < size {
        let count = fill(&mut from, &mut block)?;
        if count == 0 {
            break;
        }
        if block[..count].iter().any(|byte| *byte != 0) {
            to.seek(SeekFrom::Start(at))?;
            to.write_all(&block[..count])?;
        }
        at += count as u64;
    }
    to.set_len(size)
}

fn fill(from: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < block.len() {
        match from.read(&mut block[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn a_copy_has_the_same_bytes_and_the_same_holes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let mut file = File::create(&one).expect("writable");
        file.write_all(b"begin").expect("writable");
        file.seek(SeekFrom::Start((8 << 20) + 5)).expect("a file");
        file.write_all(b"middle").expect("writable");
        file.set_len((16 << 20) + 7).expect("a file");
        copy(&one, &other).expect("copied");
        assert_eq!(fs::read(&one).expect("there"), fs::read(&other).expect("there"));
        assert!(fs::metadata(&other).expect("there").blocks() * 512 < 1 << 20);
    }
}
