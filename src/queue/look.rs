//! Looking at the queue.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Queue;
use super::database::{Row, Value};
use super::error::QueueError;
use super::job::{Event, Job, Kind, Need, State};

pub(super) const COLUMNS: &str = "id, key, kind, title, machine, lane, priority, task, state, \
    blocked, attempts, failures, losses, not_before, created, started, ended, owner, lease_until, \
    outcome";

/// `None` if it is of a kind or in a state that a later melbot knows.
pub(super) fn job_of(row: &Row) -> Option<Job> {
    Some(Job {
        id: row.int(0),
        key: row.text(1),
        kind: Kind::from_word(&row.text(2))?,
        title: row.text(3),
        machine: row.maybe_text(4).filter(|machine| !machine.is_empty()),
        lane: row.text(5),
        priority: row.int(6),
        task: row.text(7),
        state: State::from_word(&row.text(8))?,
        blocked: row.int(9),
        attempts: row.int(10),
        failures: row.int(11),
        losses: row.int(12),
        not_before: row.int(13),
        created: row.int(14),
        started: row.maybe_int(15),
        ended: row.maybe_int(16),
        owner: row.maybe_text(17),
        lease_until: row.maybe_int(18),
        outcome: row.maybe_text(19),
    })
}

/// Which jobs are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In one of these states; all if there is none.
    pub states: Vec<State>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// For this machine.
    pub machine: Option<String>,
    /// Their keys begin so.
    pub key: Option<String>,
    /// No more of them, the newest.
    pub limit: Option<i64>,
    /// The oldest with greater numbers than that, in place of the newest.
    pub after: Option<i64>,
}

/// How many jobs there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Of which kind.
    pub kind: Kind,
    /// In which state.
    pub state: State,
    /// How many.
    pub count: i64,
}

impl Queue {
    /// The jobs that are meant, in the order of their numbers.
    pub fn jobs(&self, filter: &Filter) -> Result<Vec<Job>, QueueError> {
        let mut wheres = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut ask = |column: &str, value: Value| {
            values.push(value);
            wheres.push(format!("{column} = ?{}", values.len()));
        };
        if let Some(kind) = filter.kind {
            ask("kind", kind.word().into());
        }
        if let Some(machine) = &filter.machine {
            ask("machine", machine.into());
        }
        if let Some(key) = &filter.key {
            values.push(key.into());
            let (place, length) = (values.len(), key.chars().count());
            wheres.push(format!("substr(key, 1, {length}) = ?{place}"));
        }
        if let Some(after) = filter.after {
            values.push(after.into());
            wheres.push(format!("id > ?{}", values.len()));
        }
        if !filter.states.is_empty() {
            let words: Vec<String> =
                filter.states.iter().map(|state| format!("'{}'", state.word())).collect();
            wheres.push(format!("state IN ({})", words.join(", ")));
        }
        let condition = match wheres.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", wheres.join(" AND ")),
        };
        let limit = filter.limit.map_or(String::new(), |limit| format!(" LIMIT {}", limit.max(0)));
        let order = if filter.after.is_some() { "" } else { " DESC" };
        let sql = format!("SELECT {COLUMNS} FROM jobs{condition} ORDER BY id{order}{limit}");
        let mut rows = self.database.rows(&sql, &values)?;
        if filter.after.is_none() {
            rows.reverse();
        }
        Ok(rows.iter().filter_map(job_of).collect())
    }

    /// A job.
    pub fn job(&self, id: i64) -> Result<Job, QueueError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
        let rows = self.database.rows(&sql, &[id.into()])?;
        rows.first().and_then(job_of).ok_or(QueueError::NoJob(id))
    }

    /// The job of this key, if there is one.
    pub fn find(&self, key: &str) -> Result<Option<Job>, QueueError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE key = ?1");
        Ok(self.database.rows(&sql, &[key.into()])?.first().and_then(job_of))
    }

    /// What a job needs.
    pub fn needs(&self, id: i64) -> Result<Vec<Need>, QueueError> {
        let sql = "SELECT needs, success FROM needs WHERE job = ?1 ORDER BY needs";
        let rows = self.database.rows(sql, &[id.into()])?;
        Ok(rows.iter().map(|row| Need { job: row.int(0), success: row.int(1) == 1 }).collect())
    }

    /// What each waiting job needs of those that are not over.
    pub fn open_needs(&self) -> Result<BTreeMap<i64, Vec<Need>>, QueueError> {
        let sql = "SELECT n.job, n.needs, n.success FROM needs n JOIN jobs j ON j.id = n.job \
                   JOIN jobs d ON d.id = n.needs WHERE j.state = 'waiting' \
                   AND d.state IN ('waiting', 'running') ORDER BY 1, 2";
        let mut needs: BTreeMap<i64, Vec<Need>> = BTreeMap::new();
        for row in self.database.rows(sql, &[])? {
            let need = Need { job: row.int(1), success: row.int(2) == 1 };
            needs.entry(row.int(0)).or_default().push(need);
        }
        Ok(needs)
    }

    /// What happened to a job.
    pub fn history(&self, id: i64) -> Result<Vec<Event>, QueueError> {
        let sql = "SELECT at, event, detail FROM history WHERE job = ?1 ORDER BY id";
        let rows = self.database.rows(sql, &[id.into()])?;
        let event = |row: &Row| Event { at: row.int(0), event: row.text(1), detail: row.text(2) };
        Ok(rows.iter().map(event).collect())
    }

    /// When the oldest job that could be taken was submitted.
    pub fn oldest_ready(&self) -> Result<Option<i64>, QueueError> {
        let sql = "SELECT MIN(created) FROM jobs WHERE state = 'waiting' AND blocked = 0";
        Ok(self.database.rows(sql, &[])?.first().and_then(|row| row.maybe_int(0)))
    }

    /// The number of the last thing that happened to any job.
    pub fn last_event(&self) -> Result<i64, QueueError> {
        let rows = self.database.rows("SELECT MAX(id) FROM history", &[])?;
        Ok(rows.first().map_or(0, |row| row.int(0)))
    }

    /// `false` if its server hung up.
    pub fn is_alive(&self) -> bool {
        self.database.is_alive()
    }

    /// An error if the database is damaged.
    pub fn check(&self) -> Result<(), QueueError> {
        self.database.check()
    }

    /// How many jobs of each kind are in each state.
    pub fn counts(&self) -> Result<Vec<Counts>, QueueError> {
        let sql = "SELECT kind, state, COUNT(*) FROM jobs GROUP BY kind, state ORDER BY 1, 2";
        let rows = self.database.rows(sql, &[])?;
        let count = |row: &Row| {
            Some(Counts {
                kind: Kind::from_word(&row.text(0))?,
                state: State::from_word(&row.text(1))?,
                count: row.int(2),
            })
        };
        Ok(rows.iter().filter_map(count).collect())
    }
}
