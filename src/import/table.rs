//! Plain tables: CSV, TSV, or one JSON object a line, with the columns of `melbot extract`.

use serde::Deserialize;

use super::{Found, Sample, summed_up};
use crate::model::Direction;

/// A row; what is missing is filled in from the command line, or numbered.
#[derive(Debug, Deserialize)]
struct Row {
    machine: Option<String>,
    config: Option<String>,
    /// The kernel.
    run: Option<String>,
    iteration: Option<u32>,
    benchmark: String,
    operation: String,
    interval: Option<f64>,
    value: f64,
    unit: Option<String>,
    better: Option<String>,
    started: Option<i64>,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Values separated by this byte, below a header.
    Separated(u8),
    /// One JSON object a line.
    JsonLines,
}

/// Names for what the rows do not name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'d> {
    /// Machine.
    pub machine: Option<&'d str>,
    /// Config.
    pub config: Option<&'d str>,
    /// Run.
    pub run: Option<&'d str>,
}

/// Reads a table. A row that cannot be used is left out and told, with its line.
pub fn read(text: &[u8], form: Form, defaults: Defaults) -> Result<Found, String> {
    let mut found = Found::default();
    let mut odd = Vec::new();
    let mut add = |line: u64, row: Result<Row, String>, found: &mut Found| {
        if let Err(what) = row.and_then(|row| take(row, defaults, found)) {
            odd.push(format!("line {line}: {what}"));
        }
    };
    match form {
        Form::Separated(by) => {
            let mut reader = csv::ReaderBuilder::new().delimiter(by).from_reader(text);
            let header = reader.headers().map_err(|error| error.to_string())?.clone();
            for name in ["benchmark", "operation", "value"] {
                if !header.iter().any(|column| column == name) {
                    return Err(format!("the header does not name a column {name:?}"));
                }
            }
            let mut record = csv::StringRecord::new();
            loop {
                match reader.read_record(&mut record) {
                    Ok(false) => break,
                    Ok(true) => {
                        let line = record.position().map_or(0, csv::Position::line);
                        let row = record.deserialize(Some(&header));
                        add(line, row.map_err(|error| reason(&error)), &mut found);
                    }
                    Err(error) => {
                        let line = error.position().map_or(0, csv::Position::line);
                        add(line, Err(reason(&error)), &mut found);
                    }
                }
            }
        }
        Form::JsonLines => {
            for (line, row) in (1..).zip(text.split(|byte| *byte == b'\n')) {
                if !row.trim_ascii().is_empty() {
                    let row = serde_json::from_slice(row).map_err(|error| error.to_string());
                    add(line, row, &mut found);
                }
            }
        }
    }
    found.left_out.extend(summed_up(&odd, "cannot be used"));
    Ok(found)
}

/// What is wrong with a row, without where it is.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns below a header of {expected_len}")
        }
        _ => "no text".to_owned(),
    }
}

fn take(row: Row, defaults: Defaults, found: &mut Found) -> Result<(), String> {
    let named = |own: Option<String>, default: Option<&str>, what: &str| {
        let own = own.filter(|name| !name.is_empty()).or(default.map(str::to_owned));
        own.ok_or_else(|| format!("no {what}: give --{what} NAME"))
    };
    let machine = named(row.machine, defaults.machine, "machine")?;
    let config = named(row.config, defaults.config, "config")?;
    let name = named(row.run, defaults.run, "run")?;
    if !row.value.is_finite() {
        return Err(format!("the value is {}", row.value));
    }
    let better = match row.better.as_deref() {
        None | Some("") => None,
        Some("higher") => Some(Direction::Higher),
        Some("lower") => Some(Direction::Lower),
        Some(other) => return Err(format!("better is {other:?}, neither higher nor lower")),
    };
    let run = found.run(&machine, &config, &name);
    run.started = run.started.or(row.started);
    let benchmarks = run.iterations.entry(row.iteration.unwrap_or(0)).or_default();
    benchmarks.entry(row.benchmark).or_default().push(Sample {
        operation: row.operation,
        unit: row.unit.unwrap_or_default(),
        better,
        interval: row.interval,
        value: row.value,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_lines_say_the_same() {
        let csv = "run,benchmark,operation,value,better\n6.1,b,read,1.5,lower\n6.1,b,read,x,lower\n\
            6.1,b,read,2,worse\n6.2,b,read,2.5,\n";
        let json = "{\"run\": \"6.1\", \"benchmark\": \"b\", \"operation\": \"read\", \"value\": 1.5, \
            \"better\": \"lower\"}\n\n{]\n{\"run\": \"6.2\", \"benchmark\": \"b\", \"operation\": \"read\", \
            \"value\": 2.5}\n";
        let defaults = Defaults { machine: Some("m"), config: Some("c"), run: None };
        let of = |text: &str, form| read(text.as_bytes(), form, defaults).unwrap();
        let (csv, json) = (of(csv, Form::Separated(b',')), of(json, Form::JsonLines));
        assert_eq!(csv.runs, json.runs);
        assert_eq!(csv.runs.len(), 2);
        assert!(csv.left_out[0].starts_with("cannot be used: line 3: "), "{:?}", csv.left_out);
        assert!(json.left_out[0].starts_with("cannot be used: line 3: "), "{:?}", json.left_out);
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        assert!(read(b"a,b\n1,2\n", Form::Separated(b','), Defaults::default()).is_err());
        let nameless =
            read(b"benchmark,operation,value\nb,o,1\n", Form::Separated(b','), Defaults::default());
        let told = &nameless.unwrap().left_out[0];
        assert!(told.contains("no machine: give --machine NAME"), "{told}");
    }
}
