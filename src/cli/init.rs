//! `melbot init`: makes a lab.

use std::path::PathBuf;

use clap::Args;

use super::{Ending, print, warn};
use crate::demo::{Demo, MACHINES, MIRROR, SUITES};

/// Make a lab to try melbot with: two virtual machines, two kernels of Debian, and a job for each
///
/// Needs Debian or a relative of it on x86_64, QEMU, and the network; takes a minute, and needs no root.
/// Nothing outside of DIR is changed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot init --demo lab\n  \
    melbot client vm1 --lab lab                 boots both kernels and runs the jobs: some minutes\n  \
    melbot site lab/results -o lab/site         the two kernels, set against each other")]
pub struct Init {
    /// Folder to make
    #[arg(long, value_name = "DIR", required = true)]
    demo: PathBuf,
    /// Archive of Debian
    #[arg(long, value_name = "URL", default_value = MIRROR)]
    mirror: String,
    /// Suites of Debian to take kernels of, the first two that are served
    #[arg(long = "suite", value_name = "NAME", default_values_t = SUITES.map(str::to_owned))]
    suites: Vec<String>,
    /// Iterations of each job, each in a boot of its own
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    iterations: u32,
}

impl Init {
    pub fn run(self) -> anyhow::Result<Ending> {
        let demo = Demo {
            folder: std::path::absolute(&self.demo)?,
            mirror: self.mirror,
            suites: self.suites,
            iterations: self.iterations,
        };
        demo.make(&mut |what| warn(what))?;
        let name = self.demo.display();
        print(&format!(
            "{name} has the machines {}, and a job for each of two kernels. Now:\n\n  \
             melbot client {} --lab {name}\n  \
             melbot site {name}/results -o {name}/site\n\n\
             or both, and whatever is new in {name}/tree, by itself:\n\n  \
             melbot coordinator {name}\n",
            MACHINES.join(" and "),
            MACHINES[0]
        ))?;
        Ok(Ending::Fine)
    }
}
