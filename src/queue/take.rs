//! Taking jobs, keeping them, and saying how they ended.

use std::time::Duration;

use super::Queue;
use super::changes::{end, happened};
use super::database::{Changes, Row, Value};
use super::error::QueueError;
use super::job::{Job, Kind, State};
use super::look::{COLUMNS, job_of};

/// The first pause before a job that failed is tried again; doubled each time.
const FIRST_PAUSE: i64 = 60_000;
/// The longest.
const LONGEST_PAUSE: i64 = 3_600_000;
/// A job whose workers vanish so often is what makes them vanish.
const LOSSES: i64 = 20;

/// Somebody who does jobs.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Name, for people.
    pub name: String,
    /// What it does.
    pub kinds: Vec<Kind>,
    /// The machine that it has; else it does what is for no machine.
    pub machine: Option<String>,
    /// How long a lease is.
    pub lease: Duration,
}

/// The right to do a job. Nobody else has the same token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Number of the job.
    pub job: i64,
    token: String,
    lasts: i64,
}

impl Lease {
    /// The right that somebody elsewhere has been given, and shows.
    pub fn of(job: i64, token: &str, lasts: Duration) -> Lease {
        Lease { job, token: token.to_owned(), lasts: milliseconds(lasts) }
    }

    /// What tells it from all others.
    pub fn token(&self) -> &str {
        &self.token
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// A job that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The job.
    pub job: Job,
    /// The right to do it.
    pub lease: Lease,
}

impl Queue {
    /// The next job for this worker, if there is one.
    pub fn take(&mut self, worker: &Worker) -> Result<Option<Taken>, QueueError> {
        let now = self.clock.now();
        let lasts = milliseconds(worker.lease);
        self.database.change(|tx| {
            give_back_lost(tx, now)?;
            let Some(row) = next(tx, now, worker)? else { return Ok(None) };
            let id = row.int(0);
            let token = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
            tx.execute(
                "UPDATE jobs SET state = 'running', started = ?2, owner = ?3, token = ?4, \
                 lease_until = ?5 WHERE id = ?1",
                &[
                    id.into(),
                    now.into(),
                    Value::from(&worker.name),
                    Value::from(&token),
                    now.saturating_add(lasts).into(),
                ],
            )?;
            tx.execute(
                "UPDATE lanes SET served = (SELECT MAX(served) + 1 FROM lanes) WHERE name = ?1",
                &[row.text(1).as_str().into()],
            )?;
            happened(tx, now, id, "taken", &worker.name)?;
            let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
            let rows = tx.rows(&sql, &[id.into()])?;
            let job = rows.first().and_then(job_of).ok_or(QueueError::NoJob(id))?;
            Ok(Some(Taken { job, lease: Lease { job: id, token, lasts } }))
        })
    }

    /// Gives back the jobs of a worker that was started again, and has none of them: the one of that name
    /// before it is gone.
    pub fn recover(&mut self, name: &str) -> Result<usize, QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            let sql = "SELECT id, losses FROM jobs WHERE state = 'running' AND owner = ?1";
            let lost = tx.rows(sql, &[name.into()])?;
            for row in &lost {
                give_back(tx, now, row.int(0), row.int(1), &format!("{name} was started again"))?;
            }
            Ok(lost.len())
        })
    }

    /// Keeps a job for as long again.
    pub fn renew(&mut self, lease: &Lease) -> Result<(), QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            ours(tx, lease)?;
            let until = now.saturating_add(lease.lasts);
            let set = "UPDATE jobs SET lease_until = ?2 WHERE id = ?1";
            tx.execute(set, &[lease.job.into(), until.into()]).map(drop)
        })
    }

    /// A job is done; the outcome is for whoever needs it.
    pub fn finish(&mut self, lease: &Lease, outcome: &str) -> Result<(), QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            ours(tx, lease)?;
            end(tx, now, lease.job, State::Done, outcome)
        })
    }

    /// A job failed: it is tried again later, unless that was often enough.
    pub fn fail(&mut self, lease: &Lease, why: &str) -> Result<State, QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            let (failures, attempts) = ours(tx, lease)?;
            if failures + 1 >= attempts {
                tx.execute(
                    "UPDATE jobs SET failures = failures + 1 WHERE id = ?1",
                    &[lease.job.into()],
                )?;
                end(tx, now, lease.job, State::Failed, why)?;
                return Ok(State::Failed);
            }
            let pause = FIRST_PAUSE << failures.clamp(0, 20);
            wait_again(tx, lease.job, "failures", now + pause.min(LONGEST_PAUSE))?;
            happened(tx, now, lease.job, "failed", &format!("{why}; tried again"))?;
            Ok(State::Waiting)
        })
    }

    /// A job has failed for good: another try would end in the same way.
    pub fn give_up(&mut self, lease: &Lease, why: &str) -> Result<(), QueueError> {
        let now = self.clock.now();
        self.database.change(|tx| {
            ours(tx, lease)?;
            end(tx, now, lease.job, State::Failed, why)
        })
    }
}

/// Failures so far and attempts, if the lease still holds.
fn ours(tx: &Changes, lease: &Lease) -> Result<(i64, i64), QueueError> {
    let rows = tx.rows(
        "SELECT state, token, failures, attempts, owner FROM jobs WHERE id = ?1",
        &[lease.job.into()],
    )?;
    let row = rows.first().ok_or(QueueError::NoJob(lease.job))?;
    if row.text(0) == "running" && row.text(1) == lease.token {
        return Ok((row.int(2), row.int(3)));
    }
    let what = match row.maybe_text(4) {
        Some(owner) => format!("the lease ran out, and {owner} has it"),
        None => format!("it is {}", row.text(0)),
    };
    Err(QueueError::Lost { id: lease.job, what })
}

fn wait_again(tx: &Changes, id: i64, count: &str, not_before: i64) -> Result<(), QueueError> {
    let sql = format!(
        "UPDATE jobs SET state = 'waiting', owner = NULL, token = NULL, lease_until = NULL, \
         not_before = ?2, {count} = {count} + 1 WHERE id = ?1"
    );
    tx.execute(&sql, &[id.into(), not_before.into()]).map(drop)
}

/// Jobs whose lease ran out wait again, at once: that is no fault of theirs.
fn give_back_lost(tx: &Changes, now: i64) -> Result<(), QueueError> {
    let lost = tx.rows(
        "SELECT id, losses, owner FROM jobs WHERE state = 'running' AND lease_until <= ?1",
        &[now.into()],
    )?;
    lost.iter().try_for_each(|row| {
        let why = format!("{} did not renew its lease", row.text(2));
        give_back(tx, now, row.int(0), row.int(1), &why)
    })
}

fn give_back(tx: &Changes, now: i64, id: i64, losses: i64, why: &str) -> Result<(), QueueError> {
    happened(tx, now, id, "lost", why)?;
    wait_again(tx, id, "losses", now)?;
    if losses + 1 >= LOSSES {
        end(tx, now, id, State::Failed, &format!("{LOSSES} workers that had it vanished"))?;
    }
    Ok(())
}

/// The first of each lane; of these the one with the highest priority, then that of the lane which was
/// served longest ago, then the oldest.
fn next(tx: &Changes, now: i64, worker: &Worker) -> Result<Option<Row>, QueueError> {
    let paused: Vec<String> =
        tx.rows("SELECT what FROM pauses", &[])?.iter().map(|row| row.text(0)).collect();
    let is_paused = |what: &str| paused.iter().any(|paused| paused == what);
    let mut machines = vec![""];
    machines.extend(worker.machine.as_deref());
    machines.retain(|machine| !is_paused(&format!("machine:{machine}")));
    let kinds = worker.kinds.iter().filter(|kind| !is_paused(&format!("kind:{kind}")));
    if is_paused("all") {
        return Ok(None);
    }
    let mut best: Option<(i64, i64, i64, Row)> = None;
    for kind in kinds {
        for machine in &machines {
            // The index has all of it but the pause after a failure, so that each lane costs a look. A longer
            // pause than there is was said before the clock was set back.
            let rows = tx.rows(
                "SELECT j.id, j.lane, j.priority, l.served FROM lanes l JOIN jobs j ON j.id = \
                 (SELECT id FROM jobs WHERE state = 'waiting' AND blocked = 0 AND machine = ?1 \
                 AND kind = ?2 AND lane = l.name AND (not_before <= ?3 OR not_before > ?4) \
                 ORDER BY priority DESC, id LIMIT 1)",
                &[
                    (*machine).into(),
                    kind.word().into(),
                    now.into(),
                    now.saturating_add(LONGEST_PAUSE).into(),
                ],
            )?;
            for row in rows {
                let rank = (-row.int(2), row.int(3), row.int(0));
                if best.as_ref().is_none_or(|(a, b, c, _)| rank < (*a, *b, *c)) {
                    best = Some((rank.0, rank.1, rank.2, row));
                }
            }
        }
    }
    Ok(best.map(|(.., row)| row))
}
