//! The list of all alerts.

use serde::Serialize;

use super::failing::FailedLine;
use super::line::{Line, Section, commits};
use super::suspects::Suspect;
use super::{LIST, page_of};
use crate::analysis::alerts::Withheld;
use crate::notes::AlertNotes;
use crate::site::catalogue::named;
use crate::site::templates::{Link, Place};
use crate::site::{Output, Site, SiteError, format};

/// Rows of one section: with more, the rest is in `alerts.json`.
const ROWS: usize = 500;

#[derive(Serialize)]
struct Page<'s> {
    lead: String,
    evidence: Option<[String; 2]>,
    drifts: Vec<String>,
    sections: Vec<Group<'s>>,
    failing: Vec<Row>,
    suspects: Vec<Suspect>,
    more_suspects: usize,
    withheld: Vec<Row>,
    more_withheld: usize,
    unseen: Vec<Row>,
    any: bool,
}

/// One section.
#[derive(Serialize)]
struct Group<'s> {
    id: &'static str,
    title: &'static str,
    note: &'static str,
    count: usize,
    lines: Vec<&'s Line>,
    more: usize,
}

/// A row of the simpler tables.
#[derive(Serialize)]
struct Row {
    what: Link,
    place: String,
    window: String,
    detail: String,
    state: String,
}

const SECTIONS: [(Section, &str, &str, &str); 4] = [
    (Section::There, "regressions", "Regressions", "still there, the most severe first"),
    (Section::Better, "improvements", "Improvements", "and repairs"),
    (Section::Over, "over", "Fixed", "regressions that are over"),
    (Section::Known, "known", "Known", "acknowledged, explained, or a false alarm"),
];

/// Writes the page.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let group =
        |(section, id, title, note): (Section, &'static str, &'static str, &'static str)| {
            let mut lines: Vec<&Line> =
                catalogue.alerts.iter().filter(|line| line.section == section).collect();
            let count = lines.len();
            lines.truncate(ROWS);
            Group { id, title, note, count, more: count - lines.len(), lines }
        };
    let report = catalogue.report;
    let page = Page {
        lead: lead(site),
        evidence: catalogue.evidence.map(|found| [found.sentence(), found.basis()]),
        drifts: report.machine_drifts.iter().map(|drift| drift.sentence()).collect(),
        any: !catalogue.alerts.is_empty(),
        sections: SECTIONS.map(group).into_iter().filter(|group| group.count > 0).collect(),
        failing: catalogue.failing.iter().take(ROWS).map(failing).collect(),
        suspects: report.suspects.iter().take(ROWS).map(Suspect::new).collect(),
        more_suspects: report.suspects.len().saturating_sub(ROWS),
        withheld: report.withheld.iter().take(ROWS).map(withheld).collect(),
        more_withheld: report.withheld.len().saturating_sub(ROWS),
        unseen: report.unseen.iter().map(unseen).collect(),
    };
    let place = Place {
        path: LIST.into(),
        title: "Alerts".into(),
        crumbs: vec![Link::new("Home", "index.html")],
        data: Some("alerts.json".into()),
    };
    site.write("alerts.html", &place, &page, out)
}

/// How much was judged, and what is promised.
fn lead(site: &Site) -> String {
    let judged = site.catalogue.judged;
    let compared = |series: &crate::analysis::alerts::JudgedSeries| {
        series.verdicts.comparisons.iter().filter(|c| c.parent.is_some()).count()
    };
    let comparisons: usize = judged.series.iter().map(compared).sum();
    let alerts = site.catalogue.alerts.len();
    let judged = format!(
        "{} of {} were judged together",
        format::counted(comparisons, "comparison"),
        format::counted(judged.series.len(), "operation")
    );
    if comparisons == 0 {
        return "There is nothing to compare yet: it takes two kernels.".to_owned();
    }
    let found = match alerts {
        0 => "nothing changed by more than noise explains.".to_owned(),
        alerts => format!("{} came of it.", format::counted(alerts, "alert")),
    };
    format!(
        "{judged}; {found} The threshold is set so that of what is flagged about {:.0} % would be \
         noise on average, if the engine's model of noise held exactly; count on twice that.",
        100.0 * site.catalogue.settings.false_share
    )
}

fn failing(failed: &FailedLine) -> Row {
    Row {
        what: Link::new(failed.benchmark.clone(), failed.href.clone()),
        place: format!("{} · {}", failed.machine, failed.config),
        window: format!("{} → {}", failed.last_good, failed.kernel),
        detail: failed.sentence.clone(),
        state: failed.state.to_owned(),
    }
}

fn withheld(withheld: &Withheld) -> Row {
    let of = &withheld.of;
    let folder = crate::site::names::comparison_folder(&of.place.machine, &of.place.config);
    let anchor = crate::site::story::anchor(&of.benchmark);
    let window = &withheld.window;
    let commits = commits(window).map_or(String::new(), |commits| format!(", {commits}"));
    Row {
        what: Link::new(of.benchmark.clone(), format!("{folder}/index.html#{anchor}")),
        place: format!("{} · {}", named(&of.place.machine), named(&of.place.config)),
        window: format!("{} → {}{commits}", window.last_good, window.first_bad),
        detail: format!(
            "{} seem to have moved; {}",
            format::counted(withheld.operations.len(), "operation"),
            withheld.reason
        ),
        state: String::new(),
    }
}

fn unseen(notes: &AlertNotes) -> Row {
    let subject = &notes.subject;
    Row {
        what: Link::new(subject.id.clone(), page_of(&subject.id)),
        place: format!("{} on {} · {}", subject.benchmark, subject.machine, subject.config),
        window: format!("{} → {}", subject.last_good, subject.first_bad),
        detail: notes.entries.last().map_or(String::new(), |entry| entry.reason.clone()),
        state: notes.state().word().to_owned(),
    }
}
