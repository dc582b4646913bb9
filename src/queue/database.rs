//! The database of the queue: SQL that SQLite and PostgreSQL both understand, in transactions that
//! follow one another.

use std::path::Path;

use super::error::QueueError;
#[cfg(feature = "postgres")]
use super::postgres;
use super::sqlite;

/// One after the other; what is in use is never changed.
const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];

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

/// A row of an answer.
#[derive(Clone, Debug)]
pub struct Row(pub(super) Vec<Value>);

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
pub enum Database {
    /// To a file.
    Sqlite(sqlite::Connection),
    /// To a server.
    #[cfg(feature = "postgres")]
    Postgres(postgres::Connection),
}

/// What is done together, or not at all.
pub enum Changes<'a> {
    /// In a file.
    Sqlite(sqlite::Changes<'a>),
    /// On a server.
    #[cfg(feature = "postgres")]
    Postgres(postgres::Changes<'a>),
}

impl Database {
    /// Opens a file, or the database of a `postgres://` URL; makes what is not there, and brings it up to date.
    pub fn open(place: &Path) -> Result<Database, QueueError> {
        let mut database = match place.to_str() {
            Some(url) if url.starts_with("postgres://") => Database::server(url)?,
            _ => Database::Sqlite(sqlite::Connection::open(place)?),
        };
        database.migrate()?;
        Ok(database)
    }

    #[cfg(feature = "postgres")]
    fn server(url: &str) -> Result<Database, QueueError> {
        postgres::Connection::open(url).map(Database::Postgres)
    }

    #[cfg(not(feature = "postgres"))]
    fn server(_: &str) -> Result<Database, QueueError> {
        Err(QueueError::Database {
            place: "PostgreSQL".to_owned(),
            what: "this melbot was built without it".to_owned(),
            remedy: "build it with --features postgres",
        })
    }

    fn migrate(&mut self) -> Result<(), QueueError> {
        let place = self.place();
        self.change(|tx| {
            tx.batch("CREATE TABLE IF NOT EXISTS melbot_schema (version BIGINT NOT NULL)")?;
            let rows = tx.rows("SELECT MAX(version) FROM melbot_schema", &[])?;
            let from = rows.first().map_or(0, |row| row.int(0)) as usize;
            if from > MIGRATIONS.len() {
                return Err(QueueError::Database {
                    place,
                    what: format!("it is of a newer melbot (its schema has number {from})"),
                    remedy: "use that melbot",
                });
            }
            for (number, sql) in (1_i64..).zip(MIGRATIONS).skip(from) {
                tx.batch(&sql.replace("{id}", tx.id()))?;
                let insert = "INSERT INTO melbot_schema (version) VALUES (?1)";
                tx.execute(insert, &[number.into()])?;
            }
            Ok(())
        })
    }

    /// Where it is, without a password.
    pub fn place(&self) -> String {
        match self {
            Database::Sqlite(file) => file.path().display().to_string(),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.place(),
        }
    }

    /// Does this as one transaction, alone; an error undoes it.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(&Changes) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        match self {
            Database::Sqlite(file) => file.change(|tx| change(&Changes::Sqlite(tx))),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.change(|tx| change(&Changes::Postgres(tx))),
        }
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        match self {
            Database::Sqlite(file) => file.rows(sql, values),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.rows(sql, values),
        }
    }

    /// A copy of all of it as it is now, whoever is at work.
    pub fn back_up(&self, to: &Path) -> Result<(), QueueError> {
        match self {
            Database::Sqlite(file) => file.back_up(to),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => Err(QueueError::Database {
                place: server.place(),
                what: "a server has copies of its own".to_owned(),
                remedy: "use pg_dump",
            }),
        }
    }

    /// `false` if the server hung up, or the file was replaced.
    pub fn is_alive(&self) -> bool {
        match self {
            Database::Sqlite(file) => file.is_current(),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.rows("SELECT 1", &[]).is_ok(),
        }
    }

    /// An error if it is damaged.
    pub fn check(&self) -> Result<(), QueueError> {
        match self {
            Database::Sqlite(file) => file.check(),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.rows("SELECT 1", &[]).map(drop),
        }
    }
}

impl Changes<'_> {
    /// Changes rows, and tells how many.
    pub fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, QueueError> {
        match self {
            Changes::Sqlite(tx) => tx.execute(sql, values),
            #[cfg(feature = "postgres")]
            Changes::Postgres(tx) => tx.execute(sql, values),
        }
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        match self {
            Changes::Sqlite(tx) => tx.rows(sql, values),
            #[cfg(feature = "postgres")]
            Changes::Postgres(tx) => tx.rows(sql, values),
        }
    }

    fn batch(&self, sql: &str) -> Result<(), QueueError> {
        match self {
            Changes::Sqlite(tx) => tx.batch(sql),
            #[cfg(feature = "postgres")]
            Changes::Postgres(tx) => tx.batch(sql),
        }
    }

    /// What makes a column that counts.
    fn id(&self) -> &'static str {
        match self {
            Changes::Sqlite(_) => "INTEGER PRIMARY KEY AUTOINCREMENT",
            #[cfg(feature = "postgres")]
            Changes::Postgres(_) => "BIGSERIAL PRIMARY KEY",
        }
    }
}
