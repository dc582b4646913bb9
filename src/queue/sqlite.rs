//! The queue in a file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, Transaction, TransactionBehavior, params_from_iter};

use super::database::{Row, Value};
use super::error::QueueError;

/// So long others may be at work before it is a fault.
const PATIENCE: Duration = Duration::from_secs(60);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    path: PathBuf,
    /// Whoever waits for SQLite looks again and again, and may starve; waiting for this lock is fair.
    turn: File,
    connection: rusqlite::Connection,
}

/// A transaction.
pub struct Changes<'a> {
    path: &'a Path,
    transaction: &'a Transaction<'a>,
}

impl Connection {
    /// Opens a file, or makes it.
    pub fn open(path: &Path) -> Result<Connection, QueueError> {
        let failed = failed(path);
        // Each connection belongs to one thread.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(&failed)?;
        connection.busy_timeout(PATIENCE).map_err(&failed)?;
        // Readers do not wait for writers; what was committed survives a power cut.
        let set = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
        connection.execute_batch(set).map_err(&failed)?;
        let turn = path.with_extension("lock");
        let turn = File::options().create(true).truncate(false).write(true).open(&turn);
        let turn = turn.map_err(|error| no_turn(path, &error))?;
        Ok(Connection { path: path.to_owned(), turn, connection })
    }

    /// `false` if the file was taken away.
    pub fn is_current(&self) -> bool {
        self.path.is_file()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does this alone; an error undoes it.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(Changes<'_>) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        self.turn.lock().map_err(|error| no_turn(&self.path, &error))?;
        let result = self.alone(change);
        // It is let go with the file, too.
        let _ = self.turn.unlock();
        result
    }

    fn alone<T>(
        &mut self,
        change: impl FnOnce(Changes<'_>) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        let begin = Transaction::new(&mut self.connection, TransactionBehavior::Immediate);
        let transaction = begin.map_err(failed(&self.path))?;
        let result = change(Changes { path: &self.path, transaction: &transaction })?;
        transaction.commit().map_err(failed(&self.path))?;
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

    /// An error if the file is damaged.
    pub fn check(&self) -> Result<(), QueueError> {
        let rows = self.rows("PRAGMA quick_check(1)", &[])?;
        match rows.first().map(|row| row.text(0)).as_deref() {
            Some("ok") => Ok(()),
            said => Err(QueueError::Database {
                place: self.path.display().to_string(),
                what: said.unwrap_or("it cannot be checked").to_owned(),
                remedy: DAMAGED,
            }),
        }
    }
}

impl Changes<'_> {
    /// Changes rows, and tells how many.
    pub fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, QueueError> {
        let run = || {
            let mut statement = self.transaction.prepare_cached(sql)?;
            statement.execute(params_from_iter(values))
        };
        run().map(|count| count as u64).map_err(failed(self.path))
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        rows(self.transaction, sql, values).map_err(failed(self.path))
    }

    /// Several commands.
    pub fn batch(&self, sql: &str) -> Result<(), QueueError> {
        self.transaction.execute_batch(sql).map_err(failed(self.path))
    }
}

fn rows(
    connection: &rusqlite::Connection,
    sql: &str,
    values: &[Value],
) -> rusqlite::Result<Vec<Row>> {
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

fn no_turn(path: &Path, error: &io::Error) -> QueueError {
    QueueError::Database {
        place: path.display().to_string(),
        what: error.to_string(),
        remedy: "see that its folder is there and may be written, and that files in it can be locked",
    }
}

const DAMAGED: &str = "put it aside, and take a copy that is whole";

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> QueueError {
    move |error| QueueError::Database {
        place: path.display().to_string(),
        what: error.to_string(),
        remedy: match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => "see who else works with it so long",
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                DAMAGED
            }
            _ => "see that its folder is there and may be written, and that the disk is not full",
        },
    }
}
