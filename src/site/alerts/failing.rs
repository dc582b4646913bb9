//! The page of functional tests that fail with a kernel and passed with the one before.

use serde::Serialize;

use super::page::{Note, crumbs, note};
use super::page_of;
use crate::analysis::alerts::{BenchmarkKey, FailedTest, Failing};
use crate::notes::State;
use crate::site::catalogue::named;
use crate::site::names::{comparison_folder, kernel_page};
use crate::site::story::anchor;
use crate::site::templates::{Link, Place};
use crate::site::{Output, Site, SiteError, data, format};

/// Tests on the page.
const TESTS: usize = 1_000;

/// Tests that newly fail, as a line of a list.
#[derive(Clone, Debug, Serialize)]
pub struct FailedLine {
    pub id: String,
    pub href: String,
    pub machine: String,
    pub config: String,
    pub benchmark: String,
    /// The benchmark on the page of its comparison.
    pub comparison: String,
    /// How many of how many tests, and what became of them.
    pub sentence: String,
    pub last_good: String,
    pub kernel: String,
    pub state: &'static str,
    /// Still there, and nobody has said anything about it.
    #[serde(skip)]
    pub open: bool,
    /// Somebody has said something about it.
    #[serde(skip)]
    pub known: bool,
    /// The day on which the kernel was measured.
    #[serde(skip)]
    pub day: i64,
    /// Machine and config, as results have them.
    #[serde(skip)]
    pub place: (String, String),
}

impl FailedLine {
    /// `measured` is when the first bad kernel was measured there.
    pub fn of(failing: &Failing, measured: Option<i64>) -> FailedLine {
        let place = &failing.of.place;
        FailedLine {
            id: failing.id.clone(),
            href: page_of(&failing.id),
            machine: named(&place.machine).to_owned(),
            config: named(&place.config).to_owned(),
            benchmark: failing.of.benchmark.clone(),
            comparison: comparison(&failing.of),
            sentence: format!("{}; {}", failing.told(), failing.sentence()),
            last_good: named(&failing.window.last_good).to_owned(),
            kernel: named(&failing.window.first_bad).to_owned(),
            state: failing.state.word(),
            open: failing.is_news(),
            known: !matches!(failing.state, State::New | State::Fixed),
            day: measured.map_or(i64::MIN, |at| at.div_euclid(86_400)),
            place: (place.machine.clone(), place.config.clone()),
        }
    }
}

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
    let id = &failing.id;
    let page = Page {
        title: title.clone(),
        id: id.clone(),
        lead: format!("{}; {}.", failing.title(), failing.sentence()),
        state: failing.state.word(),
        comparison: Link::new(
            format!("{benchmark} in {} on {}", named(&place.config), named(&place.machine)),
            comparison(&failing.of),
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

/// The benchmark on the page of its comparison.
fn comparison(of: &BenchmarkKey) -> String {
    let folder = comparison_folder(&of.place.machine, &of.place.config);
    format!("{folder}/index.html#{}", anchor(&of.benchmark))
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
