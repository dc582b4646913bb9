//! `melbot bisect`: which commit did it?

mod account;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Ending, print, warn};
use crate::bisect::local::{self, Commands, Progress};
use crate::bisect::{Outcome, Place, Purpose, Session, Step};

/// Find the commit that changed a benchmark, though measurements are noisy
///
/// A search lives in a folder: what is searched for, and a journal of all measurements. Both ends are
/// measured several times first; then each measurement goes where it tells most, and none is believed
/// blindly; the culprit is measured against its parent before it is named. It can be killed at any
/// time and goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot bisect start slow-pipe --tree ~/linux --good 6.8 --bad 6.9 --metric 'hackbench seconds'\n  \
    melbot bisect run slow-pipe --build 'make -j8' --measure ./boot-and-measure\n  \
    melbot bisect status slow-pipe\n\n\
    By hand, with measurements from anywhere:\n  \
    melbot bisect next slow-pipe\n  \
    melbot bisect add slow-pipe 1a2b3c4d5e6f 12.3 12.7")]
pub struct Bisect {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Start(Start),
    Run(Run),
    /// Print the commit that is to be measured next
    Next(Folder),
    Add(Add),
    Skip(Skip),
    /// Say how far it is: the likeliest commits, and what was measured
    Status(Folder),
}

/// Begin a search
#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    folder: Folder,
    /// Git tree with the commits
    #[arg(long, value_name = "DIR")]
    tree: PathBuf,
    /// Last good commit, tag or release
    #[arg(long, value_name = "REVISION")]
    good: String,
    /// First bad commit, tag or release
    #[arg(long, value_name = "REVISION")]
    bad: String,
    /// What is measured, in words
    #[arg(long, default_value = "")]
    metric: String,
}

/// Check out, build and measure on this machine until the commit is found
///
/// Works in a checkout of its own inside the folder of the search. A commit that does not build, or
/// that cannot be measured in three tries, is left out and never called bad.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot bisect run slow-pipe --build 'make -s' --measure './bench | tail -1'")]
struct Run {
    #[command(flatten)]
    folder: Folder,
    /// Shell command that builds what is checked out
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,
    /// Shell command that prints the result of one run as its last number; MELBOT_COMMIT names the
    /// commit
    #[arg(long, value_name = "COMMAND")]
    measure: String,
}

/// Write down measurements of a commit, one for each boot
#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    folder: Folder,
    /// The commit, or a start of its name
    commit: String,
    /// The results
    #[arg(required = true, allow_negative_numbers = true)]
    values: Vec<f64>,
}

/// Leave out a commit that does not build or boot
#[derive(Debug, Args)]
struct Skip {
    #[command(flatten)]
    folder: Folder,
    /// The commit, or a start of its name
    commit: String,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
struct Folder {
    /// Folder of the search
    #[arg(value_name = "FOLDER")]
    path: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Bisect {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        match self.verb {
            Verb::Start(start) => start.run()?,
            Verb::Run(run) => return run.run(),
            Verb::Next(folder) => next(&folder)?,
            Verb::Add(add) => add.run()?,
            Verb::Skip(skip) => skip.run()?,
            Verb::Status(folder) => tell(&Session::open(&folder.path)?, folder.json)?,
        }
        Ok(Ending::Fine)
    }
}

impl Start {
    fn run(self) -> anyhow::Result<()> {
        let ends = (self.good.as_str(), self.bad.as_str());
        let session = Session::start(&self.folder.path, &self.tree, ends, &self.metric)?;
        tell(&session, self.folder.json)
    }
}

impl Run {
    fn run(self) -> anyhow::Result<Ending> {
        let mut session = Session::open(&self.folder.path)?;
        let commands = Commands { build: self.build, measure: self.measure };
        let outcome = local::run(&mut session, &commands, |session, progress| match progress {
            Progress::Begins { commit, purpose } => {
                let why = match purpose {
                    Purpose::End => "an end",
                    Purpose::Search => "narrows down",
                    Purpose::Confirm => "confirms",
                };
                let done = session.search.measured();
                warn(&format!("{:>4}  {:.12}  {why}", done + 1, commit));
            }
            Progress::Measured(value) => warn(&format!("      {value}")),
            Progress::Skipped(reason) => warn(&format!("      left out: {reason}")),
        })?;
        tell(&session, self.folder.json)?;
        Ok(if matches!(outcome, Outcome::Found(_)) { Ending::Fine } else { Ending::Found })
    }
}

/// The bare name, for scripts.
fn next(folder: &Folder) -> anyhow::Result<()> {
    let session = Session::open(&folder.path)?;
    match session.search.step() {
        Step::Measure(place, _) if !folder.json => print(&format!("{}\n", session.name(place))),
        Step::Done(_) if !folder.json => tell(&session, false),
        _ => tell(&session, true),
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let mut session = Session::open(&self.folder.path)?;
        let place = session.place(&self.commit)?;
        for value in self.values {
            session.measured(place, value)?;
        }
        tell(&session, self.folder.json)
    }
}

impl Skip {
    fn run(self) -> anyhow::Result<()> {
        let mut session = Session::open(&self.folder.path)?;
        match session.place(&self.commit)? {
            Place::Commit(at) if at != session.search.commits().last() => {
                session.skipped(at, &self.reason)?;
            }
            _ => anyhow::bail!("an end of the search cannot be left out; name another with start"),
        }
        tell(&session, self.folder.json)
    }
}

fn tell(session: &Session, json: bool) -> anyhow::Result<()> {
    let account = account::Account::of(session);
    print(&if json { serde_json::to_string_pretty(&account)? + "\n" } else { account.text() })
}
