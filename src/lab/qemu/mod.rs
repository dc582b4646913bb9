//! A virtual machine as a test machine: it needs no hardware.
//!
//! QEMU runs by itself, apart from melbot, so that a melbot that was killed finds it as it was. Its
//! folder has the QMP socket, the serial port as a socket and as a file, and what it boots: the next
//! start takes `next/`, once, and any other one `known-good/`.

mod initramfs;
mod kernel;
mod modules;
mod qmp;
mod rootfs;
mod sparse;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::error::LabError;
use super::inventory::Qemu;
use super::power::{Power, PowerState};
use super::process;

pub use initramfs::Archive;
pub use kernel::{Kernel, prepared};
pub use rootfs::{Rootfs, is_archive};
pub use sparse::copy as copy_sparse;

/// QEMU starts in a second; a busy machine needs longer.
const START: Duration = Duration::from_secs(60);
/// Paths of sockets cannot be longer.
const LONGEST_SOCKET: usize = 100;
/// A console file is begun anew where it is larger when the machine is switched on.
const LARGEST_CONSOLE: u64 = 64 << 20;

/// A virtual machine and its folder.
#[derive(Clone, Debug)]
pub struct QemuMachine {
    /// What it is made of; its disk is an absolute path.
    pub qemu: Qemu,
    /// Its name.
    pub name: String,
    /// Command line of the kernels that it is given; `None` if it boots what is on its disk.
    pub command_line: Option<String>,
    /// Folder of its sockets and kernels.
    pub folder: PathBuf,
}

impl QemuMachine {
    /// What the serial port said, since the last start or longer.
    pub fn console_file(&self) -> PathBuf {
        self.folder.join("console.raw")
    }

    /// Where the serial port listens.
    pub fn console_socket(&self) -> PathBuf {
        self.folder.join("console.sock")
    }

    /// Folder of the kernel that the next start takes.
    pub fn next(&self) -> PathBuf {
        self.folder.join("next")
    }

    /// Folder of the kernel that all other starts take.
    pub fn known_good(&self) -> PathBuf {
        self.folder.join("known-good")
    }

    /// Puts a kernel into one of these folders, in place of another one.
    pub fn take(&self, kernel: &Kernel, into: &Path) -> Result<(), LabError> {
        let new = into.with_extension("new");
        for leftover in [new.as_path(), into] {
            if leftover.exists() {
                fs::remove_dir_all(leftover).map_err(LabError::file(leftover))?;
            }
        }
        fs::create_dir_all(&new).map_err(LabError::file(&new))?;
        for name in ["vmlinuz", "initrd.img", "release"] {
            let (from, to) = (kernel.folder.join(name), new.join(name));
            // Links, for many machines boot the same kernel.
            fs::hard_link(&from, &to)
                .or_else(|_| fs::copy(&from, &to).map(drop))
                .map_err(LabError::file(&from))?;
        }
        fs::rename(&new, into).map_err(LabError::file(into))
    }

    fn qmp(&self) -> PathBuf {
        self.folder.join("qmp.sock")
    }

    /// The folder whose kernel a start takes now.
    fn kernel_folder(&self) -> Result<PathBuf, LabError> {
        let folders = [self.next(), self.known_good()];
        folders.into_iter().find(|folder| folder.join("vmlinuz").is_file()).ok_or_else(|| {
            LabError::new(
                format!("{}: there is no kernel to boot", self.folder.display()),
                "run melbot machine deploy, which puts the known-good kernel there",
            )
        })
    }

    fn arguments(&self, kernel: Option<(&Path, &str)>) -> Vec<String> {
        let path = |path: &Path| escaped(&path.to_string_lossy());
        let net = match self.qemu.ssh_port {
            Some(port) => format!("user,id=net,hostfwd=tcp:127.0.0.1:{port}-:22"),
            None => "user,id=net".to_owned(),
        };
        let format = if is_qcow2(&self.qemu.disk) { "qcow2" } else { "raw" };
        let console = format!(
            "socket,id=console,path={},server=on,wait=off,logfile={},logappend=on",
            path(&self.console_socket()),
            path(&self.console_file())
        );
        let drive =
            format!("file={},format={format},if=none,id=disk,cache=unsafe", path(&self.qemu.disk));
        let plain = |path: PathBuf| path.to_string_lossy().into_owned();
        let mut all: Vec<String> = [
            ("-name", self.name.clone()),
            ("-machine", format!("q35,accel={}", self.qemu.accel)),
            ("-cpu", "max".to_owned()),
            ("-smp", self.qemu.cpus.to_string()),
            ("-m", self.qemu.memory.to_string()),
            ("-display", "none".to_owned()),
            ("-qmp", format!("unix:{},server=on,wait=off", path(&self.qmp()))),
            ("-chardev", console),
            ("-serial", "chardev:console".to_owned()),
            ("-drive", drive),
            ("-device", "virtio-blk-pci,drive=disk".to_owned()),
            ("-netdev", net),
            ("-device", "virtio-net-pci,netdev=net".to_owned()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect();
        if let Some((folder, command_line)) = kernel {
            all.extend(["-kernel".to_owned(), plain(folder.join("vmlinuz"))]);
            all.extend(["-initrd".to_owned(), plain(folder.join("initrd.img"))]);
            all.extend(["-append".to_owned(), command_line.to_owned()]);
        }
        all.extend(["-nodefaults", "-no-user-config", "-daemonize"].map(str::to_owned));
        all.extend(self.qemu.arguments.iter().cloned());
        all
    }

    fn begin_console(&self) -> Result<(), LabError> {
        let path = self.console_file();
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LARGEST_CONSOLE) {
            fs::rename(&path, path.with_extension("raw.1")).map_err(LabError::file(&path))?;
        }
        Ok(())
    }
}

impl Power for QemuMachine {
    fn on(&self) -> Result<(), LabError> {
        if self.state()? == PowerState::On {
            return Ok(());
        }
        if self.console_socket().as_os_str().len() > LONGEST_SOCKET {
            return Err(LabError::new(
                format!("{}: too long for the path of a socket", self.folder.display()),
                "move the lab to a folder with a shorter path",
            ));
        }
        self.begin_console()?;
        let kernel = match &self.command_line {
            Some(command_line) => Some((self.kernel_folder()?, command_line.as_str())),
            None => None,
        };
        let given = kernel.as_ref().map(|(folder, command_line)| (folder.as_path(), *command_line));
        let mut command = Command::new(&self.qemu.program);
        command.args(self.arguments(given));
        process::text(&mut command, START)?;
        // Only now: a start that failed is tried again with the same kernel.
        let next = self.next();
        if kernel.is_some_and(|(folder, _)| folder == next) {
            let used = self.folder.join("used");
            let _ = fs::remove_dir_all(&used);
            fs::rename(&next, &used).map_err(LabError::file(&next))?;
        }
        Ok(())
    }

    fn off(&self) -> Result<(), LabError> {
        match qmp::connect(&self.qmp())? {
            Some(mut monitor) => monitor.quit(),
            None => Ok(()),
        }
    }

    fn soft_off(&self) -> Result<bool, LabError> {
        match qmp::connect(&self.qmp())? {
            Some(mut monitor) => monitor.execute("system_powerdown").map(|_| true),
            None => Ok(true),
        }
    }

    fn state(&self) -> Result<PowerState, LabError> {
        match qmp::connect(&self.qmp())? {
            Some(mut monitor) => {
                monitor.execute("query-status")?;
                Ok(PowerState::On)
            }
            None => Ok(PowerState::Off),
        }
    }
}

/// QEMU's options are lists with commas; one that belongs to a value stands there twice.
fn escaped(value: &str) -> String {
    value.replace(',', ",,")
}

/// As the file says, not its name.
pub(super) fn is_qcow2(disk: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 4];
    fs::File::open(disk).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"QFI\xfb"
}
