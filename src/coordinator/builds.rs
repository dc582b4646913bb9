//! Builds of the queue that something else needs.

use super::desk::Desk;
use super::tasks::BROKEN;
use crate::kernel::Build;
use crate::lab::LabError;
use crate::queue::{Job, NewJob, Queue, State};

/// The number of a build that something may wait for: the one that there is of this key, or a new one. One
/// whose kernel was taken away for its room is made anew, and one that failed for another reason than that it
/// does not build is tried again.
pub fn usable(desk: &Desk, queue: &mut Queue, mut job: NewJob) -> Result<i64, LabError> {
    let name = job.key.clone();
    loop {
        let submitted = queue.submit(&[(job.clone(), Vec::new())])?;
        let id = submitted.first().map_or(0, |submitted| submitted.id);
        let known = queue.job(id)?;
        match known.state {
            State::Done if !is_kept(desk, &known) => job.key = format!("{name} after {id}"),
            State::Cancelled => {
                queue.retry(id)?;
                return Ok(id);
            }
            State::Failed if broken(&known).is_none() => {
                queue.retry(id)?;
                return Ok(id);
            }
            _ => return Ok(id),
        }
    }
}

fn is_kept(desk: &Desk, job: &Job) -> bool {
    let package = build_of(job).and_then(|build| build.package);
    package.is_some_and(|package| desk.lab.join(package).is_file())
}

/// What came of a build, if it was made.
pub fn build_of(job: &Job) -> Option<Build> {
    serde_json::from_str(job.outcome.as_deref()?).ok()
}

/// Why a commit does not build, if it is the commit's fault.
pub fn broken(build: &Job) -> Option<String> {
    let outcome = build.outcome.as_deref().filter(|_| build.state == State::Failed)?;
    outcome.starts_with(BROKEN).then(|| outcome.to_owned())
}
