//! `melbot bisect`: which commit did it?

mod in_lab;
mod run;
mod start;
mod told;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::{Ending, bisects, print};
use crate::bisect::{Account, Place, Session, Step, local, mail, maintainers};
use crate::coordinator::bisect::Stage;

/// Find the commit that changed a benchmark, though measurements are noisy
///
/// A search lives in a folder: what is searched for, and a journal of all measurements. Both ends are
/// measured several times first; then each measurement goes where it tells most, and none is believed
/// blindly; the culprit is measured against its parent before it is named. It can be killed at any
/// time and goes on where it was. A commit that made something better is found in the same way.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot bisect start w1m8p0nt --lab /srv/lab              a coordinator does the rest\n\n\
    By hand:\n  \
    melbot bisect start w1m8p0nt results --tree ~/linux\n  \
    melbot bisect run results/bisects/w1m8p0nt --build 'make -j8' \\\n      \
    --image arch/x86/boot/bzImage --measure ./boot-and-measure\n  \
    melbot bisect status results/bisects/w1m8p0nt\n  \
    melbot bisect report results/bisects/w1m8p0nt\n\n\
    Between any two commits, with measurements from anywhere:\n  \
    melbot bisect between slow-pipe --tree ~/linux --good 6.8 --bad 6.9\n  \
    melbot bisect next slow-pipe\n  \
    melbot bisect add slow-pipe 1a2b3c4d5e6f 12.3 12.7")]
pub struct Bisect {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Start(start::Start),
    Between(start::Between),
    Run(run::Run),
    /// Print the commit that is to be measured next
    Next(Folder),
    Add(Add),
    Skip(Skip),
    /// Say how far it is: the likeliest commits, and what was measured
    Status(Folder),
    /// List the searches of a folder of results
    List(List),
    Report(Report),
    /// Begin no more measurements of a search in a lab; what is queued goes on
    Pause(in_lab::Which),
    /// Go on with a search in a lab that was paused, or that stopped
    Resume(in_lab::Which),
    /// Give a search in a lab up; what was measured stays
    Abort(in_lab::Which),
    Policy(in_lab::Policy),
    Clear(Clear),
}

/// Write down measurements of a commit, one for each boot
#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    folder: Folder,
    /// The commit: a start of its name, a tag, or a release
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
    /// The commit: a start of its name, a tag, or a release
    commit: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Print a mail about the commit that was found
#[derive(Debug, Args)]
struct Report {
    #[command(flatten)]
    folder: Folder,
    /// Ask scripts/get_maintainer.pl of the git tree who is to get a copy
    #[arg(long)]
    maintainers: bool,
}

/// Take the checkout and the images of a search away; what was measured stays
#[derive(Debug, Args)]
struct Clear {
    /// Folder of the search
    #[arg(value_name = "FOLDER")]
    path: PathBuf,
}

#[derive(Debug, Args)]
struct List {
    /// Folder of the results; searches lie in RESULTS/bisects
    #[arg(value_name = "RESULTS")]
    path: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
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
            Verb::Between(between) => between.run()?,
            Verb::Run(run) => return run.run(),
            Verb::Next(folder) => next(&folder)?,
            Verb::Add(add) => add.run()?,
            Verb::Skip(skip) => skip.run()?,
            Verb::Status(folder) => {
                tell(&Session::open(&folder.path)?, folder.json)?;
                if !folder.json {
                    in_lab::tell(&folder.path)?;
                }
            }
            Verb::List(list) => list.run()?,
            Verb::Report(report) => report.run()?,
            Verb::Pause(which) => which.set(Stage::Paused)?,
            Verb::Resume(which) => which.set(Stage::Running)?,
            Verb::Abort(which) => which.set(Stage::Aborted)?,
            Verb::Policy(policy) => policy.run()?,
            Verb::Clear(clear) => local::clear(&Session::own(&clear.path)?)?,
        }
        Ok(Ending::Fine)
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
        if let Some(odd) = self.values.iter().find(|value| !value.is_finite()) {
            bail!("{odd} is no measurement, so none was written down: finite numbers are wanted");
        }
        let mut session = Session::own(&self.folder.path)?;
        let place = session.named(&self.commit)?;
        for value in self.values {
            session.measured(place, value, None)?;
        }
        tell(&session, self.folder.json)
    }
}

impl Skip {
    fn run(self) -> anyhow::Result<()> {
        let mut session = Session::own(&self.folder.path)?;
        match session.named(&self.commit)? {
            Place::Commit(at) if at != session.search.commits().last() => {
                session.skipped(at, &self.reason)?;
            }
            _ => bail!("an end of the search cannot be left out; name another with start"),
        }
        tell(&session, self.folder.json)
    }
}

impl List {
    fn run(self) -> anyhow::Result<()> {
        if !self.path.is_dir() {
            bail!("{}: no such folder; name that of the results", self.path.display());
        }
        let mut found = Vec::new();
        for folder in bisects::folders(&self.path) {
            match bisects::open(&folder) {
                Ok(search) => found.push(search),
                Err(error) => super::warn(&format!("melbot: {error}")),
            }
        }
        if self.json {
            let all: Vec<&Account> = found.iter().map(|search| &search.account).collect();
            return print(&(serde_json::to_string_pretty(&all)? + "\n"));
        }
        print(&told::list(&found))
    }
}

impl Report {
    fn run(self) -> anyhow::Result<()> {
        let session = Session::open(&self.folder.path)?;
        let account = Account::of(&session);
        if self.folder.json {
            return print(&(serde_json::to_string_pretty(&account)? + "\n"));
        }
        let Some(culprit) = account.culprit().filter(|_| self.maintainers) else {
            return match mail(&account, &[]) {
                Some(mail) => print(&mail),
                None => bail!("there is nothing to report yet: {}", account.verdict()),
            };
        };
        let others = maintainers(&session.subject.tree, &culprit.commit);
        print(&mail(&account, &others).unwrap_or_default())
    }
}

fn tell(session: &Session, json: bool) -> anyhow::Result<()> {
    let account = Account::of(session);
    print(&if json { serde_json::to_string_pretty(&account)? + "\n" } else { told::text(&account) })
}
