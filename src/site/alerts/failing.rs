//! The page of functional tests that fail with a kernel and passed with the one before.

use serde::Serialize;

use super::page::{Note, crumbs, note};
use super::page_of;
use crate::analysis::alerts::{FailedTest, Failing};
use crate::site::catalogue::named;
use crate::site::names::{comparison_folder, kernel_page};
use crate::site::story::anchor;
use crate::site::templates::{Link, Place};
use crate::site::{Output, Site, SiteError, data, format};

/// Tests on the page.
const TESTS: usize = 1_000;

#[derive(Serialize)]
struct Page {
    title: String,
    id: String,
    lead: String,
    state: &'static str,
    comparison: Link,
    last_good: String,
    first_bad: Link,
    tests: Vec<Row>,
    more: usize,
    notes: Vec<Note>,
    commands: String,
}

#[derive(Serialize)]
struct Row {
    test: String,
    iterations: String,
    repaired: String,
}

/// Writes it.
pub fn write(site: &Site, failing: &Failing, out: &dyn Output) -> Result<(), SiteError> {
    let place = &failing.of.place;
    let (benchmark, first_bad) = (&failing.of.benchmark, &failing.window.first_bad);
    let title = format!(
        "{} of {benchmark} in {} on {}",
        format::counted(failing.tests.len(), "failing test"),
        named(first_bad),
        named(&place.machine)
    );
    let folder = comparison_folder(&place.machine, &place.config);
    let id = &failing.id;
    let page = Page {
        title: title.clone(),
        id: id.clone(),
        lead: format!("{}; {}.", failing.title(), failing.sentence()),
        state: failing.state.word(),
        comparison: Link::new(
            format!("{benchmark} in {} on {}", named(&place.config), named(&place.machine)),
            format!("{folder}/index.html#{}", anchor(benchmark)),
        ),
        last_good: failing.window.last_good.clone(),
        first_bad: Link::new(named(first_bad), kernel_page(first_bad)),
        tests: failing.tests.iter().take(TESTS).map(row).collect(),
        more: failing.tests.len().saturating_sub(TESTS),
        notes: failing.notes.iter().map(note).collect(),
        commands: format!(
            "melbot alerts show {id} RESULTS\n\
             melbot alerts ack {id} RESULTS --reason 'looking into it'\n"
        ),
    };
    data::alert::write_failing(failing, out)?;
    let path = page_of(id);
    let data = Some(data::beside(&path));
    let place = Place { path, title, crumbs: crumbs(), data };
    site.write("failing.html", &place, &page, out)
}

fn row(test: &FailedTest) -> Row {
    Row {
        test: test.test.clone(),
        iterations: format::counted(test.iterations, "iteration"),
        repaired: match test.repaired.as_slice() {
            [] => "no".to_owned(),
            kernels => format!("in {}", kernels.join(", ")),
        },
    }
}
