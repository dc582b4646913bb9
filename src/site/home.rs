//! The home page: what changed, what there is, what is new.

use std::collections::BTreeSet;

use serde::Serialize;

use super::alerts::{FailedLine, Line, Section, Suspect};
use super::catalogue::{Catalogue, Shelf, named};
use super::coverage::{Coverage, Grid, coverage, outlook};
use super::machines::{Newest, machines, newest};
use super::names::machine_page;
use super::story::Tally;
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, data, format};
use crate::analysis::alerts::and;

/// Alerts that are still there.
const CHANGES: usize = 20;
/// Alerts of each other kind.
const OTHERS: usize = 8;
/// Days before the newest run that count as lately.
const LATELY: i64 = 14;

#[derive(Serialize)]
struct Page<'s> {
    lead: String,
    lately: Option<String>,
    lists: Vec<List<'s>>,
    failing: Vec<&'s FailedLine>,
    more_failing: usize,
    suspects: Vec<Suspect>,
    more_suspects: usize,
    judged: bool,
    newest: Newest,
    coverage: Coverage,
    any: bool,
    kernels: usize,
}

/// Alerts of one kind.
#[derive(Serialize)]
struct List<'s> {
    title: &'static str,
    note: &'static str,
    id: &'static str,
    lines: Vec<&'s Line>,
    more: usize,
}

/// Writes the page.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let machines = machines(catalogue);
    let heads = machines
        .iter()
        .map(|(name, shelves)| (Link::new(named(name), machine_page(name)), shelves.as_slice()));
    let shelves: Vec<&Shelf> = machines.iter().flat_map(|(_, shelves)| shelves.clone()).collect();
    let grid = Grid::new(catalogue, &shelves);
    let kernels = catalogue.judged.tree().kernels.len();
    let mut failing: Vec<&FailedLine> = catalogue.failing.iter().filter(|line| line.open).collect();
    failing.sort_by_key(|line| std::cmp::Reverse(line.day));
    let more_failing = failing.len().saturating_sub(OTHERS);
    failing.truncate(OTHERS);
    let page = Page {
        failing,
        more_failing,
        lead: lead(catalogue, kernels, machines.len()),
        lately: lately(catalogue),
        lists: lists(catalogue),
        more_suspects: catalogue.report.suspects.len().saturating_sub(OTHERS),
        suspects: catalogue.report.suspects.iter().take(OTHERS).map(Suspect::new).collect(),
        judged: catalogue.shelves.iter().any(|shelf| {
            let tally = Tally::of_shelf(shelf, None);
            tally.total() > tally.open
        }),
        newest: newest(heads),
        coverage: coverage(&shelves, &grid, outlook(catalogue.pending, None)),
        any: !shelves.is_empty(),
        kernels,
    };
    let title = catalogue.options.title.clone();
    data::home::write(site, &machines, (&shelves, &grid), out)?;
    let data = Some("index.json".to_owned());
    let place = Place { path: "index.html".into(), title, crumbs: Vec::new(), data };
    site.write("home.html", &place, &page, out)
}

/// What is still there, the newest first; apart from it what got better, and what is over.
fn lists<'s>(catalogue: &'s Catalogue) -> Vec<List<'s>> {
    let kinds = [
        (Section::There, "Regressions", "those of the newest runs first", "regressions", CHANGES),
        (Section::Better, "Improvements", "", "improvements", OTHERS),
        (Section::Over, "Fixed", "regressions that are over", "over", OTHERS),
        (Section::Known, "Known", "somebody has said something about them", "known", OTHERS),
    ];
    let list = |(section, title, note, id, most): (Section, _, _, _, usize)| {
        let mut lines: Vec<&Line> =
            catalogue.alerts.iter().filter(|line| line.section == section).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.news));
        let more = lines.len().saturating_sub(most);
        lines.truncate(most);
        List { title, note, id, lines, more }
    };
    kinds.into_iter().map(list).filter(|list| !list.lines.is_empty()).collect()
}

fn lead(catalogue: &Catalogue, kernels: usize, machines: usize) -> String {
    format!(
        "{} of {} on {}.",
        format::counted(catalogue.runs, "run"),
        format::counted(kernels, "kernel"),
        format::counted(machines, "machine")
    )
}

/// What happened in the two weeks up to the newest run. The clock is that of the results: a page does
/// not change because time goes by.
fn lately(catalogue: &Catalogue) -> Option<String> {
    let columns = catalogue.shelves.iter().flat_map(|shelf| {
        shelf.comparison.columns.iter().map(move |column| (&shelf.comparison.machine, column))
    });
    let day = |seconds: i64| seconds.div_euclid(86_400);
    let newest = columns.clone().filter_map(|(_, column)| column.started).max()?;
    let since = day(newest) - LATELY;
    let late: Vec<_> =
        columns.filter(|(_, c)| c.started.is_some_and(|at| day(at) > since)).collect();
    let machines: BTreeSet<&String> = late.iter().map(|(machine, _)| *machine).collect();
    let kernels: BTreeSet<&String> = late.iter().map(|(_, column)| &column.run).collect();
    let told = |section| {
        let lines = catalogue.alerts.iter().filter(|line| line.section == section);
        lines.filter(|line| line.news.1 > since).count()
    };
    let found: Vec<String> = [
        (told(Section::There), "regression"),
        (told(Section::Better), "improvement"),
        (told(Section::Over), "repaired regression"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format::counted(count, what))
    .collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let found = match found.as_slice() {
        [] => "they showed no change that is certain".to_owned(),
        found => format!("they showed {}", and(found)),
    };
    Some(format!(
        "In the two weeks up to {} there were {} of {} on {}; {found}.",
        format::day(newest),
        format::counted(late.len(), "run"),
        format::counted(kernels.len(), "kernel"),
        format::counted(machines.len(), "machine"),
    ))
}
