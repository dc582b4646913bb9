//! Reading the files of an inventory, and finding what is wrong with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{
    BootDriver, ConsoleDriver, DeployDriver, ExecDriver, FOLDER, GridDriver, MachineFile, Patience,
    PowerDriver, Template,
};
use crate::lab::error::LabError;
use crate::lab::names::plain_name;

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
    // A pipe has nothing to say until somebody writes.
    if fs::metadata(path).is_ok_and(|kind| !kind.is_file()) {
        return Err(LabError::new(format!("{}: no file", path.display()), "remove it"));
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
    if matches!(machine.deploy, DeployDriver::Orthos { .. })
        && !matches!(machine.grid, GridDriver::Orthos(_))
    {
        let what = "deploy is that of Orthos, but [grid] is another one";
        return Err((line_of("deploy"), what.to_owned()));
    }
    let Patience { power, boot, silence, unreachable, lease } = machine.patience;
    if [power, boot, silence, unreachable, lease].contains(&0) {
        return Err((line_of("patience"), "0 s are no patience".to_owned()));
    }
    if let ExecDriver::Ssh { host_key, .. } = &machine.exec
        && (host_key.trim().contains(char::is_control)
            || host_key.split_whitespace().nth(1).is_none())
    {
        let what = "host_key is no key: it is a type and a long word, as ssh-keyscan prints them after the name";
        return Err((line_of("exec"), what.to_owned()));
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
        assert_eq!(told("ssh-ed25519 AAAA", "AAAA").0, 13);
        let patience = told("[boot]", "[patience]\nboot = 0\n[boot]");
        assert!(patience.0 == 17 && patience.1.contains("0 s"), "{patience:?}");
        let orthos = "[deploy]\ndriver = \"orthos\"\nprofile = \"a:b\"\n[boot]";
        let told = told("[boot]", orthos);
        assert!(told.0 == 17 && told.1.contains("[grid] is another one"), "{told:?}");
    }
}
