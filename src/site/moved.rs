//! What else moved, as the page of an alert shows it.

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::{format, monitors};
use crate::analysis::alerts::{Alert, Ends};
use crate::analysis::{Moved, ShiftWords};

/// Rows of the table.
const ROWS: usize = 20;
/// Rows where nothing could be judged.
const UNJUDGED_ROWS: usize = 8;

/// What else moved between the last good and the first bad kernel.
#[derive(Serialize)]
pub struct Also {
    head: String,
    note: String,
    rows: Vec<ShiftWords>,
    /// Page with all that the monitors saw.
    page: Option<String>,
}

/// What the monitors say about an alert.
pub fn also(shelf: Option<&Shelf>, alert: &Alert, found: &Moved) -> Also {
    let benchmark = &alert.of.benchmark;
    let page = shelf
        .filter(|shelf| monitors::has_page(shelf, benchmark))
        .map(|shelf| monitors::page(shelf, benchmark));
    let count = if found.unjudged.is_some() { UNJUDGED_ROWS } else { ROWS };
    let note = match page {
        None => "No monitor of MMTests ran with this benchmark.".to_owned(),
        Some(_) => found.sentence(),
    };
    Also {
        head: format!("{} → {}", named(&alert.window.last_good), named(&alert.window.first_bad)),
        note,
        rows: found.shifts.iter().take(count).map(|shift| shift.words(format::brief)).collect(),
        page,
    }
}

/// Compares the two runs at the ends of the window.
pub fn of_window(shelf: &Shelf, alert: &Alert) -> Moved {
    let ends = Ends::of(alert, shelf.runs.iter().filter_map(|shelved| shelved.run));
    ends.map_or(Moved::default(), |ends| ends.moved(&alert.of.benchmark))
}
