//! `melbot machine`: what machines there are, and work on them by hand.

mod check;
mod console;
mod show;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::{Ending, print, warn};
use crate::lab::exec::Remote;
use crate::lab::inventory::DeployDriver;
use crate::lab::power::{self, PowerState};
use crate::lab::prepare::Prepare;
use crate::lab::{Lab, Machine};

/// See and use the machines of a lab
///
/// A lab is a folder with machines/NAME.toml. What is known of a machine while it works is in state/NAME.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot machine list\n  \
    melbot machine show ivor\n  \
    melbot machine check ivor             try all its drivers\n  \
    melbot machine power ivor cycle\n  \
    melbot machine exec ivor -- uname -r\n  \
    melbot machine reserve ivor --reason 'looking at a panic' --hours 2")]
pub struct MachineVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(show::List),
    Show(show::Show),
    Check(check::Check),
    Power(PowerVerb),
    Console(console::Attach),
    Exec(ExecVerb),
    Reserve(Reserve),
    Release(ReleaseVerb),
    Deploy(Deploy),
    Prepare(PrepareVerb),
}

#[derive(Debug, Args)]
struct InLab {
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".")]
    lab: PathBuf,
}

#[derive(Debug, Args)]
struct Named {
    /// Name of the machine
    machine: String,
    #[command(flatten)]
    of: InLab,
}

impl Named {
    fn open(&self) -> anyhow::Result<Machine> {
        Ok(Lab::at(&self.of.lab)?.machine(&self.machine)?)
    }

    /// To change it. Somebody who has it is not disturbed by others.
    fn open_to_change(&self) -> anyhow::Result<Machine> {
        let machine = self.open()?;
        match machine.grid.holder()? {
            Some(lease) if lease.owner != me() => bail!(
                "{} is reserved by {} ({}); wait, or ask them",
                machine.name,
                lease.owner,
                lease.reason
            ),
            _ => Ok(machine),
        }
    }
}

/// Who a person is to the grid.
fn me() -> String {
    std::env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "root".to_owned())
}

/// Switch a machine, and see that it is so
#[derive(Debug, Args)]
struct PowerVerb {
    #[command(flatten)]
    named: Named,
    /// What to do
    action: Action,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// Switch it on
    On,
    /// Take its power away
    Off,
    /// Ask its system to shut down; take its power away if it does not
    Soft,
    /// Off, then on
    Cycle,
    /// Say how it is
    Status,
}

impl PowerVerb {
    fn run(&self) -> anyhow::Result<()> {
        let machine = match self.action {
            Action::Status => self.named.open()?,
            _ => self.named.open_to_change()?,
        };
        let within = Duration::from_secs(machine.file.patience.power);
        let power = machine.power.as_ref();
        if !matches!(self.action, Action::Status) {
            machine.forget_connections();
        }
        match self.action {
            Action::On => power::ensure(power, PowerState::On, within)?,
            Action::Off => power::ensure(power, PowerState::Off, within)?,
            Action::Soft => power::shut_down(power, within, within)?,
            Action::Cycle => {
                power::ensure(power, PowerState::Off, within)?;
                power::ensure(power, PowerState::On, within)?;
            }
            Action::Status => {}
        }
        print(&format!("{}\n", power.state()?))
    }
}

/// Run a command on a machine
#[derive(Debug, Args)]
struct ExecVerb {
    #[command(flatten)]
    named: Named,
    /// It may take so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    within: u64,
    /// The command; each word stays one
    #[arg(last = true, required = true)]
    words: Vec<String>,
}

impl ExecVerb {
    fn run(&self) -> anyhow::Result<Ending> {
        let exec = self.named.open()?.exec(None)?;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let exit = exec.run(&mut Remote {
            words: &words,
            input: &mut io::empty(),
            output: &mut io::stdout().lock(),
            limit: u64::MAX,
            within: Duration::from_secs(self.within),
        })?;
        if !exit.complaint.is_empty() {
            warn(exit.complaint.trim_end());
        }
        Ok(if exit.success() { Ending::Fine } else { Ending::Found })
    }
}

/// Keep others, and melbot's clients, from using a machine
#[derive(Debug, Args)]
struct Reserve {
    #[command(flatten)]
    named: Named,
    /// What for
    #[arg(long)]
    reason: String,
    /// For so many hours
    #[arg(long, value_name = "N", default_value_t = 8)]
    hours: u64,
}

impl Reserve {
    fn run(&self) -> anyhow::Result<()> {
        let machine = self.named.open()?;
        let time = Duration::from_secs(self.hours.saturating_mul(3600).min(366 * 86_400));
        machine.grid.reserve(&me(), &self.reason, time)?;
        print(&format!("{} is yours for {} hours\n", machine.name, time.as_secs() / 3600))
    }
}

/// Give a machine back
#[derive(Debug, Args)]
struct ReleaseVerb {
    #[command(flatten)]
    named: Named,
    /// Take it from whoever has it: a client that works on it stops
    #[arg(long)]
    force: bool,
}

impl ReleaseVerb {
    fn run(&self) -> anyhow::Result<()> {
        let machine = self.named.open()?;
        let Some(lease) = machine.grid.holder()? else {
            return print(&format!("{} is free\n", machine.name));
        };
        if lease.owner != me() && !self.force {
            bail!("{} has it ({}); --force takes it away", lease.owner, lease.reason);
        }
        machine.grid.release(&lease.owner)?;
        print(&format!("{} is free now\n", machine.name))
    }
}

/// Bring a machine to its clean state; what is on it is lost
#[derive(Debug, Args)]
struct Deploy {
    #[command(flatten)]
    named: Named,
}

impl Deploy {
    fn run(&self) -> anyhow::Result<()> {
        let machine = self.named.open_to_change()?;
        if machine.file.deploy == DeployDriver::None {
            bail!("{} has no [deploy]: it keeps the system that it has", machine.name);
        }
        let within = Duration::from_secs(machine.file.patience.power);
        machine.forget_connections();
        power::ensure(machine.power.as_ref(), PowerState::Off, within)?;
        machine.deploy(machine.exec(None)?.as_ref(), &|| false)?;
        // Who installs it may have left it on.
        power::shut_down(machine.power.as_ref(), within, within)?;
        print(&format!("{} is clean, and off\n", machine.name))
    }
}

/// Bring the system of a running machine to what its file declares under [prepare]
///
/// Packages, users, keys and parameters of the kernel that are missing are added, and said; a second time
/// there is nothing to say.
#[derive(Debug, Args)]
struct PrepareVerb {
    #[command(flatten)]
    named: Named,
}

impl PrepareVerb {
    fn run(&self) -> anyhow::Result<()> {
        let machine = self.named.open_to_change()?;
        if machine.file.prepare == Prepare::default() {
            return print(&format!("{} has no [prepare]: nothing is declared\n", machine.name));
        }
        let changed = machine.file.prepare.run(machine.exec(None)?.as_ref())?;
        if changed.is_empty() {
            return print(&format!("{} is as declared\n", machine.name));
        }
        print(&changed.iter().map(|line| format!("{line}\n")).collect::<String>())
    }
}

impl MachineVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        match self.verb {
            Verb::List(list) => return list.run(),
            Verb::Show(show) => show.run()?,
            Verb::Check(check) => return check.run(),
            Verb::Power(power) => power.run()?,
            Verb::Console(attach) => attach.run()?,
            Verb::Exec(exec) => return exec.run(),
            Verb::Reserve(reserve) => reserve.run()?,
            Verb::Release(release) => release.run()?,
            Verb::Deploy(deploy) => deploy.run()?,
            Verb::Prepare(prepare) => prepare.run()?,
        }
        Ok(Ending::Fine)
    }
}
