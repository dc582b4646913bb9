//! What else moved, as the page of an alert shows it.

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::{format, monitors};
use crate::analysis::alerts::{Alert, Ends};
use crate::analysis::{Moved, Shift};
use crate::model::{Reading, common_name};

/// Rows of the table.
const ROWS: usize = 20;
/// Rows where nothing could be judged.
const UNJUDGED_ROWS: usize = 8;

/// What else moved between the last good and the first bad kernel.
#[derive(Serialize)]
pub struct Also {
    head: String,
    note: String,
    rows: Vec<Row>,
    /// Page with all that the monitors saw.
    page: Option<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// Monitor and series, where the name is another one.
    series: String,
    before: String,
    after: String,
    change: String,
    p: String,
}

/// What the monitors say about an alert.
pub fn also(shelf: Option<&Shelf>, alert: &Alert, found: &Moved) -> Also {
    let benchmark = &alert.of.benchmark;
    let page = shelf
        .filter(|shelf| monitors::has_page(shelf, benchmark))
        .map(|shelf| monitors::page(shelf, benchmark));
    let count = if found.unjudged.is_some() { UNJUDGED_ROWS } else { ROWS };
    let (total, compared) = (found.shifts.len(), found.compared);
    let note = match &found.unjudged {
        _ if page.is_none() => "No monitor of MMTests ran with this benchmark.".to_owned(),
        None if compared == 0 => "No monitor watched both kernels: nothing can be said.".to_owned(),
        Some(why) => format!("Too little to judge: {why}."),
        None if total == 0 => format!("None of {compared} series moved by more than chance."),
        None => format!(
            "{total} of {compared} series moved by more than chance, the most surprising first. Counters \
             are a second, and moved in sum as well."
        ),
    };
    Also {
        head: format!("{} → {}", named(&alert.window.last_good), named(&alert.window.first_bad)),
        note,
        rows: found.shifts.iter().take(count).map(row).collect(),
        page,
    }
}

/// Compares the two runs at the ends of the window.
pub fn of_window(shelf: &Shelf, alert: &Alert) -> Moved {
    let ends = Ends::of(alert, shelf.runs.iter().filter_map(|shelved| shelved.run));
    ends.map_or(Moved::default(), |ends| ends.moved(&alert.of.benchmark))
}

fn row(shift: &Shift) -> Row {
    let series = format!("{} {}", shift.monitor, shift.series);
    let common = common_name(&shift.monitor, &shift.series);
    let unit = match (shift.reading, shift.unit.as_str()) {
        (Reading::Counter, _) => "/s".to_owned(),
        (Reading::Level, unit) if unit.is_empty() || unit.starts_with('/') => unit.to_owned(),
        (Reading::Level, unit) => format!(" {unit}"),
    };
    let told = |value: f64| format!("{}{unit}", format::brief(value));
    let ratio = shift.after / shift.before;
    Row {
        name: common.map_or(series.clone(), str::to_owned),
        series: common.map_or(String::new(), |_| series),
        before: told(shift.before),
        after: told(shift.after),
        change: match ratio {
            _ if shift.before == 0.0 => "from nothing".to_owned(),
            ratio if ratio >= 1.5 => format!("× {}", format::brief(ratio)),
            ratio => format::signed_percent(100.0 * (ratio - 1.0)),
        },
        p: match shift.p {
            None => "not known".to_owned(),
            Some(p) if p < 1e-4 => "< 1 in 10,000".to_owned(),
            Some(p) => format!("{} %", format::brief(100.0 * p)),
        },
    }
}
