//! What people and the coordinator do to jobs.

use std::path::Path;

use super::database::{Changes, Database, Value};
use super::error::QueueError;
use super::job::{Need, NewJob, State};
use super::{Clock, Queue};

impl Queue {
    /// Opens the queue of a file or of a `postgres://` URL; makes it where there is none.
    pub fn open(place: &Path, clock: Clock) -> Result<Queue, QueueError> {
        Ok(Queue { database: Database::open(place)?, clock })
    }

    /// An error if it cannot be written: a file may be anybody's, and open all the same.
    pub fn check_writable(&mut self) -> Result<(), QueueError> {
        self.database
            .change(|tx| tx.execute("UPDATE melbot_schema SET version = version", &[]).map(drop))
    }

    /// Copies all of it to a new file, whoever is at work.
    pub fn back_up(&self, to: &Path) -> Result<(), QueueError> {
        self.database.back_up(to)
    }

    /// Submits these jobs, all or none of them; the numbers are in their order. One whose key is known
    /// already is that job, and stays as it is. The needs of a job may be those before it in `jobs`:
    /// `earlier` tells their places.
    pub fn submit(
        &mut self,
        jobs: &[(NewJob, Vec<Earlier>)],
    ) -> Result<Vec<Submitted>, QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            let mut done: Vec<Submitted> = Vec::new();
            for (job, earlier) in jobs {
                let mut needs = job.needs.clone();
                for place in earlier {
                    let id = done.get(place.place).map(|submitted: &Submitted| submitted.id);
                    needs.extend(id.map(|job| Need { job, success: place.success }));
                }
                done.push(submit(tx, now, job, &needs)?);
            }
            Ok(done)
        })
    }

    /// Calls a job off; one that is running is told so when it renews its lease.
    pub fn cancel(&mut self, id: i64, why: &str) -> Result<(), QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            let state = state(tx, id)?;
            if state.is_over() {
                let remedy = "only what is not over can be cancelled";
                return Err(QueueError::Refused { id, state: state.to_string(), remedy });
            }
            end(tx, now, id, State::Cancelled, why)
        })
    }

    /// Puts a job that failed or was cancelled back, and with it those that failed because of it.
    pub fn retry(&mut self, id: i64) -> Result<(), QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            let state = state(tx, id)?;
            if !matches!(state, State::Failed | State::Cancelled) {
                let remedy = "only what failed or was cancelled can be tried again";
                return Err(QueueError::Refused { id, state: state.to_string(), remedy });
            }
            revive(tx, now, id)
        })
    }
}

/// A job of the same submission that one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its place among them.
    pub place: usize,
    /// It has to be done; else it is enough that it is over.
    pub success: bool,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Number of the job.
    pub id: i64,
    /// It was not there before.
    pub fresh: bool,
}

fn submit(tx: &Changes, now: i64, job: &NewJob, needs: &[Need]) -> Result<Submitted, QueueError> {
    let known = tx.rows("SELECT id FROM jobs WHERE key = ?1", &[Value::from(&job.key)])?;
    if let Some(row) = known.first() {
        return Ok(Submitted { id: row.int(0), fresh: false });
    }
    let rows = tx.rows(
        "INSERT INTO jobs (key, kind, title, machine, lane, priority, task, state, blocked, \
         attempts, failures, losses, not_before, created) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', 0, ?8, 0, 0, 0, ?9) RETURNING id",
        &[
            Value::from(&job.key),
            Value::from(job.kind.word()),
            Value::from(&job.title),
            Value::from(job.machine.as_deref().unwrap_or_default()),
            Value::from(&job.lane),
            Value::from(job.priority),
            Value::from(&job.task),
            Value::from(job.attempts.max(1)),
            Value::from(now),
        ],
    )?;
    let id = rows.first().map_or(0, |row| row.int(0));
    tx.execute(
        "INSERT INTO lanes (name, served) VALUES (?1, 0) ON CONFLICT (name) DO NOTHING",
        &[Value::from(&job.lane)],
    )?;
    happened(tx, now, id, "submitted", "")?;
    for need in needs {
        state(tx, need.job)?;
        tx.execute(
            "INSERT INTO needs (job, needs, success) VALUES (?1, ?2, ?3) \
             ON CONFLICT (job, needs) DO NOTHING",
            &[id.into(), need.job.into(), i64::from(need.success).into()],
        )?;
    }
    settle(tx, now, id)?;
    Ok(Submitted { id, fresh: true })
}

/// Counts anew what a waiting job waits for; it fails with what it cannot do without.
fn settle(tx: &Changes, now: i64, id: i64) -> Result<(), QueueError> {
    let missing = tx.rows(
        "SELECT d.id, d.state FROM needs n JOIN jobs d ON d.id = n.needs WHERE n.job = ?1 \
         AND n.success = 1 AND d.state IN ('failed', 'cancelled') ORDER BY d.id",
        &[id.into()],
    )?;
    if let Some(row) = missing.first() {
        let why = format!("it needs job {}, which is {}", row.int(0), row.text(1));
        return end(tx, now, id, State::Failed, &why);
    }
    tx.execute(
        "UPDATE jobs SET blocked = (SELECT COUNT(*) FROM needs n JOIN jobs d ON d.id = n.needs \
         WHERE n.job = jobs.id AND d.state IN ('waiting', 'running')) WHERE id = ?1",
        &[id.into()],
    )?;
    Ok(())
}

/// A job is over, and those that wait for it hear of it.
pub(super) fn end(
    tx: &Changes,
    now: i64,
    id: i64,
    state: State,
    outcome: &str,
) -> Result<(), QueueError> {
    tx.execute(
        "UPDATE jobs SET state = ?2, ended = ?3, outcome = ?4, blocked = 0, owner = NULL, \
         token = NULL, lease_until = NULL WHERE id = ?1",
        &[id.into(), state.word().into(), now.into(), outcome.into()],
    )?;
    happened(tx, now, id, state.word(), if state == State::Done { "" } else { outcome })?;
    let waiting = tx.rows(
        "SELECT j.id FROM needs n JOIN jobs j ON j.id = n.job \
         WHERE n.needs = ?1 AND j.state = 'waiting' ORDER BY j.id",
        &[id.into()],
    )?;
    // As deep as jobs need one another, which is a handful; a job needs earlier ones only.
    waiting.iter().try_for_each(|row| settle(tx, now, row.int(0)))
}

fn revive(tx: &Changes, now: i64, id: i64) -> Result<(), QueueError> {
    tx.execute(
        "UPDATE jobs SET state = 'waiting', failures = 0, losses = 0, not_before = 0, ended = NULL, \
         outcome = NULL WHERE id = ?1",
        &[id.into()],
    )?;
    happened(tx, now, id, "retried", "")?;
    // What waits for it has to wait again, and what failed with it waits as well.
    let others = tx.rows(
        "SELECT j.id, j.state FROM needs n JOIN jobs j ON j.id = n.job WHERE n.needs = ?1 \
         AND (j.state = 'waiting' OR (j.state = 'failed' AND n.success = 1)) ORDER BY j.id",
        &[id.into()],
    )?;
    settle(tx, now, id)?;
    for row in others {
        match row.text(1).as_str() {
            "failed" => revive(tx, now, row.int(0))?,
            _ => settle(tx, now, row.int(0))?,
        }
    }
    Ok(())
}

pub(super) fn state(tx: &Changes, id: i64) -> Result<State, QueueError> {
    let rows = tx.rows("SELECT state FROM jobs WHERE id = ?1", &[id.into()])?;
    let row = rows.first().ok_or(QueueError::NoJob(id))?;
    State::from_word(&row.text(0)).ok_or(QueueError::NoJob(id))
}

pub(super) fn happened(
    tx: &Changes,
    now: i64,
    id: i64,
    event: &str,
    detail: &str,
) -> Result<(), QueueError> {
    tx.execute(
        "INSERT INTO history (job, at, event, detail) VALUES (?1, ?2, ?3, ?4)",
        &[id.into(), now.into(), event.into(), detail.into()],
    )?;
    Ok(())
}
