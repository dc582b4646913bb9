//! A machine with the drivers that its file names.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::boot::{Boot, CommandBoot, GrubBoot, KexecBoot, OneTimeBoot, QemuBoot};
use super::console::{Console, Source};
use super::deploy::{CommandDeploy, Deploy, NoDeploy, OrthosDeploy, QemuDeploy, Stopped};
use super::error::LabError;
use super::exec::{Exec, SerialExec, SshExec};
use super::grid::{Behind, Grid, Labgrid, LabgridPlace, LocalGrid, OrthosMachine};
use super::inventory::{
    BootDriver, ConsoleDriver, DeployDriver, ExecDriver, GridDriver, Inventory, MachineFile,
    PowerDriver, Qemu,
};
use super::power::{Bmc, CommandPower, Power, RedfishPower};
use super::process::filled;
use super::qemu::QemuMachine;

/// The folder of a lab.
#[derive(Clone, Debug)]
pub struct Lab {
    folder: PathBuf,
}

impl Lab {
    /// A lab that is there.
    pub fn at(folder: &Path) -> Result<Lab, LabError> {
        let folder = fs::canonicalize(folder).map_err(|error| {
            LabError::new(
                format!("{}: {error}", folder.display()),
                "name the folder of a lab, or make one with melbot init --demo DIR",
            )
        })?;
        Ok(Lab { folder })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All machines.
    pub fn inventory(&self) -> Result<Inventory, LabError> {
        Inventory::read(&self.folder)
    }

    /// Where the state of a machine is kept.
    pub fn state(&self, machine: &str) -> PathBuf {
        self.folder.join("state").join(machine)
    }

    /// A machine and its drivers.
    pub fn machine(&self, name: &str) -> Result<Machine, LabError> {
        let file = Inventory::machine(&self.folder, name)?;
        let folder = self.state(name);
        // Consoles may show secrets, sockets give control.
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&folder).map_err(LabError::file(&folder))?;
        let parts = Parts { lab: &self.folder, name, folder: &folder, file: &file };
        Ok(Machine {
            name: name.to_owned(),
            grid: parts.grid(),
            power: parts.power(),
            console: parts.console(),
            deploy: parts.deploy(),
            boot: parts.boot(),
            one_time: OneTimeBoot { folder: folder.clone() },
            ssh: parts.ssh(),
            folder,
            file,
        })
    }
}

/// A machine.
pub struct Machine {
    /// Its name.
    pub name: String,
    /// What its file says.
    pub file: MachineFile,
    /// Where its state is kept.
    pub folder: PathBuf,
    /// Who lends it.
    pub grid: Arc<dyn Grid>,
    /// What switches it.
    pub power: Box<dyn Power>,
    /// What chooses its kernel.
    pub boot: Box<dyn Boot>,
    /// What its boot loader was asked for.
    pub one_time: OneTimeBoot,
    deploy: Box<dyn Deploy>,
    console: Option<Source>,
    ssh: Option<SshExec>,
}

impl Machine {
    /// Where the log of its console is.
    pub fn console_folder(&self) -> PathBuf {
        self.folder.join("console")
    }

    /// Begins to own its console; `None` if it has none.
    pub fn own_console(&self) -> Result<Option<Arc<Console>>, LabError> {
        let Some(source) = &self.console else { return Ok(None) };
        Console::open(source.clone(), &self.console_folder()).map(|console| Some(Arc::new(console)))
    }

    /// Gives it a clean system, if it is one that gets any. It has no power. Where `stopped` becomes true, it ends.
    pub fn deploy(&self, exec: &dyn Exec, stopped: Stopped) -> Result<(), LabError> {
        self.deploy.deploy(exec, stopped)?;
        match self.file.deploy {
            DeployDriver::None => Ok(()),
            DeployDriver::Qemu { .. }
            | DeployDriver::Command { .. }
            | DeployDriver::Orthos { .. } => self.one_time.forget(),
        }
    }

    /// Looks whether it could get a clean system.
    pub fn check_deploy(&self) -> Result<String, LabError> {
        self.deploy.check()
    }

    /// It is going to be switched by hand: connections that are kept open are of no use then.
    pub fn forget_connections(&self) {
        self.ssh.iter().for_each(|ssh| ssh.reset());
    }

    /// How commands are run. That may take the console, which is owned then.
    pub fn exec(&self, console: Option<&Arc<Console>>) -> Result<Box<dyn Exec>, LabError> {
        if let Some(ssh) = &self.ssh {
            return Ok(Box::new(ssh.clone()));
        }
        let console = match console {
            Some(console) => Some(Arc::clone(console)),
            None => self.own_console()?,
        };
        match console {
            Some(console) => Ok(Box::new(SerialExec::new(console))),
            None => Err(LabError::new(
                format!("{}: there is no way to run commands", self.name),
                "give it an [exec] or a [console]",
            )),
        }
    }
}

/// Makes drivers of what a file says.
struct Parts<'a> {
    lab: &'a Path,
    name: &'a str,
    folder: &'a Path,
    file: &'a MachineFile,
}

impl Parts<'_> {
    fn words(&self, template: &[String]) -> Vec<String> {
        filled(template, &[("machine", self.name)])
    }

    fn kernels(&self) -> PathBuf {
        self.lab.join("state").join("kernels")
    }

    /// The file was looked through when it was read: who needs this has it.
    fn qemu(&self) -> QemuMachine {
        let qemu = self.file.qemu.clone().unwrap_or_else(|| Qemu {
            program: String::new(),
            accel: String::new(),
            cpus: 1,
            memory: 0,
            disk: PathBuf::new(),
            busybox: PathBuf::new(),
            ssh_port: None,
            arguments: Vec::new(),
        });
        let command_line = match &self.file.boot {
            BootDriver::Qemu { command_line, .. } => {
                Some(command_line.replace("{machine}", self.name))
            }
            BootDriver::Command { .. } | BootDriver::Grub | BootDriver::Kexec { .. } => None,
        };
        QemuMachine {
            qemu: Qemu {
                disk: self.lab.join(&qemu.disk),
                busybox: self.lab.join(&qemu.busybox),
                ..qemu
            },
            name: self.name.to_owned(),
            command_line,
            folder: self.folder.to_owned(),
        }
    }

    /// As with QEMU.
    fn bmc(&self) -> Bmc {
        let bmc = self.file.bmc.as_ref().map(|bmc| bmc.in_lab(self.lab));
        bmc.unwrap_or_else(|| Bmc {
            host: String::new(),
            port: 0,
            user: String::new(),
            password_file: PathBuf::new(),
            cipher_suite: 0,
        })
    }

    fn labgrid(&self, file: &Labgrid) -> LabgridPlace {
        LabgridPlace { file: file.clone(), token: self.folder.join("labgrid-token") }
    }

    fn grid(&self) -> Arc<dyn Grid> {
        let local = LocalGrid { folder: self.folder.to_owned() };
        match &self.file.grid {
            GridDriver::Local => Arc::new(local),
            GridDriver::Labgrid(file) => Arc::new(Behind { local, outer: self.labgrid(file) }),
            GridDriver::Orthos(file) => {
                Arc::new(Behind { local, outer: OrthosMachine::new(file, self.lab) })
            }
        }
    }

    fn power(&self) -> Box<dyn Power> {
        match &self.file.power {
            PowerDriver::Command { on, off, soft, status } => Box::new(CommandPower {
                on: self.words(on),
                off: self.words(off),
                soft: soft.as_ref().map(|soft| self.words(soft)),
                status: self.words(status),
            }),
            PowerDriver::Ipmi => Box::new(self.bmc()),
            PowerDriver::Redfish(file) => Box::new(RedfishPower::new(file, self.lab)),
            PowerDriver::Powerman(node) => Box::new(node.clone()),
            PowerDriver::Labgrid | PowerDriver::Orthos => match &self.file.grid {
                GridDriver::Labgrid(file) => Box::new(self.labgrid(file)),
                GridDriver::Orthos(file) => Box::new(OrthosMachine::new(file, self.lab)),
                GridDriver::Local => Box::new(self.qemu()),
            },
            PowerDriver::Qemu => Box::new(self.qemu()),
        }
    }

    fn console(&self) -> Option<Source> {
        Some(match self.file.console.as_ref()? {
            ConsoleDriver::Command { command } => Source::Command(self.words(command)),
            ConsoleDriver::Ipmi => {
                let bmc = self.bmc();
                Source::Terminal {
                    password_file: Some(bmc.password_file.clone()),
                    before: bmc.close_console(),
                    words: bmc.open_console(),
                }
            }
            ConsoleDriver::Conserver(console) => {
                let (password_file, before) = (None, Vec::new());
                Source::Terminal { password_file, before, words: console.command() }
            }
            ConsoleDriver::Tcp { address } => Source::Tcp(address.clone()),
            ConsoleDriver::Qemu => {
                let qemu = self.qemu();
                Source::Qemu {
                    file: qemu.console_file(),
                    socket: qemu.console_socket(),
                    position: self.folder.join("console").join("position"),
                }
            }
        })
    }

    fn ssh(&self) -> Option<SshExec> {
        match &self.file.exec {
            ExecDriver::Ssh { host, port, user, identity, host_key } => Some(SshExec {
                machine: self.name.to_owned(),
                host: host.clone(),
                port: *port,
                user: user.clone(),
                identity: identity.as_ref().map(|path| self.lab.join(path)),
                host_key: host_key.clone(),
                folder: self.folder.to_owned(),
            }),
            ExecDriver::Console => None,
        }
    }

    fn deploy(&self) -> Box<dyn Deploy> {
        match (&self.file.deploy, &self.file.boot) {
            (DeployDriver::None, _) => Box::new(NoDeploy),
            (DeployDriver::Command { command }, _) => Box::new(CommandDeploy(self.words(command))),
            (DeployDriver::Orthos { profile, minutes }, _) => match &self.file.grid {
                GridDriver::Orthos(file) => Box::new(OrthosDeploy {
                    machine: OrthosMachine::new(file, self.lab),
                    profile: profile.clone(),
                    within: Duration::from_secs(minutes.saturating_mul(60)),
                }),
                // The file was looked through when it was read.
                GridDriver::Local | GridDriver::Labgrid(_) => Box::new(NoDeploy),
            },
            (DeployDriver::Qemu { image, size }, boot) => Box::new(QemuDeploy {
                machine: self.qemu(),
                image: self.lab.join(image),
                size: *size,
                known_good: match boot {
                    BootDriver::Qemu { known_good, .. } => Some(self.lab.join(known_good)),
                    BootDriver::Command { .. } | BootDriver::Grub | BootDriver::Kexec { .. } => {
                        None
                    }
                },
                kernels: self.kernels(),
                images: self.lab.join("state").join("images"),
            }),
        }
    }

    fn boot(&self) -> Box<dyn Boot> {
        match &self.file.boot {
            BootDriver::Qemu { .. } => {
                Box::new(QemuBoot { machine: self.qemu(), kernels: self.kernels() })
            }
            BootDriver::Command { install, once, cancel } => Box::new(CommandBoot {
                install: install.clone(),
                once: once.clone(),
                cancel: cancel.clone(),
            }),
            BootDriver::Grub => Box::new(GrubBoot),
            BootDriver::Kexec { append } => Box::new(KexecBoot { append: append.clone() }),
        }
    }
}
