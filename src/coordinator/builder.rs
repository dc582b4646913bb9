//! Builds the kernels of the queue.

use std::time::Duration;

use super::desk::Desk;
use super::keeper::Keeper;
use super::orders::json;
use super::tasks::{BROKEN, BuildTask};
use super::{notify, retention};
use crate::kernel::{Build, Builder, Outcome};
use crate::lab::LabError;
use crate::queue::{Filter, Job, Kind, Queue, State, Taken, Worker};

/// A lease is renewed so often.
const RENEW: Duration = Duration::from_secs(20);
/// Between two looks at a queue that has nothing.
const LOOK: Duration = Duration::from_millis(300);
const LEASE: Duration = Duration::from_secs(120);

/// Takes build jobs until everything ends. Nobody else works under this name.
pub fn work(desk: &Desk, name: &str, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let mut queue = desk.queue()?;
    queue.recover(name)?;
    let worker =
        Worker { name: name.to_owned(), kinds: vec![Kind::Build], machine: None, lease: LEASE };
    while !desk.stops() {
        match queue.take(&worker)? {
            Some(taken) => one(desk, &mut queue, &taken, tell)?,
            None => desk.pause(LOOK),
        }
    }
    Ok(())
}

fn one(desk: &Desk, queue: &mut Queue, taken: &Taken, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let id = taken.job.id;
    let keeper = Keeper::start(&desk.queue_place(), taken.lease.clone(), RENEW)?;
    let built = build(desk, &taken.job, &mut |what| tell(&format!("job {id}: {what}")));
    drop(keeper);
    let result = match built {
        Ok(build) if build.outcome == Outcome::Built => {
            let release = build.release.as_deref().unwrap_or("a kernel");
            tell(&format!("job {id}: {release} is built, in {} s", build.seconds));
            let result = queue.finish(&taken.lease, &json(&build));
            for path in retention::tidy(desk, queue)? {
                tell(&format!("{} was taken away for its room", path.display()));
            }
            result
        }
        Ok(build) => {
            let reason = build.reason.clone().unwrap_or_default();
            tell(&format!("job {id}: {} does not build: {reason}", taken.job.title));
            let result = queue.give_up(&taken.lease, &format!("{BROKEN}{reason}"));
            if !is_silent(&taken.job) && !was_broken(queue, &taken.job)? {
                let subject = format!("{} does not build", taken.job.title);
                notify::tell(desk, &format!("job {id}"), &subject, letter(&taken.job, &build))?;
            }
            result
        }
        Err(error) => {
            tell(&format!("job {id}: {error}"));
            queue.fail(&taken.lease, &error.to_string()).map(drop)
        }
    };
    // Somebody cancelled it meanwhile, which is told in its history.
    result.or_else(|error| match error {
        crate::queue::QueueError::Lost { .. } => Ok(()),
        error => Err(error.into()),
    })
}

fn build(desk: &Desk, job: &Job, tell: &mut dyn FnMut(&str)) -> Result<Build, LabError> {
    let task: BuildTask = serde_json::from_str(&job.task).map_err(|error| {
        LabError::new(format!("job {}: {error}", job.id), "cancel it, and add it anew")
    })?;
    let tree = desk.tree(&task.tree)?;
    let kconfig = desk.settings.kconfig(&desk.lab, &task.kconfig)?;
    let builder = Builder { lab: &desk.lab, tree: &tree, name: &task.kconfig, kconfig: &kconfig };
    builder.build(&task.commit, true, tell)
}

fn is_silent(job: &Job) -> bool {
    serde_json::from_str::<BuildTask>(&job.task).is_ok_and(|task| task.silent)
}

/// The kernel before on the same track did not build either: people have heard of it.
fn was_broken(queue: &Queue, job: &Job) -> Result<bool, LabError> {
    let filter = Filter { kind: Some(Kind::Build), ..Filter::default() };
    let kconfig = |job: &Job| {
        serde_json::from_str::<BuildTask>(&job.task).ok().map(|task| (task.tree, task.kconfig))
    };
    let before = queue.jobs(&filter)?.into_iter().rev().find(|other| {
        other.id < job.id
            && other.lane == job.lane
            && matches!(other.state, State::Done | State::Failed)
            && kconfig(other) == kconfig(job)
    });
    Ok(before.is_some_and(|before| before.state == State::Failed))
}

fn letter(job: &Job, build: &Build) -> String {
    let reason = build.reason.as_deref().unwrap_or("no reason was given");
    format!(
        "{reason}\n\n  commit         {}\n  configuration  {}\n  log            {}\n\n\
         Kernels after it on the same track are not told of until one builds.\n\
         Try it again with: melbot queue retry {}\n",
        build.commit,
        build.kconfig,
        build.log.display(),
        job.id
    )
}
