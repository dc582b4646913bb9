//! `melbot doctor`: is everything there that a coordinator needs?

use std::path::PathBuf;

use clap::Args;

use super::{Ending, print};
use crate::coordinator::examine;
use crate::lab::Lab;

/// Look at everything that a coordinator needs, and say what to do where something is wrong
///
/// Programs, disk, clock, coordinator.toml, machines, queue, trees, address, tokens and mail. Changes nothing. Exits
/// with 1 if something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot doctor /srv/lab")]
pub struct Doctor {
    /// Folder of the lab
    #[arg(default_value = ".")]
    lab: PathBuf,
}

impl Doctor {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        let (mut faults, mut printed) = (0, Ok(()));
        examine(&lab, &mut |finding| {
            let how = finding.fault.as_deref().unwrap_or("ok");
            faults += usize::from(finding.fault.is_some());
            let line = print(&format!("{:24} {how}\n", finding.what));
            if printed.is_ok() {
                printed = line;
            }
        });
        printed?;
        Ok(if faults == 0 { Ending::Fine } else { Ending::Found })
    }
}
