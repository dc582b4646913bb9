//! Alerts for other programs: `alerts.json`, and Atom feeds of all, of a machine, and of a config on it.
//! None knows the time: an entry is as old as the run that showed the change.

use super::LIST;
use super::failing::FailedLine;
use super::line::{Line, Section};
use crate::site::templates::Place;
use crate::site::{BaseUrl, Output, Site, SiteError, data, format};

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
    write_feed(site, about, |_| true, out)
}

/// Writes a feed of the alerts of those places, each a machine and a config.
pub fn write_feed(
    site: &Site,
    about: About,
    takes: impl Fn(&(String, String)) -> bool,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let alerts = site.catalogue.alerts.iter();
    let alerts = alerts.filter(|line| line.section != Section::Known && takes(&line.place));
    let failing = site.catalogue.failing.iter();
    let failing = failing.filter(|line| !line.known && takes(&line.place));
    let alerts = alerts.map(|line| ((line.news.1, line.news.2), Of::Alert(line)));
    // Failing tests have no severity: of one day they come first.
    let failing = failing.map(|line| ((line.day, i64::MAX), Of::Failing(line)));
    let mut newest: Vec<((i64, i64), Of)> = alerts.chain(failing).collect();
    // Those of the newest runs first; of those, the most severe.
    newest.sort_by(|(a, x), (b, y)| (b, y.id()).cmp(&(a, x.id())));
    newest.truncate(ENTRIES);
    // Where sites of several labs are read, each has names of its own.
    let base = site.catalogue.options.base_url.as_ref();
    let entries: Vec<Entry> =
        newest.into_iter().map(|((day, _), of)| of.entry(day, base)).collect();
    let updated = entries.first().map_or_else(|| time(i64::MIN), |entry| entry.updated.clone());
    let About { path, id, title, page } = about;
    let id = base.map_or(id, |base| base.of(&path));
    let place = Place { path, title: title.to_owned(), crumbs: Vec::new(), data: None };
    site.write("alerts.xml", &place, &Feed { id, title, page, updated, entries }, out)
}

/// What an entry is about.
#[derive(Clone, Copy)]
enum Of<'s> {
    Alert(&'s Line),
    Failing(&'s FailedLine),
}

impl Of<'_> {
    fn id(&self) -> &str {
        match self {
            Of::Alert(line) => &line.id,
            Of::Failing(line) => &line.id,
        }
    }

    fn entry(self, day: i64, base: Option<&BaseUrl>) -> Entry {
        let (title, href, text) = match self {
            Of::Alert(line) => (
                format!(
                    "{} {} in {} on {}",
                    line.benchmark, line.mark, line.first_bad.label, line.machine
                ),
                &line.href,
                format!(
                    "{} {}: {}; {}; {}",
                    line.operation, line.interval, line.sentence, line.moved, line.elsewhere
                ),
            ),
            Of::Failing(line) => (
                format!(
                    "{} ✗ newly failing in {} on {}",
                    line.benchmark, line.kernel, line.machine
                ),
                &line.href,
                line.sentence.clone(),
            ),
        };
        let id =
            base.map_or_else(|| format!("urn:melbot:alert:{}", self.id()), |base| base.of(href));
        Entry { id, title, href: href.clone(), updated: time(day), text }
    }
}

/// A day as Atom wants it; the first of all where it is not known.
fn time(day: i64) -> String {
    let seconds = day.checked_mul(86_400).unwrap_or(0);
    format!("{}T00:00:00Z", format::day(seconds))
}
