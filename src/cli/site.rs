//! `melbot site`: the main job, a static site out of a folder of results.

use std::path::PathBuf;

use clap::Args;

use super::results::{Filter, ResultsArgs};
use super::{Ending, print};

/// Make a static site out of a folder of results
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot site sample-results -o public")]
pub struct Site {
    #[command(flatten)]
    results: ResultsArgs,
    /// Folder of the site; made, or replaced at once when the new site is complete
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Site {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let found = self.results.find(&Filter::default())?;
        let runs = found.load()?.into_runs();
        print(&format!("{} runs\n", runs.len()))?;
        Ok(Ending::Fine)
    }
}
