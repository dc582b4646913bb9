//! The page of everything that could not be read.

use serde::Serialize;

use super::raw_logs::{LogLink, RawLogs};
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, format};
use crate::model::{Problem, Severity};

/// Problems of one severity on the page; more are counted only.
const MAX_SHOWN: usize = 1_000;

#[derive(Serialize)]
struct Page {
    lead: String,
    groups: Vec<Group>,
}

/// Problems of one severity.
#[derive(Serialize)]
struct Group {
    severity: &'static str,
    meaning: &'static str,
    count: usize,
    problems: Vec<ProblemView>,
    left_out: usize,
}

/// A problem as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemView {
    class: &'static str,
    severity: &'static str,
    log: LogLink,
    line: Option<u64>,
    what: String,
    remedy: String,
}

/// A problem as pages show it.
pub fn view(raw: &RawLogs, root: &str, problem: &Problem) -> ProblemView {
    let (severity, class) = match problem.severity {
        Severity::Error => ("error", "worse"),
        Severity::Warning => ("warning", "unsure"),
        Severity::Note => ("note", "same"),
    };
    ProblemView {
        class,
        severity,
        log: raw.link(root, &problem.path, &problem.path),
        line: problem.line,
        what: problem.what.clone(),
        remedy: problem.remedy.clone(),
    }
}

/// Writes the page.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let all = &site.catalogue.problems;
    let raw = &site.catalogue.options.raw_logs;
    let groups = [
        (Severity::Error, "Errors", "a whole benchmark or run gave no data"),
        (Severity::Warning, "Warnings", "some data could not be used"),
        (Severity::Note, "Notes", "odd, but nothing was lost"),
    ];
    let groups: Vec<Group> = groups.into_iter().filter_map(|kind| group(raw, all, kind)).collect();
    let lead = match all.len() {
        0 => "No problems: everything in the results folder could be read.".to_owned(),
        count => format!(
            "{} in the results. What they concern is missing from the tables, or not to be trusted.",
            format::counted(count, "problem")
        ),
    };
    let place = Place {
        path: "problems.html".into(),
        title: "Problems".into(),
        crumbs: vec![Link::new("Home", "index.html")],
    };
    site.write("problems.html", &place, &Page { lead, groups }, out)
}

fn group(
    raw: &RawLogs,
    all: &[&Problem],
    (of, severity, meaning): (Severity, &'static str, &'static str),
) -> Option<Group> {
    let found: Vec<&&Problem> = all.iter().filter(|problem| problem.severity == of).collect();
    let problems = found.iter().take(MAX_SHOWN).map(|problem| view(raw, "", problem)).collect();
    let left_out = found.len().saturating_sub(MAX_SHOWN);
    (!found.is_empty()).then(|| Group { severity, meaning, count: found.len(), problems, left_out })
}
