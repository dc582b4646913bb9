//! The home page: what changed, what there is, what is new.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::alerts::{Line, Section};
use super::catalogue::{Catalogue, Shelf, named};
use super::help::markdown;
use super::kernels::{Kernel, kernels};
use super::story::{self, Change, Sentence, Tally};
use super::templates::Place;
use super::{Output, Site, SiteError, format};
use crate::model::natural_cmp;

/// Alerts that are still there.
const CHANGES: usize = 20;
/// Alerts of each other kind.
const OTHERS: usize = 8;
/// Sentences of what may have changed.
const OPEN: usize = 8;
/// Kernels in the list of the newest.
const NEWEST: usize = 10;

#[derive(Serialize)]
struct Page<'s> {
    lead: String,
    lists: Vec<List<'s>>,
    open: Vec<Sentence>,
    more_open: usize,
    judged: bool,
    machines: Vec<String>,
    configs: Vec<Config>,
    kernels: Vec<Kernel>,
    all_kernels: usize,
    notes: Option<String>,
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

/// A row of the matrix.
#[derive(Serialize)]
struct Config {
    name: String,
    cells: Vec<Option<Corner>>,
}

/// One config on one machine.
#[derive(Serialize)]
struct Corner {
    href: String,
    kernels: String,
    newest: String,
    worse: usize,
    better: usize,
}

/// Writes the page.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let mut open: Vec<Change> = catalogue.shelves.iter().flat_map(story::open_questions).collect();
    story::largest_first(&mut open);
    let kernels = kernels(catalogue);
    let (machines, configs) = matrix(catalogue);
    let page = Page {
        lead: lead(catalogue, kernels.len()),
        lists: lists(catalogue),
        more_open: open.len().saturating_sub(OPEN),
        open: open.iter().take(OPEN).map(Change::sentence).collect(),
        judged: catalogue.shelves.iter().any(|shelf| {
            let tally = Tally::of_shelf(shelf, None);
            tally.total() > tally.open
        }),
        machines,
        configs,
        all_kernels: kernels.len(),
        kernels: kernels.into_iter().take(NEWEST).collect(),
        notes: catalogue.options.notes.as_deref().map(markdown),
    };
    let title = catalogue.options.title.clone();
    let place = Place { path: "index.html".into(), title, crumbs: Vec::new() };
    site.write("home.html", &place, &page, out)
}

/// What is still there, the newest first; apart from it what got better, and what is over.
fn lists<'s>(catalogue: &'s Catalogue) -> Vec<List<'s>> {
    let kinds = [
        (Section::There, "Regressions", "those of the newest runs first", "regressions", CHANGES),
        (Section::Better, "Improvements", "", "improvements", OTHERS),
        (Section::Over, "Fixed", "regressions that are over", "over", OTHERS),
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

fn lead(catalogue: &Catalogue, kernels: usize) -> String {
    let machines: BTreeSet<&str> =
        catalogue.shelves.iter().map(|shelf| shelf.comparison.machine.as_str()).collect();
    format!(
        "{} of {} on {}.",
        format::counted(catalogue.runs, "run"),
        format::counted(kernels, "kernel"),
        format::counted(machines.len(), "machine")
    )
}

/// Configs down, machines across.
fn matrix(catalogue: &Catalogue) -> (Vec<String>, Vec<Config>) {
    let mut machines: Vec<&str> = Vec::new();
    let mut rows: BTreeMap<&str, BTreeMap<&str, &Shelf>> = BTreeMap::new();
    for shelf in &catalogue.shelves {
        let (machine, config) = (&shelf.comparison.machine, &shelf.comparison.config);
        machines.push(machine);
        rows.entry(config).or_default().insert(machine, shelf);
    }
    machines.sort_by(|a, b| natural_cmp(a, b));
    machines.dedup();
    let configs = rows.iter().map(|(config, row)| Config {
        name: named(config).to_owned(),
        cells: machines.iter().map(|m| row.get(m).map(|s| corner(catalogue, s))).collect(),
    });
    let configs = configs.collect();
    (machines.into_iter().map(|machine| named(machine).to_owned()).collect(), configs)
}

fn corner(catalogue: &Catalogue, shelf: &Shelf) -> Corner {
    let count = |section| {
        let alerts = catalogue.alerts_of(shelf.comparison);
        alerts.filter(|line| line.section == section).count()
    };
    let columns = &shelf.comparison.columns;
    Corner {
        href: shelf.page(),
        kernels: format::counted(columns.len(), "kernel"),
        newest: columns.last().map_or(String::new(), |column| named(&column.run).to_owned()),
        worse: count(Section::There),
        better: count(Section::Better),
    }
}
