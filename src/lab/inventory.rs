//! The inventory: `machines/<name>.toml`, one file a machine.
//!
//! Paths in a file are relative to the folder of the lab. Commands are lists of words and never go
//! through a shell.

mod read;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::console::Conserver;
use super::grid::{Labgrid, Orthos};
use super::power::{Bmc, Powerman, Redfish};
use super::prepare::Prepare;
pub use read::Inventory;

/// Name of the folder of the inventory in that of the lab.
pub const FOLDER: &str = "machines";

/// A command: a program and its arguments. `{machine}` and what else the driver tells stand for
/// their values.
pub type Template = Vec<String>;

/// What is known of a machine: the content of its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineFile {
    /// A line about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it is made of.
    #[serde(default)]
    pub facts: Facts,
    /// Who lends it.
    #[serde(default)]
    pub grid: GridDriver,
    /// How it is switched on and off.
    pub power: PowerDriver,
    /// How its console is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<ConsoleDriver>,
    /// How commands are run on it.
    pub exec: ExecDriver,
    /// How it gets a clean system.
    #[serde(default)]
    pub deploy: DeployDriver,
    /// How it boots another kernel.
    pub boot: BootDriver,
    /// The virtual machine, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qemu: Option<Qemu>,
    /// Its management controller, where `power` or `console` is `ipmi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bmc: Option<Bmc>,
    /// How long it may take.
    #[serde(default)]
    pub patience: Patience,
    /// What its system has before kernels are installed.
    #[serde(default)]
    pub prepare: Prepare,
}

/// Facts for people, and for choosing a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Processors, as the kernel counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// As `uname -m` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// Disks by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<String>,
    /// Words to choose it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Who lends a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GridDriver {
    /// This lab itself: leases are files.
    #[default]
    Local,
    /// A place of labgrid.
    Labgrid(Labgrid),
    /// A machine of Orthos 2.
    Orthos(Orthos),
}

/// How a machine is switched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PowerDriver {
    /// Any program that switches it.
    Command {
        /// Switches it on.
        on: Template,
        /// Takes its power away.
        off: Template,
        /// Asks its system to shut down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        soft: Option<Template>,
        /// Prints whether it is on: a word of the output is `on` or `off`.
        status: Template,
    },
    /// The controller of `[bmc]`, with `ipmitool`.
    Ipmi,
    /// A controller that speaks Redfish.
    Redfish(Redfish),
    /// A node of powerman.
    Powerman(Powerman),
    /// What labgrid knows of the place of `[grid]`.
    Labgrid,
    /// What Orthos knows of the machine of `[grid]`.
    Orthos,
    /// The virtual machine of `[qemu]`.
    Qemu,
}

/// How a console is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConsoleDriver {
    /// A program whose output it is: `ipmitool sol activate`, `console`, `socat`.
    Command {
        /// The program.
        command: Template,
    },
    /// A port of a console server, such as ser2net's.
    Tcp {
        /// `host:port`.
        address: String,
    },
    /// The serial port of the controller of `[bmc]`, over the network.
    Ipmi,
    /// A console of conserver.
    Conserver(Conserver),
    /// The serial port of the virtual machine.
    Qemu,
}

/// How commands are run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExecDriver {
    /// OpenSSH's `ssh`.
    Ssh {
        /// Host name or address.
        host: String,
        /// Port.
        #[serde(default = "ssh_port")]
        port: u16,
        /// User; benchmarks want root.
        #[serde(default = "root")]
        user: String,
        /// File of the private key; else what `ssh` takes by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<PathBuf>,
        /// The key of the host, as `ssh-keyscan` prints it without the name: `ssh-ed25519 AAAA…`.
        host_key: String,
    },
    /// A shell on the console that nobody has to log in to: slow, a last resort.
    Console,
}

fn ssh_port() -> u16 {
    22
}

fn root() -> String {
    "root".to_owned()
}

/// How a machine gets a clean system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DeployDriver {
    /// It keeps what it has.
    #[default]
    None,
    /// The disk of the virtual machine becomes a copy of an image.
    Qemu {
        /// A raw image, a qcow2 one that the disk becomes an overlay of, or a tar archive of a root file system.
        image: PathBuf,
        /// Size in MiB of the file system that an archive becomes; else it has 4 GiB of room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
    },
    /// Orthos has the machine of `[grid]` installed over the network.
    Orthos {
        /// What it gets, as Orthos calls it: `distribution:profile`.
        profile: String,
        /// It may take so long.
        #[serde(default = "installation")]
        minutes: u64,
    },
    /// Any program that does it; the machine is switched off before.
    Command {
        /// The program.
        command: Template,
    },
}

fn installation() -> u64 {
    120
}

/// How a machine boots another kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "driver", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BootDriver {
    /// The virtual machine gets kernel and initramfs from here.
    Qemu {
        /// Package or image of the kernel that is known to work.
        known_good: PathBuf,
        /// Command line of all kernels.
        command_line: String,
    },
    /// GRUB, on the machine itself: packages are installed as its distribution does it, the kernel that
    /// runs meanwhile stays the default, and the other one is booted once.
    Grub,
    /// The running kernel starts the other one, by kexec; the boot loader is not touched.
    Kexec {
        /// Added to the command line of the kernel that runs meanwhile.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        append: String,
    },
    /// Commands that are run on the machine itself, such as `dpkg -i {file}` and
    /// `grub-reboot {release}`. The default of its boot loader is the kernel that is known to work.
    Command {
        /// Installs `{file}`, which was copied there.
        install: Vec<Template>,
        /// Makes the next boot, and no other, that of `{release}`.
        once: Vec<Template>,
        /// Takes that back; `{release}` is what was asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cancel: Vec<Template>,
    },
}

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// The program.
    #[serde(default = "qemu_program")]
    pub program: String,
    /// Accelerator.
    #[serde(default = "accel")]
    pub accel: String,
    /// Processors.
    #[serde(default = "one")]
    pub cpus: u32,
    /// Memory in MiB.
    #[serde(default = "memory")]
    pub memory: u64,
    /// Its disk; `deploy` makes it.
    pub disk: PathBuf,
    /// A static busybox, which the initramfs is made of.
    #[serde(default = "busybox")]
    pub busybox: PathBuf,
    /// Port of 127.0.0.1 that leads to its ssh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_port: Option<u16>,
    /// Further arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

fn qemu_program() -> String {
    "qemu-system-x86_64".to_owned()
}

/// Where Debian's busybox-static has it.
fn busybox() -> PathBuf {
    PathBuf::from("/bin/busybox")
}

fn accel() -> String {
    "tcg".to_owned()
}

fn one() -> u32 {
    1
}

fn memory() -> u64 {
    512
}

/// Seconds after which something is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// Until power is as it was asked for.
    pub power: u64,
    /// From power to a system that answers.
    pub boot: u64,
    /// Without a byte on the console during a boot.
    pub silence: u64,
    /// Without an answer in the middle of a run.
    pub unreachable: u64,
    /// Until a lease that is not renewed ends.
    pub lease: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { power: 60, boot: 900, silence: 300, unreachable: 300, lease: 900 }
    }
}
