//! The database of the queue: SQL that SQLite and PostgreSQL both understand, in transactions that
//! follow one another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params_from_iter};

use super::error::QueueError;

/// One after the other; what is in use is never changed.
const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];
/// So long others may be at work before it is a fault.
const PATIENCE: Duration = Duration::from_secs(60);

/// What goes into the database and comes out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// A row of an answer.
#[derive(Clone, Debug)]
pub struct Row(Vec<Value>);

impl Row {
    /// A number, or 0.
    pub fn int(&self, column: usize) -> i64 {
        self.maybe_int(column).unwrap_or_default()
    }

    /// A number.
    pub fn maybe_int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// A text, or an empty one.
    pub fn text(&self, column: usize) -> String {
        self.maybe_text(column).unwrap_or_default()
    }

    /// A text.
    pub fn maybe_text(&self, column: usize) -> Option<String> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Connection,
}

/// What is done together, or not at all.
#[derive(Debug)]
pub struct Changes<'a> {
    path: &'a Path,
    transaction: Transaction<'a>,
}

impl Database {
    /// Opens it, makes it where there is none, and brings it up to date.
    pub fn open(path: &Path) -> Result<Database, QueueError> {
        let failed = failed(path);
        // Each connection belongs to one thread.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
        connection.busy_timeout(PATIENCE).map_err(&failed)?;
        // Readers do not wait for writers; what was committed survives a power cut.
        let set = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
        connection.execute_batch(set).map_err(&failed)?;
        let mut database = Database { path: path.to_owned(), connection };
        database.migrate()?;
        Ok(database)
    }

    fn migrate(&mut self) -> Result<(), QueueError> {
        let path = self.path.clone();
        let version = |tx: &Changes| -> Result<usize, QueueError> {
            let rows = tx.rows("PRAGMA user_version", &[])?;
            Ok(rows.first().map_or(0, |row| row.int(0)) as usize)
        };
        self.change(|tx| {
            let from = version(tx)?;
            if from > MIGRATIONS.len() {
                return Err(QueueError::Database {
                    place: path.display().to_string(),
                    what: format!("it is of a newer melbot (its schema has number {from})"),
                    remedy: "use that melbot",
                });
            }
            for (number, sql) in (1..).zip(MIGRATIONS).skip(from) {
                tx.batch(&sql.replace("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"))?;
                tx.batch(&format!("PRAGMA user_version = {number}"))?;
            }
            Ok(())
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does this as one transaction, alone; an error undoes it.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(&Changes) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        let begin = Transaction::new(&mut self.connection, TransactionBehavior::Immediate);
        let transaction = begin.map_err(failed(&self.path))?;
        let changes = Changes { path: &self.path, transaction };
        let result = change(&changes)?;
        changes.transaction.commit().map_err(failed(&self.path))?;
        Ok(result)
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        rows(&self.connection, sql, values).map_err(failed(&self.path))
    }

    /// A copy of all of it as it is now, whoever is at work.
    pub fn back_up(&self, to: &Path) -> Result<(), QueueError> {
        let target = to.to_string_lossy().into_owned();
        self.connection.execute("VACUUM INTO ?1", [target]).map(drop).map_err(failed(to))
    }
}

impl Changes<'_> {
    /// Changes rows, and tells how many.
    pub fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, QueueError> {
        let run = || {
            let mut statement = self.transaction.prepare_cached(sql)?;
            statement.execute(params_from_iter(values))
        };
        run().map_err(failed(self.path))
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        rows(&self.transaction, sql, values).map_err(failed(self.path))
    }

    fn batch(&self, sql: &str) -> Result<(), QueueError> {
        self.transaction.execute_batch(sql).map_err(failed(self.path))
    }
}

fn rows(connection: &Connection, sql: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row| {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(match row.get_ref(column)? {
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
            });
        }
        Ok(Row(values))
    };
    statement.query_map(params_from_iter(values), row)?.collect()
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> QueueError {
    move |error| QueueError::Database {
        place: path.display().to_string(),
        what: error.to_string(),
        remedy: match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => "see who else works with it so long",
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                "put it aside, and take a copy that is whole"
            }
            _ => "see that its folder is there and may be written, and that the disk is not full",
        },
    }
}
