//! What the environments of runs differ in, as pages show it.

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::format;
use crate::analysis::alerts::{Alert, Ends};
use crate::analysis::{Complaint, Difference, complaints, differences};
use crate::model::{Environment, facts};

/// Names of facts in the heading.
const NAMED: usize = 8;

/// What runs differ in.
#[derive(Default, Serialize)]
pub struct Differing {
    /// The names of what differs.
    names: String,
    rows: Vec<Row>,
    more: usize,
    complaints: Vec<Complained>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    list: String,
    values: Vec<String>,
}

#[derive(Serialize)]
struct Complained {
    message: String,
    stack: Vec<String>,
    /// The kernels that did.
    kernels: String,
}

impl Differing {
    fn new(environments: &[Option<&Environment>]) -> Differing {
        let found = differences(environments);
        let mut names: Vec<&str> = Vec::new();
        for row in &found.rows {
            let name = if row.list.is_empty() { &row.name } else { &row.list };
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.truncate(NAMED);
        Differing {
            names: names.join(", "),
            rows: found.rows.into_iter().map(row).collect(),
            more: found.more,
            complaints: Vec::new(),
        }
    }
}

fn row(Difference { list, name, values }: Difference) -> Row {
    let shown = |value: Option<String>| value.unwrap_or_else(|| format::NOTHING.to_owned());
    Row { list, name, values: values.into_iter().map(shown).collect() }
}

/// What the runs of a comparison differ in.
pub fn of_shelf(shelf: &Shelf) -> Differing {
    let environments: Vec<Option<&Environment>> =
        shelf.runs.iter().map(|shelved| shelved.run.map(|run| &run.environment)).collect();
    let mut differing = Differing::new(&environments);
    let complained = |complaint: Complaint| Complained {
        kernels: match complaint.runs.len() {
            all if all == environments.len() && all > 1 => "all kernels".to_owned(),
            _ => {
                let names = complaint.runs.iter().map(|at| named(shelf.run_name(*at)));
                names.collect::<Vec<&str>>().join(", ")
            }
        },
        message: complaint.message,
        stack: complaint.stack,
    };
    differing.complaints = complaints(&environments).into_iter().map(complained).collect();
    differing
}

/// What the runs at the ends of the window of an alert differ in, and what only the latter complained of.
pub fn of_window(shelf: &Shelf, alert: &Alert) -> Differing {
    let runs = shelf.runs.iter().filter_map(|shelved| shelved.run);
    let Some(ends) = Ends::of(alert, runs) else { return Differing::default() };
    let environments = ends.environments().map(Some);
    let mut differing = Differing::new(&environments);
    // That the kernel is another one goes without saying.
    differing.rows.retain(|row| row.name != facts::KERNEL);
    let new = complaints(&environments).into_iter().filter(|complaint| complaint.runs == [1]);
    let told =
        |Complaint { message, stack, .. }| Complained { message, stack, kernels: String::new() };
    differing.complaints = new.map(told).collect();
    differing
}
