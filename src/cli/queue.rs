//! `melbot queue`: what is to be done, by whom, and what came of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

mod missing;

use super::{Ending, print};
use crate::coordinator::estimate::{Estimate, Known, estimate};
use crate::coordinator::missing::look;
use crate::coordinator::{Added, Desk, add_by_hand};
use crate::lab::Lab;
use crate::notes::utc_of;
use crate::queue::{Clock, Filter, Job, Kind, Queue, Scope, State};

/// Show and change what is queued
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot queue list --lab /srv/lab\n  \
    melbot queue add jobs/6.18.toml --lab /srv/lab\n  \
    melbot queue show 17 --lab /srv/lab\n  \
    melbot queue missing --lab /srv/lab\n  \
    melbot queue pause --machine ivor --lab /srv/lab")]
pub struct QueueVerb {
    #[command(subcommand)]
    verb: Verb,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    lab: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List jobs: what is waiting and running, what failed, and when the queue will have caught up
    List {
        /// All jobs, also those that are done
        #[arg(long)]
        all: bool,
        /// Only those of a machine
        #[arg(long, value_name = "NAME")]
        machine: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List runs that policies want, that nobody has measured and no job is going to, with the reason; --add queues
    /// them
    Missing(missing::MissingVerb),
    /// Add the jobs of a file, one for each of its machines
    Add {
        /// A job, as melbot client takes it
        file: PathBuf,
        /// Higher ones come first
        #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
        priority: i64,
        /// Run it again even if the same was queued before
        #[arg(long)]
        again: bool,
    },
    /// Show all about a job
    Show {
        /// Its number
        job: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Call jobs off; what is running ends soon, and its machine is given back
    Cancel {
        /// Their numbers
        #[arg(required = true)]
        jobs: Vec<i64>,
    },
    /// Put jobs that failed or were cancelled back, with those that failed because of them
    Retry {
        /// Their numbers
        #[arg(required = true)]
        jobs: Vec<i64>,
    },
    /// Take nothing more for the time being; what is running goes on
    Pause(Which),
    /// Take jobs again
    Resume(Which),
    /// Copy the queue to a new file, whoever is at work
    Backup {
        /// The file
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// Only jobs of this machine
    #[arg(long, value_name = "NAME", conflicts_with = "kind")]
    machine: Option<String>,
    /// Only jobs of this kind
    #[arg(long, value_name = "KIND", value_parser = ["build", "run", "analyse"])]
    kind: Option<String>,
}

impl Which {
    fn scope(self) -> Scope {
        let kind = self.kind.and_then(|word| Kind::from_word(&word));
        match (self.machine, kind) {
            (Some(machine), _) => Scope::Machine(machine),
            (None, Some(kind)) => Scope::Kind(kind),
            (None, None) => Scope::All,
        }
    }
}

impl QueueVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        let path = Desk::queue_of(lab.folder())?;
        let makes = matches!(self.verb, Verb::Add { .. });
        let server = path.to_string_lossy().contains("://");
        if !server && !path.is_file() && !makes {
            bail!(
                "{}: there is no queue yet; start melbot coordinator, or add a job",
                path.display()
            );
        }
        if let Some(folder) = path.parent().filter(|_| !server) {
            std::fs::create_dir_all(folder)?;
        }
        let mut queue = Queue::open(&path, Clock::system())?;
        match self.verb {
            Verb::List { all, machine, json } => {
                return list(&queue, &lab, all, machine, json);
            }
            Verb::Missing(verb) => return verb.run(&Desk::at(&lab)?, &mut queue),
            Verb::Show { job, json } => return show(&queue, job, json),
            Verb::Add { file, priority, again } => {
                return add(&mut queue, &lab, &file, priority, again);
            }
            Verb::Cancel { jobs } => {
                let why = "somebody cancelled it";
                jobs.iter().try_for_each(|job| queue.cancel(*job, why))?;
            }
            Verb::Retry { jobs } => jobs.iter().try_for_each(|job| queue.retry(*job))?,
            Verb::Pause(which) => queue.pause(&which.scope())?,
            Verb::Resume(which) => queue.resume(&which.scope())?,
            Verb::Backup { file } => queue.back_up(&file)?,
        }
        Ok(Ending::Fine)
    }
}

fn list(
    queue: &Queue,
    lab: &Lab,
    all: bool,
    machine: Option<String>,
    json: bool,
) -> anyhow::Result<Ending> {
    let mut jobs = queue.jobs(&Filter { machine, ..Filter::default() })?;
    if !all {
        jobs.retain(|job| !matches!(job.state, State::Done | State::Cancelled));
    }
    if json {
        print(&(serde_json::to_string_pretty(&jobs)? + "\n"))?;
        return Ok(Ending::Fine);
    }
    let now = Clock::system().now();
    let desk = Desk::at(lab).ok();
    let builders = desk.as_ref().map_or(1, |desk| desk.settings.builders);
    let expected = estimate(&Known::of(queue, now, builders)?);
    let width = |of: &dyn Fn(&Job) -> usize| jobs.iter().map(of).max().unwrap_or(0);
    let machines = width(&|job| job.machine.as_deref().unwrap_or("-").chars().count());
    let titles = width(&|job| job.title.chars().count());
    let mut text = String::new();
    for job in &jobs {
        let machine = job.machine.as_deref().unwrap_or("-");
        let line = format!(
            "{:5}  {:9}  {:7}  {machine:machines$}  {:titles$}  {}",
            job.id,
            job.state,
            job.kind,
            job.title,
            remark(job) + &from(job, &expected)
        );
        text += line.trim_end();
        text.push('\n');
    }
    if jobs.is_empty() {
        text += if all { "no jobs\n" } else { "nothing is waiting or running; see --all\n" };
    }
    for scope in queue.paused()? {
        text += &format!("paused: {scope}\n");
    }
    if let Some(sentence) = expected.sentence(now) {
        text += &format!("{sentence}\n");
    }
    let missing = desk.and_then(|desk| look(&desk, queue).ok()?.sentence());
    if let Some(sentence) = missing {
        text += &format!("{sentence}; see melbot queue missing\n");
    }
    print(&text)?;
    Ok(Ending::Fine)
}

/// When it is expected to begin, or to be over.
fn from(job: &Job, expected: &Estimate) -> String {
    let minute = |at: i64| utc_of(at).get(..16).unwrap_or_default().replace('T', " ");
    match (job.state, expected.jobs.get(&job.id)) {
        (State::Waiting, Some((start, _))) => {
            let comma = if remark(job).is_empty() { "" } else { ", " };
            format!("{comma}from about {}", minute(*start))
        }
        (State::Running, Some((_, end))) => {
            format!(", until about {}", minute(*end))
        }
        _ => String::new(),
    }
}

/// What people want to know of a job in this state.
fn remark(job: &Job) -> String {
    match job.state {
        State::Waiting if job.blocked == 1 => "for another job".to_owned(),
        State::Waiting if job.blocked > 1 => format!("for {} other jobs", job.blocked),
        State::Waiting if job.failures > 0 => {
            format!("failed {} times, tried again {}", job.failures, utc_of(job.not_before))
        }
        State::Running => format!("by {}", job.owner.as_deref().unwrap_or("somebody")),
        State::Failed | State::Cancelled => job.outcome.clone().unwrap_or_default(),
        State::Waiting | State::Done => String::new(),
    }
}

fn show(queue: &Queue, id: i64, json: bool) -> anyhow::Result<Ending> {
    let job = queue.job(id)?;
    let (needs, history) = (queue.needs(id)?, queue.history(id)?);
    if json {
        let all = serde_json::json!({ "job": job, "needs": needs, "history": history });
        print(&(serde_json::to_string_pretty(&all)? + "\n"))?;
        return Ok(Ending::Fine);
    }
    let mut text = format!("job {}: {} ({}), {}\n", job.id, job.title, job.kind, job.state);
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text += &format!("  {name:9} {value}\n");
        }
    };
    line("machine", job.machine.clone().unwrap_or_default());
    line("track", job.lane.clone());
    line("priority", job.priority.to_string());
    line("state", remark(&job));
    for need in needs {
        let other = queue.job(need.job)?;
        line("needs", format!("job {}: {}, {}", other.id, other.title, other.state));
    }
    for event in history {
        line(&event.event, format!("{}  {}", utc_of(event.at), event.detail).trim_end().to_owned());
    }
    line("outcome", job.outcome.clone().filter(|_| job.state == State::Done).unwrap_or_default());
    print(&text)?;
    Ok(Ending::Fine)
}

fn add(
    queue: &mut Queue,
    lab: &Lab,
    path: &Path,
    priority: i64,
    again: bool,
) -> anyhow::Result<Ending> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let added = Added {
        text: &text,
        place: &path.display().to_string(),
        priority,
        again: again.then(|| Clock::system().now()),
    };
    let jobs = add_by_hand(queue, &lab.inventory()?, &added)?;
    let mut text = String::new();
    for (job, submitted) in &jobs {
        let machine = job.machine.as_deref().unwrap_or_default();
        let known = if submitted.fresh { "" } else { "  (queued before; see --again)" };
        text += &format!("job {}: {} on {machine}{known}\n", submitted.id, job.title);
    }
    print(&text)?;
    Ok(Ending::Fine)
}
