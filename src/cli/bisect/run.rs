//! `melbot bisect run`: builds and measures on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Folder;
use crate::bisect::local::{self, Commands, Progress};
use crate::bisect::{Outcome, Purpose, Session, explain};
use crate::cli::{Ending, warn};

/// Check out, build and measure on this machine until the commit is found
///
/// Works in a checkout of its own inside the folder of the search. A commit that does not build, or
/// that cannot be measured in three tries, is left out and never called bad. At last the bad end is
/// measured without the commit that was found, if it can be reverted. Exits with 0 if one commit was
/// found, else with 1.
#[derive(Debug, Args)]
#[command(after_help = "The commands find in their environment:\n  \
    MELBOT_COMMIT  the commit\n  \
    MELBOT_REVERTED  the commit that is taken out of it, at last; else empty\n  \
    MELBOT_IMAGE   the kept image, with --image; what is checked out may be another commit then\n  \
    MELBOT_RUN     an empty folder; logs of MMTests that are left there (iter-0/...) are read, and\n                 \
    the operation of the alert is the result\n\n\
    Example:\n  \
    melbot bisect run slow-pipe --build 'make -s -j8' --image arch/x86/boot/bzImage \\\n    \
    --measure './boot \"$MELBOT_IMAGE\" | tail -1'")]
pub struct Run {
    #[command(flatten)]
    folder: Folder,
    /// Shell command that builds what is checked out
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,
    /// File that a build makes; it is kept, so that nothing is built twice, and commits that make the
    /// same one are known to change no code
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Shell command that prints the result of one run as its last number, or leaves a run of MMTests
    /// in MELBOT_RUN
    #[arg(long, value_name = "COMMAND")]
    measure: String,
    /// Stop after so many hours; the same command goes on later
    #[arg(long, value_name = "N", value_parser = hours)]
    hours: Option<f64>,
    /// End a build or a measurement that takes longer, with all that it started: the commit cannot be
    /// measured [default: four times the longest so far, and at least 60]
    #[arg(long, value_name = "N", value_parser = minutes)]
    minutes: Option<Duration>,
    /// Do not measure the bad end without the commit that was found
    #[arg(long)]
    no_revert: bool,
    /// When the commit is found, build it and its parent once more with another code layout
    /// (KCFLAGS=-falign-functions=64) and measure both: is it the commit, or where its code happens to lie?
    #[arg(long)]
    layout: bool,
}

impl Run {
    pub fn run(self) -> anyhow::Result<Ending> {
        let mut session = Session::own(&self.folder.path)?;
        let commands = Commands {
            build: self.build,
            image: self.image,
            measure: self.measure,
            hours: self.hours,
            within: self.minutes,
            revert: !self.no_revert,
            layout: self.layout,
        };
        let outcome = local::run(&mut session, &commands, said)?;
        super::tell(&session, self.folder.json)?;
        if let Some(Outcome::Found(_)) = outcome
            && let (Some(alert), Some(path)) = (&session.subject.alert, explain(&session)?)
        {
            warn(&format!("{} is explained now: {}", alert.id, path.display()));
        }
        Ok(if matches!(outcome, Some(Outcome::Found(_))) { Ending::Fine } else { Ending::Found })
    }
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok().filter(|hours: &f64| hours.is_finite() && *hours >= 0.0);
    hours.ok_or_else(|| "a number of hours is wanted, such as 8 or 0.5".to_owned())
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes = text.parse().ok().filter(|minutes: &f64| *minutes > 0.0);
    let within = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok());
    within.ok_or_else(|| "a number of minutes is wanted, such as 30 or 0.5".to_owned())
}

/// Progress, a line a measurement.
fn said(session: &Session, progress: Progress) {
    match progress {
        Progress::Begins { commit, purpose } => {
            let why = match purpose {
                Purpose::End => "an end",
                Purpose::Search => "narrows down",
                Purpose::Confirm => "confirms",
            };
            let done = session.search.measured();
            let left = session.search.credible().len();
            warn(&format!("{:>4}  {commit:.12}  {why}; {left} in question", done + 1));
        }
        Progress::Waits => {
            warn("      what an earlier melbot left at work is waited for");
        }
        Progress::Builds => warn("      builds"),
        Progress::Measured(value) => warn(&format!("      {value}")),
        Progress::Skipped(reason) => warn(&format!("      left out: {reason}")),
        Progress::Relays => warn("      the commit and its parent with another code layout"),
        Progress::Reverts(commit) => warn(&format!("      the bad end without {commit:.12}")),
    }
}
