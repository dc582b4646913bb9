//! Searches that a coordinator sees to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::bisect::Session;
use crate::cli::paper::{Ink, Paper};
use crate::cli::{print, warn};
use crate::coordinator::Desk;
use crate::coordinator::bisect::{self, Assignment, By, Qualified, Says, Seen, Stage};
use crate::lab::Lab;

/// A search in a lab.
#[derive(Debug, Args)]
pub struct Which {
    /// Folder of the search
    #[arg(value_name = "FOLDER")]
    path: PathBuf,
}

impl Which {
    pub fn set(&self, stage: Stage) -> anyhow::Result<()> {
        let assignment = bisect::set(&self.path, stage)?;
        print(&format!("{}: {}\n", self.path.display(), assignment.stage.word()))
    }
}

/// Says how a search does in its lab, if it is of one.
pub fn tell(folder: &Path) -> anyhow::Result<()> {
    let Some(assignment) = Assignment::read(folder)? else { return Ok(()) };
    let by = match assignment.by {
        By::Hand => "by hand",
        By::Policy => "by the policy",
    };
    let why = assignment.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
    let (machine, stage) = (assignment.machine(), assignment.stage.word());
    print(&format!("in the lab, on {machine}, begun {by}: {stage}{why}\n"))
}

/// Begins the search of an alert in a lab.
pub fn begin(desk: &Desk, asked: &str, layout: bool, json: bool) -> anyhow::Result<()> {
    let alerts = bisect::alerts(desk)?;
    let alert = one(&alerts, asked)?;
    let (folder, fresh) = bisect::begin(desk, alert, By::Hand, layout)?;
    if !fresh {
        warn(&format!("{} was begun before", alert.id));
    }
    super::tell(&Session::open(&folder)?, json)
}

/// The alert of that name, or of a start of it that no other has.
fn one<'s>(alerts: &'s [Seen], asked: &str) -> anyhow::Result<&'s Seen> {
    let mut found = alerts.iter().filter(|alert| alert.id.starts_with(asked));
    let first = found.next().filter(|_| asked.len() >= 3);
    let first = first.with_context(|| format!("no alert {asked:?}; see melbot alerts RESULTS"))?;
    match found.next() {
        Some(other) if first.id != asked => bail!("{asked:?} may be {} or {}", first.id, other.id),
        _ => Ok(first),
    }
}

/// Say which alerts the policy of a lab would bisect, and why not the others
///
/// The policy is [bisect] of coordinator.toml. Nothing is begun; the coordinator does that, with auto = true,
/// after each analysis.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot bisect policy --lab /srv/lab\n\n\
    coordinator.toml:\n  \
    [bisect]\n  \
    auto = true\n  \
    severity = \"notable\"     # or \"severe\", \"minor\"\n  \
    certainty = 0.95         # probability of the change\n  \
    corroborated = false     # another machine has to have seen the same\n  \
    hours_per_week = 24      # on each machine\n  \
    night = { from = \"20:00\", to = \"06:00\", zone = \"Europe/Prague\" }\n  \
    layout = false           # measure what is found with another code layout, too")]
pub struct Policy {
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".")]
    lab: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Policy {
    pub fn run(self) -> anyhow::Result<()> {
        let desk = Desk::at(&Lab::at(&self.lab)?)?;
        let qualified = bisect::qualify(&desk, &bisect::alerts(&desk)?);
        if self.json {
            let all: Vec<serde_json::Value> =
                qualified.iter().map(|one| json(&desk, one)).collect();
            return print(&(serde_json::to_string_pretty(&all)? + "\n"));
        }
        let mut paper = Paper::new();
        if qualified.is_empty() {
            paper.line("there are no alerts");
        }
        for one in &qualified {
            let (ink, word, why) = match &one.says {
                Says::Now => {
                    let about = bisect::estimate(&desk, &one.alert);
                    let about = about.map_or(String::new(), |estimate| {
                        format!(
                            "{} commits, about {:.1} hours on {}",
                            estimate.commits, estimate.hours, one.alert.machine
                        )
                    });
                    (Ink::Better, "now", about)
                }
                Says::Later(why) => (Ink::Open, "later", why.clone()),
                Says::No(why) => (Ink::Faint, "no", why.join("; ")),
            };
            paper.line(&format!(
                "{}  {}  {}",
                paper.ink(ink, &format!("{word:5}")),
                one.alert.id,
                one.alert.title
            ));
            paper.paragraph("       ", &why);
        }
        if !desk.settings.bisect.auto {
            paper.line("");
            paper.line(
                "nothing begins by itself: coordinator.toml does not say auto = true in [bisect]",
            );
        }
        print(&paper.finish())
    }
}

fn json(desk: &Desk, one: &Qualified) -> serde_json::Value {
    let (says, why) = match &one.says {
        Says::Now => ("now", Vec::new()),
        Says::Later(why) => ("later", vec![why.clone()]),
        Says::No(why) => ("no", why.clone()),
    };
    let hours = bisect::estimate(desk, &one.alert).ok().map(|estimate| estimate.hours);
    serde_json::json!({
        "alert": one.alert.id, "machine": one.alert.machine, "title": one.alert.title,
        "says": says, "why": why, "hours": hours,
    })
}
