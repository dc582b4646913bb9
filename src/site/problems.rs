//! Everything that could not be read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::raw_logs::{LogLink, RawLogs};
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, data, format};
use crate::model::{Problem, Severity};

/// Different problems on one page; more are counted only.
const MAX_SHOWN: usize = 300;
/// Places of one problem that are always to be seen.
const FIRST_PLACES: usize = 3;
/// Places of one problem that can be unfolded.
const MORE_PLACES: usize = 200;

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

/// A problem as pages show it, with all places that have it.
#[derive(Debug, Serialize)]
pub struct ProblemView {
    class: &'static str,
    severity: &'static str,
    what: String,
    remedy: String,
    places: Vec<PlaceView>,
    more: Vec<PlaceView>,
    left_out: usize,
}

/// Where a problem is.
#[derive(Debug, Serialize)]
struct PlaceView {
    log: LogLink,
    line: Option<u64>,
}

/// Each problem once, ordered by severity, path and line.
pub fn worst_first<'a>(problems: impl Iterator<Item = &'a Problem>) -> Vec<&'a Problem> {
    let mut problems: Vec<&Problem> = problems.collect();
    problems.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| (&a.path, a.line).cmp(&(&b.path, b.line)))
    });
    problems.dedup();
    problems
}

/// The problems as pages show them: those that say the same are one.
pub fn views(raw: &RawLogs, root: &str, problems: &[&Problem]) -> Vec<ProblemView> {
    let mut order: Vec<Vec<&Problem>> = Vec::new();
    let mut known: BTreeMap<(Severity, &str, &str), usize> = BTreeMap::new();
    for problem in problems {
        let key = (problem.severity, problem.what.as_str(), problem.remedy.as_str());
        let at = *known.entry(key).or_insert(order.len());
        match order.get_mut(at) {
            Some(same) => same.push(problem),
            None => order.push(vec![problem]),
        }
    }
    order.iter().filter_map(|same| view(raw, root, same)).collect()
}

/// `None` for no problem at all.
fn view(raw: &RawLogs, root: &str, same: &[&Problem]) -> Option<ProblemView> {
    let first = same.first()?;
    let (severity, class) = match first.severity {
        Severity::Error => ("error", "worse"),
        Severity::Warning => ("warning", "unsure"),
        Severity::Note => ("note", "same"),
    };
    let place = |problem: &&Problem| PlaceView {
        log: raw.link(root, &problem.path, &problem.path),
        line: problem.line,
    };
    Some(ProblemView {
        class,
        severity,
        what: first.what.clone(),
        remedy: first.remedy.clone(),
        places: same.iter().take(FIRST_PLACES).map(place).collect(),
        more: same.iter().skip(FIRST_PLACES).take(MORE_PLACES).map(place).collect(),
        left_out: same.len().saturating_sub(FIRST_PLACES + MORE_PLACES),
    })
}

/// Writes the page of all problems.
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
            "{} in the results. What they concern is missing from the tables, or not to be \
             trusted.",
            format::counted(count, "problem")
        ),
    };
    let place = Place {
        path: "problems.html".into(),
        title: "Problems".into(),
        crumbs: vec![Link::new("Home", "index.html")],
        data: Some("problems.json".into()),
    };
    data::problems::write(site, out)?;
    site.write("problems.html", &place, &Page { lead, groups }, out)
}

fn group(
    raw: &RawLogs,
    all: &[&Problem],
    (of, severity, meaning): (Severity, &'static str, &'static str),
) -> Option<Group> {
    let found: Vec<&Problem> =
        all.iter().copied().filter(|problem| problem.severity == of).collect();
    let mut problems = views(raw, "", &found);
    let left_out = problems.len().saturating_sub(MAX_SHOWN);
    problems.truncate(MAX_SHOWN);
    (!found.is_empty()).then_some(Group {
        severity,
        meaning,
        count: found.len(),
        problems,
        left_out,
    })
}
