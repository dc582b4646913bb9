//! What is not taken for the time being.

use std::fmt;

use super::Queue;
use super::error::QueueError;
use super::job::Kind;

/// What a pause is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything.
    All,
    /// One kind of jobs.
    Kind(Kind),
    /// The jobs of a machine.
    Machine(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("all"),
            Scope::Kind(kind) => write!(f, "kind:{kind}"),
            Scope::Machine(machine) => write!(f, "machine:{machine}"),
        }
    }
}

impl Scope {
    fn from_word(word: &str) -> Scope {
        match word.split_once(':') {
            Some(("machine", name)) => Scope::Machine(name.to_owned()),
            Some(("kind", kind)) => Kind::from_word(kind).map_or(Scope::All, Scope::Kind),
            _ => Scope::All,
        }
    }
}

impl Queue {
    /// Nothing of that is taken from now on; what is running goes on.
    pub fn pause(&mut self, scope: &Scope) -> Result<(), QueueError> {
        let now = self.clock.now();
        let sql = "INSERT INTO pauses (what, since) VALUES (?1, ?2) ON CONFLICT (what) DO NOTHING";
        let what = scope.to_string();
        self.database.change(|tx| tx.execute(sql, &[(&what).into(), now.into()]).map(drop))
    }

    /// It is taken again.
    pub fn resume(&mut self, scope: &Scope) -> Result<(), QueueError> {
        let sql = "DELETE FROM pauses WHERE what = ?1";
        let what = scope.to_string();
        self.database.change(|tx| tx.execute(sql, &[(&what).into()]).map(drop))
    }

    /// What is paused.
    pub fn paused(&self) -> Result<Vec<Scope>, QueueError> {
        let rows = self.database.rows("SELECT what FROM pauses ORDER BY what", &[])?;
        Ok(rows.iter().map(|row| Scope::from_word(&row.text(0))).collect())
    }
}
