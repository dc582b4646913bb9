//! The inventory: `machines/<name>.toml`, one file a machine.
//!
//! Paths in a file are relative to the folder of the lab. Commands are lists of words and never go
//! through a shell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::console::Conserver;
use super::error::LabError;
use super::grid::{Labgrid, Orthos};
use super::names::plain_name;
use super::power::{Bmc, Powerman, Redfish};
use super::prepare::Prepare;

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
        /// A raw image, or a qcow2 one that the disk becomes an overlay of.
        image: PathBuf,
    },
    /// Any program that does it; the machine is switched off before.
    Command {
        /// The program.
        command: Template,
    },
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
    /// Commands that are run on the machine itself, such as `dpkg -i {file}` and
    /// `grub-reboot {release}`. The default of its boot loader is the kernel that is known to work.
    Command {
        /// Installs `{file}`, which was copied there.
        install: Vec<Template>,
        /// Makes the next boot, and no other, that of `{release}`.
        once: Vec<Template>,
        /// Takes that back.
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

/// All machines of a lab.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// By name.
    pub machines: BTreeMap<String, MachineFile>,
    /// Files that cannot be used.
    pub faults: Vec<LabError>,
}

impl Inventory {
    /// Reads all files of a lab's inventory.
    pub fn read(lab: &Path) -> Result<Inventory, LabError> {
        let folder = lab.join(FOLDER);
        let entries = fs::read_dir(&folder).map_err(|error| {
            LabError::new(
                format!("{}: {error}", folder.display()),
                "name the folder of the lab with --lab DIR, or make one with melbot init --demo DIR",
            )
        })?;
        let mut inventory = Inventory::default();
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match read(&path, &name) {
                Ok(machine) => drop(inventory.machines.insert(name, machine)),
                Err(error) => inventory.faults.push(error),
            }
        }
        Ok(inventory)
    }

    /// Reads the file of one machine.
    pub fn machine(lab: &Path, name: &str) -> Result<MachineFile, LabError> {
        let path = lab.join(FOLDER).join(format!("{name}.toml"));
        if plain_name(name) && path.is_file() {
            return read(&path, name);
        }
        let known: Vec<String> = Inventory::read(lab)?.machines.into_keys().collect();
        Err(LabError::new(
            format!("{name:?}: no such machine in {}", lab.join(FOLDER).display()),
            match known.is_empty() {
                true => "write its file (docs/LAB.md)".to_owned(),
                false => format!("there are: {}", known.join(", ")),
            },
        ))
    }
}

fn read(path: &Path, name: &str) -> Result<MachineFile, LabError> {
    if !plain_name(name) {
        let remedy = "call it by letters, digits and ._+- only";
        return Err(LabError::new(format!("{}: no name of a machine", path.display()), remedy));
    }
    let text = fs::read_to_string(path).map_err(LabError::file(path))?;
    parse(&text).map_err(|(line, what)| {
        LabError::new(
            format!("{}:{line}: {what}", path.display()),
            "correct it; docs/LAB.md lists what such a file may hold",
        )
    })
}

/// The error is a line and a sentence.
fn parse(text: &str) -> Result<MachineFile, (usize, String)> {
    let machine: MachineFile = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
        (line, error.message().trim().to_owned())
    })?;
    let line_of = |table: &str| {
        let at = text.lines().position(|line| line.trim().starts_with(&format!("[{table}")));
        at.map_or(1, |at| at + 1)
    };
    let needs_qemu = [
        ("power", machine.power == PowerDriver::Qemu),
        ("console", machine.console == Some(ConsoleDriver::Qemu)),
        ("deploy", matches!(machine.deploy, DeployDriver::Qemu { .. })),
        ("boot", matches!(machine.boot, BootDriver::Qemu { .. })),
    ];
    if let (None, Some((table, _))) = (&machine.qemu, needs_qemu.iter().find(|(_, needs)| *needs)) {
        return Err((line_of(table), format!("{table} is that of QEMU, but there is no [qemu]")));
    }
    let needs_bmc = [
        ("power", machine.power == PowerDriver::Ipmi),
        ("console", machine.console == Some(ConsoleDriver::Ipmi)),
    ];
    if let (None, Some((table, _))) = (&machine.bmc, needs_bmc.iter().find(|(_, needs)| *needs)) {
        return Err((line_of(table), format!("{table} is by IPMI, but there is no [bmc]")));
    }
    let has_grid = match machine.power {
        PowerDriver::Labgrid => matches!(machine.grid, GridDriver::Labgrid(_)),
        PowerDriver::Orthos => matches!(machine.grid, GridDriver::Orthos(_)),
        _ => true,
    };
    if !has_grid {
        let what = "power is that of a grid, but [grid] is another one";
        return Err((line_of("power"), what.to_owned()));
    }
    if machine.exec == ExecDriver::Console && machine.console.is_none() {
        return Err((line_of("exec"), "exec is the console, but there is no [console]".to_owned()));
    }
    if let Some((word, what)) = machine.prepare.wrong() {
        let first = word.lines().next().unwrap_or_default();
        let at = text.lines().position(|line| !first.is_empty() && line.contains(first));
        return Err((at.map_or_else(|| line_of("prepare"), |at| at + 1), what));
    }
    if let Some((table, _)) = machine.templates().into_iter().find(|(_, words)| words.is_empty()) {
        return Err((line_of(table), format!("a command of {table} is empty")));
    }
    Ok(machine)
}

impl MachineFile {
    /// All commands, with the table that they stand in.
    fn templates(&self) -> Vec<(&'static str, &Template)> {
        let mut all = Vec::new();
        if let PowerDriver::Command { on, off, soft, status } = &self.power {
            all.extend([on, off, status].into_iter().chain(soft).map(|words| ("power", words)));
        }
        if let Some(ConsoleDriver::Command { command }) = &self.console {
            all.push(("console", command));
        }
        if let DeployDriver::Command { command } = &self.deploy {
            all.push(("deploy", command));
        }
        if let BootDriver::Command { install, once, cancel } = &self.boot {
            all.extend(install.iter().chain(once).chain(cancel).map(|words| ("boot", words)));
        }
        all.extend(self.prepare.commands.iter().map(|words| ("prepare", words)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = r#"description = "by the door"
[facts]
cpus = 48
tags = ["numa"]
[power]
driver = "command"
on = ["pdu", "on", "{machine}"]
off = ["pdu", "off", "{machine}"]
status = ["pdu", "status", "{machine}"]
[console]
driver = "tcp"
address = "consoles:3001"
[exec]
driver = "ssh"
host = "ivor"
host_key = "ssh-ed25519 AAAA"
[boot]
driver = "command"
install = [["rpm", "-i", "{file}"]]
once = [["grub2-reboot", "{release}"]]
"#;

    #[test]
    fn a_machine_of_commands_is_read() {
        let machine = parse(REAL).expect("valid");
        assert_eq!(machine.facts.cpus, Some(48));
        assert_eq!((machine.grid, machine.deploy), (GridDriver::Local, DeployDriver::None));
        assert!(
            matches!(machine.exec, ExecDriver::Ssh { port: 22, ref user, .. } if user == "root")
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let machine = parse(REAL).expect("valid");
        let text = toml::to_string(&machine).expect("can be written");
        assert_eq!(parse(&text).expect("valid"), machine);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let told = |from: &str, to: &str| parse(&REAL.replace(from, to)).expect_err("a mistake");
        assert_eq!(told("cpus = 48", "cpu = 48").0, 3);
        assert!(told("cpus = 48", "cpu = 48").1.contains("unknown field `cpu`"));
        assert!(told("\"tcp\"", "\"smoke\"").1.contains("unknown variant `smoke`"));
        assert_eq!(told("\"tcp\"\naddress = \"consoles:3001\"", "\"qemu\"").0, 10);
        assert_eq!(told("[\"pdu\", \"on\", \"{machine}\"]", "[]").0, 5);
    }
}
