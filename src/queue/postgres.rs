//! The queue on a server, for several hosts.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use ::postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use ::postgres::{Client, NoTls};

use super::database::{Row, Value};
use super::error::QueueError;

/// All changes of a queue are made one by one, as in a file: whoever has this lock makes his.
const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(7308325401926)";

/// A connection.
pub struct Connection {
    url: String,
    place: String,
    client: RefCell<Client>,
}

/// A transaction.
pub struct Changes<'a>(&'a Connection);

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.place)
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(of, out),
            Value::Text(text) => text.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        <i64 as ToSql>::accepts(of) || <String as ToSql>::accepts(of)
    }

    to_sql_checked!();
}

impl Connection {
    /// Connects to a server.
    pub fn open(url: &str) -> Result<Connection, QueueError> {
        let after = url.rsplit_once('@').map_or(url, |(_, after)| after);
        let place = format!("postgres://{}", after.trim_start_matches("postgres://"));
        let client = Client::connect(url, NoTls).map_err(failed(&place))?;
        Ok(Connection { url: url.to_owned(), place, client: RefCell::new(client) })
    }

    /// Where it is, without a password.
    pub fn place(&self) -> String {
        self.place.clone()
    }

    /// A server may have been started again.
    fn connect_again(&self) -> Result<(), QueueError> {
        if self.client.borrow().is_closed() {
            let client = Client::connect(&self.url, NoTls).map_err(failed(&self.place))?;
            *self.client.borrow_mut() = client;
        }
        Ok(())
    }

    /// Does this alone; an error undoes it.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(Changes<'_>) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        self.connect_again()?;
        self.batch(LOCK)?;
        match change(Changes(self)) {
            Ok(result) => self.batch("COMMIT").map(|()| result),
            Err(error) => {
                // What came first is told.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        self.connect_again()?;
        self.ask(sql, values)
    }

    fn ask(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        let rows = self.client.borrow_mut().query(&dialect(sql), &parameters(values));
        let rows = rows.map_err(failed(&self.place))?;
        Ok(rows.iter().map(row).collect())
    }

    fn batch(&self, sql: &str) -> Result<(), QueueError> {
        self.client.borrow_mut().batch_execute(sql).map_err(failed(&self.place))
    }
}

impl Changes<'_> {
    /// Changes rows, and tells how many.
    pub fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, QueueError> {
        let done = self.0.client.borrow_mut().execute(&dialect(sql), &parameters(values));
        done.map_err(failed(&self.0.place))
    }

    /// Reads.
    pub fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, QueueError> {
        self.0.ask(sql, values)
    }

    /// Several commands.
    pub fn batch(&self, sql: &str) -> Result<(), QueueError> {
        self.0.batch(sql)
    }
}

/// PostgreSQL calls the first parameter `$1`. There are no question marks in the texts of commands.
fn dialect(sql: &str) -> String {
    sql.replace('?', "$")
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row(row: &::postgres::Row) -> Row {
    let value = |(place, column): (usize, &::postgres::Column)| {
        let number = || row.try_get::<_, Option<i64>>(place).ok().flatten().map(Value::Int);
        let text = || row.try_get::<_, Option<String>>(place).ok().flatten().map(Value::Text);
        match *column.type_() {
            Type::INT8 => number(),
            _ => text(),
        }
        .unwrap_or(Value::Null)
    };
    Row(row.columns().iter().enumerate().map(value).collect())
}

fn failed(place: &str) -> impl Fn(::postgres::Error) -> QueueError {
    move |error| {
        let what = match error.as_db_error() {
            Some(said) => said.to_string(),
            None => match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        };
        QueueError::Database {
            place: place.to_owned(),
            what,
            remedy: "see that the server runs, and that user and password are right",
        }
    }
}
