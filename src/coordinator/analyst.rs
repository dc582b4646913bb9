//! Judges and publishes what was measured, and tells of it.

use std::time::Duration;

use serde_json::Value;

use super::child::{about_results, output, said};
use super::desk::Desk;
use super::estimate::{Known, estimate};
use super::keeper::Keeper;
use super::pending::pending;
use super::summary::{Ran, Summary};
use super::tasks::{AnalyseTask, RunResult, RunTask};
use super::{notify, reruns};
use crate::lab::LabError;
use crate::mmtests::discover;
use crate::queue::{Job, Kind, Queue, QueueError, State, Taken, Worker};

const RENEW: Duration = Duration::from_secs(20);
const LEASE: Duration = Duration::from_secs(120);
/// Mails that could not be sent are tried again after so long.
const SEND_AGAIN: i64 = 60_000;
/// Its name in the queue.
const NAME: &str = "analyst";

/// Takes analyse jobs until everything ends.
pub fn work(desk: &Desk, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let mut queue = desk.queue()?;
    queue.recover(NAME)?;
    let worker =
        Worker { name: NAME.to_owned(), kinds: vec![Kind::Analyse], machine: None, lease: LEASE };
    // When mails could not be sent.
    let (mut unsent, mut told) = (None, false);
    while !desk.stops() {
        let taken = queue.take(&worker)?;
        if let Some(taken) = &taken {
            one(desk, &mut queue, taken, tell)?;
        }
        let now = desk.clock.now();
        // Not for longer where the clock is set back.
        if unsent.is_none_or(|since| !(0..SEND_AGAIN).contains(&(now - since))) {
            match notify::deliver(desk) {
                Ok(()) => (unsent, told) = (None, false),
                Err(error) => {
                    unsent = Some(now);
                    // Said once, however long it lasts.
                    if !std::mem::replace(&mut told, true) {
                        tell(&error.to_string());
                    }
                }
            }
        }
        if taken.is_none() {
            desk.pause(Duration::from_secs(1));
        }
    }
    Ok(())
}

fn one(desk: &Desk, queue: &mut Queue, taken: &Taken, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let id = taken.job.id;
    let keeper = Keeper::start(&desk.queue_place(), taken.lease.clone(), RENEW)?;
    let analysed = analyse(desk, queue, &taken.job);
    drop(keeper);
    let result = match analysed {
        Ok(line) => {
            tell(&format!("job {id}: {line}"));
            queue.finish(&taken.lease, &Value::String(line).to_string())
        }
        Err(error) => {
            tell(&format!("job {id}: {error}"));
            queue.fail(&taken.lease, &error.to_string()).map(drop)
        }
    };
    result.or_else(|error| match error {
        QueueError::Lost { .. } => Ok(()),
        error => Err(error.into()),
    })
}

/// What came of it, in a line.
fn analyse(desk: &Desk, queue: &mut Queue, job: &Job) -> Result<String, LabError> {
    let task: AnalyseTask = serde_json::from_str(&job.task).map_err(|error| {
        LabError::new(format!("job {}: {error}", job.id), "cancel it, and add it anew")
    })?;
    let any = !discover(&desk.results()).runs.is_empty();
    if any {
        publish(desk, queue)?;
    }
    if !task.tell {
        return Ok(format!("the site has {}", job.title));
    }
    let mut summary = Summary {
        kernel: task.kernel.clone(),
        machine: task.machine.clone(),
        runs: runs(queue, job)?,
        ..Summary::default()
    };
    if any {
        summary.read(&said(desk, &["alerts", "list"])?, &said(desk, &["compare"])?);
        if !summary.inconclusive.is_empty() {
            summary.reruns = reruns::order(desk, queue, &task)?;
        }
    }
    let mut body = summary.text();
    if let Some(url) = &desk.settings.url {
        body += &format!("\n{}\n", url.of(""));
    }
    notify::tell(desk, &format!("job {}", job.id), &summary.line(), body)?;
    Ok(summary.line())
}

/// The runs that it was to wait for.
fn runs(queue: &Queue, job: &Job) -> Result<Vec<Ran>, LabError> {
    let mut runs = Vec::new();
    for need in queue.needs(job.id)? {
        let job = queue.job(need.job)?;
        if job.kind != Kind::Run {
            continue;
        }
        let config = serde_json::from_str::<RunTask>(&job.task).map(|task| task.job.config);
        let outcome = job.outcome.unwrap_or_default();
        runs.push(Ran {
            config: config.unwrap_or(job.title),
            outcome: match (job.state, serde_json::from_str::<RunResult>(&outcome)) {
                (State::Done, Ok(result)) => match result.reason {
                    Some(reason) => format!("{}: {reason}", result.outcome),
                    None => result.outcome,
                },
                (state, _) => format!("{state}: {outcome}"),
            },
        });
    }
    Ok(runs)
}

fn publish(desk: &Desk, queue: &Queue) -> Result<(), LabError> {
    tell_pending(desk, queue)?;
    let site = desk.site();
    let mut command = about_results(desk, &["site"]);
    command.arg("-o").arg(&site);
    if let Some(title) = &desk.settings.title {
        command.arg("--title").arg(title);
    }
    if let Some(url) = &desk.settings.url {
        command.arg("--base-url").arg(url.of(""));
    }
    output(&mut command).map(drop)
}

/// Has the pages tell which runs are still to come.
fn tell_pending(desk: &Desk, queue: &Queue) -> Result<(), LabError> {
    let known = Known::of(queue, desk.clock.now(), desk.settings.builders)?;
    pending(&known, &estimate(&known)).write(&desk.results()).map_err(|error| {
        LabError::new(format!("{}: {error}", desk.results().display()), "see that there is room")
    })
}
