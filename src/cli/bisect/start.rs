//! `melbot bisect start` and `between`: from an alert, or between any two commits.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::in_lab;
use crate::analysis::alerts::{Alert, Member};
use crate::bisect::{self, Alerted, Session};
use crate::cli::judgement::JudgedArgs;
use crate::cli::results::Filter;
use crate::cli::warn;
use crate::coordinator::{self, Desk};
use crate::lab::Lab;
use crate::model::Release;

/// Begin a search from an alert
///
/// From the alert come its window, the operation that moved most, and the change to expect. In a lab with a
/// coordinator everything else goes by itself: it builds, measures on the machine of the alert, and tells what
/// was found. Elsewhere, melbot bisect run goes on with it.
#[derive(Debug, Args)]
#[command(mut_arg("results", |results| results.required(false).default_value("results")))]
#[command(after_help = "Examples:\n  \
    melbot bisect start w1m8p0nt --lab /srv/lab\n  \
    melbot bisect start w1m8p0nt results --tree ~/linux --local")]
pub struct Start {
    /// Name of the alert, or a start of it, of three letters or more, that no other has
    alert: String,
    #[command(flatten)]
    source: JudgedArgs,
    /// Folder of a lab whose coordinator builds and measures [default: the current folder, where it has
    /// a coordinator.toml]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["local", "results", "folder", "good", "bad", "operation"])]
    lab: Option<PathBuf>,
    /// Begin it here, to be measured by melbot bisect run, even where there is a coordinator
    #[arg(long)]
    local: bool,
    /// In a lab: when the commit is found, build it and its parent once more with another code layout
    /// (KCFLAGS=-falign-functions=64) and measure both
    #[arg(long, conflicts_with = "local")]
    layout: bool,
    /// Folder of the search [default: RESULTS/bisects/ALERT]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Last good commit, tag or release [default: that of the alert]
    #[arg(long, value_name = "REVISION")]
    good: Option<String>,
    /// First bad commit, tag or release [default: that of the alert]
    #[arg(long, value_name = "REVISION")]
    bad: Option<String>,
    /// Operation of the alert's benchmark [default: the one that moved most]
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Begin a search between any two commits
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot bisect between slow-pipe --tree ~/linux --good 6.8 --bad 6.9 --metric 'pipe, seconds'")]
pub struct Between {
    #[command(flatten)]
    folder: super::Folder,
    /// Git tree with the commits
    #[arg(long, value_name = "DIR")]
    tree: PathBuf,
    /// Last good commit, tag or release; one that descends from the bad one has it repaired, and the commit
    /// that did that is looked for
    #[arg(long, value_name = "REVISION")]
    good: String,
    /// First bad commit, tag or release
    #[arg(long, value_name = "REVISION")]
    bad: String,
    /// What is measured, in words
    #[arg(long, default_value = "")]
    metric: String,
}

impl Between {
    pub fn run(self) -> anyhow::Result<()> {
        let ends = (self.good.as_str(), self.bad.as_str());
        let session = Session::start(&self.folder.path, &self.tree, ends, (&self.metric, None))?;
        begun(&session, self.folder.json)
    }
}

/// Tells of a search that begins, and how it goes on.
fn begun(session: &Session, json: bool) -> anyhow::Result<()> {
    super::tell(session, json)?;
    if session.subject.repair {
        warn("the good end descends from the bad one: the commit that repaired it is looked for");
    }
    let folder = session.folder().display();
    warn(&format!("go on with melbot bisect run {folder} --build COMMAND --measure COMMAND"));
    warn(&format!("or by hand with melbot bisect next {folder}"));
    Ok(())
}

impl Start {
    pub fn run(self) -> anyhow::Result<()> {
        if let Some(desk) = self.desk()? {
            return in_lab::begin(&desk, &self.alert, self.layout, self.json);
        }
        if self.layout {
            bail!("no coordinator is to see to it: give --layout to melbot bisect run");
        }
        begun(&self.session()?, self.json)
    }

    /// The coordinator that is to see to it, if one is.
    fn desk(&self) -> anyhow::Result<Option<Desk>> {
        if let Some(lab) = &self.lab {
            return Ok(Some(Desk::at(&Lab::at(lab)?)?));
        }
        if self.local || !Path::new(coordinator::FILE).is_file() {
            return Ok(None);
        }
        let desk = Desk::at(&Lab::at(Path::new("."))?)?;
        // Other results than those of the lab are nothing that it can measure.
        let real = |path: &Path| path.canonicalize().ok();
        let ours = real(&self.source.results.results) == real(&desk.results());
        Ok(Some(desk).filter(|_| ours))
    }

    fn session(&self) -> anyhow::Result<Session> {
        let judgement = self.source.judge(&Filter::default())?;
        judgement.complain();
        let id = judgement.resolve(&self.alert)?;
        let Some(alert) = judgement.report.alert(&id) else {
            bail!("{id}: the results do not show this alert any more");
        };
        let member = self.member(alert)?;
        let results = &self.source.results;
        let tree = results.find(&Filter::default())?.settings.tree;
        let tree = tree.context("name the git tree with --tree, or as `tree` in melbot.toml")?;
        let window = &alert.window;
        let end = |named: &Option<String>, kernel: &str| {
            named.clone().or_else(|| Release::tag_of(kernel)).unwrap_or_else(|| kernel.to_owned())
        };
        let ends = (end(&self.good, &window.last_good), end(&self.bad, &window.first_bad));
        let of = &alert.of;
        let metric = format!("{} {} on {}", of.benchmark, member.operation, of.place.machine);
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => results.results.join(bisect::FOLDER).join(&id),
        };
        let alerted = Alerted {
            id,
            notes: std::path::absolute(&judgement.folder)?,
            machine: of.place.machine.clone(),
            config: of.place.config.clone(),
            benchmark: of.benchmark.clone(),
            operation: member.operation.clone(),
            last_good: window.last_good.clone(),
            first_bad: window.first_bad.clone(),
            direction: alert.turn.word().to_owned(),
            change_pct: member.effect.value_pct,
            interval_pct: member.effect.value_interval,
        };
        let ends = (ends.0.as_str(), ends.1.as_str());
        Ok(Session::start(&folder, &tree, ends, (&metric, Some(alerted)))?)
    }

    /// The operation that is measured.
    fn member<'a>(&self, alert: &'a Alert) -> anyhow::Result<&'a Member> {
        let Some(wanted) = &self.operation else { return Ok(alert.headline()) };
        let found = alert.members.iter().find(|member| member.operation == *wanted);
        found.with_context(|| {
            let all: Vec<&str> = alert.members.iter().map(|m| m.operation.as_str()).collect();
            format!(
                "the alert has no operation {wanted:?}; those that moved are {}",
                all.join(", ")
            )
        })
    }
}
