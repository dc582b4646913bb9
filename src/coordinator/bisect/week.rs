//! How many hours searches took in a week.

use std::path::PathBuf;

use chrono::DateTime;

use super::assignment::{Assignment, By};
use crate::bisect::Session;

const WEEK: i64 = 7 * 24 * 3_600_000;

/// Hours that builds and measurements of the searches of the policy took on a machine in the seven days
/// before a time in milliseconds since 1970.
pub fn hours(searches: &[(PathBuf, Assignment)], machine: &str, now: i64) -> f64 {
    let of_it = |search: &&(PathBuf, Assignment)| {
        search.1.by == By::Policy && search.1.machine() == machine
    };
    let sessions =
        searches.iter().filter(of_it).filter_map(|(folder, _)| Session::open(folder).ok());
    let seconds = |session: Session| -> f64 {
        let recent = |time: &str| {
            let time = DateTime::parse_from_rfc3339(time).map(|time| time.timestamp_millis());
            time.is_ok_and(|time| time > now.saturating_sub(WEEK))
        };
        let entries = session.journal().iter().filter(|entry| recent(&entry.time));
        entries.filter_map(|entry| entry.seconds).sum()
    };
    sessions.map(seconds).sum::<f64>() / 3600.0
}
