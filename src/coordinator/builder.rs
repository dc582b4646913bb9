//! Builds the kernels of the queue, here; [`conclude`] is what comes of it, wherever it was built.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::desk::Desk;
use super::keeper::Keeper;
use super::lines::{Line, Standing};
use super::orders::json;
use super::tasks::{BROKEN, BuildTask};
use super::{notify, retention};
use crate::kernel::{Build, Builder, Outcome};
use crate::lab::LabError;
use crate::queue::{Job, Kind, Lease, Queue, QueueError, Taken, Worker};

/// A lease is renewed so often.
pub const RENEW: Duration = Duration::from_secs(20);
/// How long a lease is.
pub const LEASE: Duration = Duration::from_secs(120);
/// Between two looks at a queue that has nothing.
const LOOK: Duration = Duration::from_millis(300);

/// One build after the other ends, for what people are told depends on which others have. All end in one process.
static ENDING: Mutex<()> = Mutex::new(());

/// Takes build jobs until everything ends. Nobody else works under this name.
pub fn work(desk: &Desk, name: &str, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let mut queue = desk.queue()?;
    queue.recover(name)?;
    let worker = worker(name);
    while !desk.stops() {
        match queue.take(&worker)? {
            Some(taken) => one(desk, &mut queue, &taken, tell)?,
            None => desk.pause(LOOK),
        }
    }
    Ok(())
}

/// Somebody who builds.
pub fn worker(name: &str) -> Worker {
    Worker { name: name.to_owned(), kinds: vec![Kind::Build], machine: None, lease: LEASE }
}

fn one(desk: &Desk, queue: &mut Queue, taken: &Taken, tell: &dyn Fn(&str)) -> Result<(), LabError> {
    let id = taken.job.id;
    let keeper = Keeper::start(&desk.queue_place(), taken.lease.clone(), RENEW)?;
    let built = build(desk, &taken.job, &mut |what| tell(&format!("job {id}: {what}")));
    drop(keeper);
    let built = built.map_err(|error| error.to_string());
    match conclude(desk, queue, (&taken.job, &taken.lease), &built, tell) {
        // Somebody cancelled it meanwhile, which is told in its history.
        Err(QueueError::Lost { .. }) => Ok(()),
        result => Ok(result?),
    }
}

/// Says in the queue what came of a build, and tells people where they have to know.
pub fn conclude(
    desk: &Desk,
    queue: &mut Queue,
    (job, lease): (&Job, &Lease),
    built: &Result<Build, String>,
    tell: &dyn Fn(&str),
) -> Result<(), QueueError> {
    let id = job.id;
    let turn = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
    let line = Line::of(queue, job)?;
    let letter = match built {
        Err(error) => {
            tell(&format!("job {id}: {error}"));
            return queue.fail(lease, error).map(drop);
        }
        Ok(build) if build.outcome == Outcome::Built => {
            let release = build.release.as_deref().unwrap_or("a kernel");
            tell(&format!("job {id}: {release} is built, in {} s", build.seconds));
            queue.finish(lease, &json(build))?;
            drop(turn);
            match retention::tidy(desk, queue) {
                Ok(gone) => gone.iter().for_each(|path| {
                    tell(&format!("{} was taken away for its room", path.display()));
                }),
                Err(error) => tell(&error.to_string()),
            }
            line.repaired(id).map(|was| (format!("{} builds again", job.title), was))
        }
        Ok(build) => {
            let reason = build.reason.clone().unwrap_or_default();
            tell(&format!("job {id}: {} does not build: {reason}", job.title));
            queue.give_up(lease, &format!("{BROKEN}{reason}"))?;
            let standing = line.with(job, false).standing();
            let told = line.is_known_broken_beside(id);
            let letter =
                || (format!("{} does not build", job.title), letter(job, build, &standing));
            (!told).then(letter)
        }
    };
    if let Some((subject, body)) = letter.filter(|_| !is_silent(job))
        && let Err(error) = notify::tell(desk, &format!("job {id}"), &subject, body)
    {
        tell(&error.to_string());
    }
    Ok(())
}

fn build(desk: &Desk, job: &Job, tell: &mut dyn FnMut(&str)) -> Result<Build, LabError> {
    let task = BuildTask::of(job)?;
    let tree = desk.tree(&task.tree)?;
    let kconfig = desk.kconfig(&task.kconfig, task.relaid)?;
    let builder = Builder { lab: &desk.lab, tree: &tree, name: &task.kconfig, kconfig: &kconfig };
    builder.build(&task.commit, true, tell)
}

fn is_silent(job: &Job) -> bool {
    BuildTask::of(job).is_ok_and(|task| task.silent)
}

fn letter(job: &Job, build: &Build, standing: &Standing) -> String {
    let reason = build.reason.as_deref().unwrap_or("no reason was given");
    format!(
        "{reason}\n\n  commit         {}\n  configuration  {}\n  log            {}\n  \
         on this track  {}\n\n\
         Kernels after it on the same track are not told of until one builds.\n\
         Try it again with: melbot queue retry {}\n",
        build.commit,
        build.kconfig,
        build.log.display(),
        standing.sentence(),
        job.id
    )
}
