//! Alerts for other programs: `alerts.json`, and Atom feeds of all, of a machine, and of a config on it.
//! None knows the time: an entry is as old as the run that showed the change.

use super::LIST;
use super::line::{Line, Section};
use crate::site::templates::Place;
use crate::site::{Output, Site, SiteError, data, format};

/// Entries of the feed.
const ENTRIES: usize = 100;

/// Whose alerts a feed has.
pub struct About<'s> {
    /// Path of the feed.
    pub path: String,
    /// Its name for feed readers: must not change.
    pub id: String,
    /// Of what.
    pub title: &'s str,
    /// The page that it belongs to.
    pub page: String,
}

#[derive(serde::Serialize)]
struct Feed<'s> {
    id: String,
    title: &'s str,
    page: String,
    updated: String,
    entries: Vec<Entry>,
}

#[derive(serde::Serialize)]
struct Entry {
    id: String,
    title: String,
    href: String,
    updated: String,
    text: String,
}

/// Writes `alerts.json`, and the feed of all alerts.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    data::alert::write_all(site, out)?;
    let about = About {
        path: "alerts.xml".into(),
        id: "urn:melbot:alerts".into(),
        title: "alerts",
        page: LIST.into(),
    };
    write_feed(site, about, site.catalogue.alerts.iter(), out)
}

/// Writes a feed.
pub fn write_feed<'s>(
    site: &Site,
    about: About,
    lines: impl Iterator<Item = &'s Line>,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let mut newest: Vec<&Line> = lines.collect();
    newest.retain(|line| line.section != Section::Known);
    // Those of the newest runs first; of those, the most severe.
    newest.sort_by(|a, b| (b.news.1, b.news.2, &a.id).cmp(&(a.news.1, a.news.2, &b.id)));
    newest.truncate(ENTRIES);
    let entries: Vec<Entry> = newest.into_iter().map(entry).collect();
    let updated = entries.first().map_or_else(|| time(i64::MIN), |entry| entry.updated.clone());
    let About { path, id, title, page } = about;
    let place = Place { path, title: title.to_owned(), crumbs: Vec::new(), data: None };
    site.write("alerts.xml", &place, &Feed { id, title, page, updated, entries }, out)
}

fn entry(line: &Line) -> Entry {
    Entry {
        id: line.id.clone(),
        title: format!(
            "{} {} in {} on {}",
            line.benchmark, line.mark, line.first_bad.label, line.machine
        ),
        href: line.href.clone(),
        updated: time(line.news.1),
        text: format!(
            "{} {}: {}; {}; {}",
            line.operation, line.interval, line.sentence, line.moved, line.elsewhere
        ),
    }
}

/// A day as Atom wants it; the first of all where it is not known.
fn time(day: i64) -> String {
    let seconds = day.checked_mul(86_400).unwrap_or(0);
    format!("{}T00:00:00Z", format::day(seconds))
}
