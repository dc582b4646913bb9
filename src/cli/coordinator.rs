//! `melbot coordinator`: Bob at work.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::SystemTime;

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Ending, warn};
use crate::coordinator::{self, Desk};
use crate::lab::Lab;
use crate::notes;

/// Watch git trees, build new kernels, run them on the machines of a lab, publish and tell what came of it
///
/// What is to be done is in coordinator.toml of the lab. It works until it is ended (^C or SIGTERM); whatever
/// was begun goes on at the next start, also after a kill.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot init --demo lab && melbot coordinator lab       a lab of virtual machines\n  \
    melbot queue list --lab lab                            what it is doing\n\n\
    coordinator.toml:\n  \
    [trees.stable]\n  \
    url = \"https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git\"\n  \
    [kconfigs.x86]\n  \
    base = \"kconfigs/x86\"\n  \
    [[policies]]\n  \
    name = \"monthly\"\n  \
    trees = [\"stable\"]\n  \
    times = { cron = \"0 6 17 * *\", zone = \"Europe/Prague\" }\n  \
    kconfig = \"x86\"\n  \
    machines = [\"ivor\", \"ivy\"]\n  \
    configs = [\"network-netperf-unbound\"]\n  \
    mmtests = { source = \"https://github.com/gormanm/mmtests.git\", revision = \"638401e0\" }")]
pub struct CoordinatorVerb {
    /// Folder of the lab
    #[arg(default_value = ".")]
    lab: PathBuf,
}

impl CoordinatorVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        let desk = Desk::at(&lab)?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let stopped = desk.clone();
        thread::spawn(move || {
            if signals.forever().next().is_some() {
                warn("ends; what was begun goes on at the next start");
                stopped.stop();
            }
        });
        // Lines of several threads stay whole.
        let told = Mutex::new(());
        let tell = |what: &str| {
            let _whole = told.lock();
            let now = notes::utc(SystemTime::now());
            warn(&format!("{now}  {what}"));
        };
        tell(&format!("works on {}", desk.lab.display()));
        coordinator::run(&desk, &tell)?;
        Ok(Ending::Fine)
    }
}
