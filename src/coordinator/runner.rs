//! A client of the queue: takes the jobs of one machine, and does them.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::desk::only_one;
use super::keeper::Keeper;
use super::orders::json;
use super::tasks::{RunResult, RunTask};
use crate::client::{Job, Outcome, Progress, Work, unpublished};
use crate::kernel::Build;
use crate::lab::{Lab, LabError};
use crate::queue::{self, Clock, Kind, Queue, QueueError, Taken, Worker};

const RENEW: Duration = Duration::from_secs(20);
/// Between two looks at a queue that has nothing.
const LOOK: Duration = Duration::from_millis(300);
const LEASE: Duration = Duration::from_secs(120);
/// A machine that somebody else has is waited for.
const WAIT: Duration = Duration::from_secs(24 * 3600);

/// Does the jobs of a machine.
pub struct Runner<'a> {
    /// The lab.
    pub lab: &'a Lab,
    /// The machine.
    pub machine: &'a str,
    /// The queue.
    pub queue: &'a Path,
    /// Where runs are put.
    pub results: &'a Path,
    /// Stop when nothing is to be done.
    pub until_empty: bool,
}

/// What is going on.
pub enum Told<'a> {
    /// A job was taken.
    Taken(&'a queue::Job),
    /// A step of it.
    Step(&'a Progress<'a>),
    /// It is over.
    Over(&'a str),
}

impl Runner<'_> {
    /// Works until it is killed, which is the way to end it: the same job goes on at the next start.
    pub fn run(&self, tell: &mut dyn FnMut(Told)) -> Result<(), LabError> {
        let state = self.lab.state(self.machine);
        std::fs::create_dir_all(&state).map_err(LabError::file(&state))?;
        let _lock = only_one(&state.join("queue.lock"), "client of this machine")?;
        let mut queue = Queue::open(self.queue, Clock::system())?;
        let name = format!("client {}", self.machine);
        queue.recover(&name)?;
        let machine = Some(self.machine.to_owned());
        let worker = Worker { name, kinds: vec![Kind::Run], machine, lease: LEASE };
        loop {
            match queue.take(&worker)? {
                Some(taken) => self.one(&mut queue, &taken, tell)?,
                None if self.until_empty => return Ok(()),
                // Its queue is open still, and nobody will ever put anything there.
                None if !state.is_dir() => {
                    let what = format!("{}: it is gone", state.display());
                    return Err(LabError::new(what, "start the client in a lab that is there"));
                }
                None => thread::sleep(LOOK),
            }
        }
    }

    fn one(
        &self,
        queue: &mut Queue,
        taken: &Taken,
        tell: &mut dyn FnMut(Told),
    ) -> Result<(), LabError> {
        tell(Told::Taken(&taken.job));
        let keeper = Keeper::start(self.queue, taken.lease.clone(), RENEW)?;
        let ended = self.job(queue, &taken.job).and_then(|(job, into)| {
            let mut work = Work::open(self.lab, self.machine, job, &into, WAIT)?;
            work.attached.ask_whether_wanted(Box::new(move || keeper.lost()));
            let outcome = work.run(&mut |progress| tell(Told::Step(progress)))?;
            let inside = work.published().and_then(|run| run.strip_prefix(self.results).ok());
            Ok((outcome, inside.map(Path::to_owned)))
        });
        let result = match ended {
            Ok((outcome, run)) => {
                let reason = outcome.reason().map(str::to_owned);
                tell(Told::Over(reason.as_deref().unwrap_or(outcome.word())));
                match outcome {
                    Outcome::Failed { reason } => queue.fail(&taken.lease, &reason).map(drop),
                    _ => {
                        let outcome = outcome.word().to_owned();
                        queue.finish(&taken.lease, &json(&RunResult { outcome, reason, run }))
                    }
                }
            }
            Err(error) => {
                tell(Told::Over(&error.to_string()));
                queue.fail(&taken.lease, &error.to_string()).map(drop)
            }
        };
        // It was cancelled, or somebody else has it: that is told in its history.
        result.or_else(|error| match error {
            QueueError::Lost { .. } => Ok(()),
            error => Err(error.into()),
        })
    }

    /// Each try has a journal of its own; a client that was killed goes on with that of its try. What an
    /// earlier one brought home and could not put among the results is there still.
    fn job(&self, queue: &Queue, job: &queue::Job) -> Result<(Job, PathBuf), LabError> {
        let task: RunTask = serde_json::from_str(&job.task).map_err(|error| {
            LabError::new(format!("job {}: {error}", job.id), "cancel it, and add it anew")
        })?;
        let mut file = task.job;
        if file.kernel.package.as_os_str().is_empty() {
            let build = built(queue, job.id)?;
            file.kernel.release = build.release;
            file.kernel.commit = Some(build.commit);
            file.kernel.package = build.package.unwrap_or_default();
        }
        let of = |number: i64| {
            let id = format!("queue-{}-{number}", job.id);
            Job::of(id, file.clone(), self.lab.folder())
        };
        let state = self.lab.state(self.machine);
        let home = (1..=job.failures).map(of).find(|job| unpublished(&state, job));
        let into = task.into.map_or(self.results.to_owned(), |into| self.results.join(into));
        Ok((home.unwrap_or_else(|| of(job.failures + 1)), into))
    }
}

/// The build that a job needs.
fn built(queue: &Queue, id: i64) -> Result<Build, LabError> {
    for need in queue.needs(id)? {
        let job = queue.job(need.job)?;
        let build = job.outcome.as_deref().map(serde_json::from_str::<Build>);
        if let Some(Ok(build)) = build.filter(|_| job.kind == Kind::Build) {
            return Ok(build);
        }
    }
    Err(LabError::new(format!("job {id} names no kernel"), "cancel it, and add it anew"))
}

impl From<QueueError> for LabError {
    fn from(error: QueueError) -> LabError {
        LabError::new(error.to_string(), "see melbot queue list")
    }
}
