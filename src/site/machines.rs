//! Pages of machines: what they are, what ran on them, and what is open there.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::alerts::{self, About, Line, Section};
use super::badge;
use super::catalogue::{Catalogue, Shelf, named};
use super::coverage::{Coverage, Grid, coverage, outlook};
use super::names::{machine_page, slug};
use super::story::Tally;
use super::templates::{Link, Place};
use super::{Output, Site, SiteError, data, format};
use crate::analysis::alerts::track_name;
use crate::model::{facts, natural_cmp};

/// Alerts on the page of a machine.
const ALERTS: usize = 40;
/// Values of one fact.
const VALUES: usize = 4;
/// Facts that are those of a run, a kernel or a config, not of a machine.
const NOT_OF_MACHINE: &[&str] =
    &[facts::KERNEL, facts::COMMAND_LINE, facts::COMPILER, facts::CONFIG_FILE, facts::MMTESTS];

/// A machine in the list.
#[derive(Debug, Serialize)]
struct Machine {
    name: String,
    href: String,
    cpu: String,
    configs: usize,
    kernels: usize,
    runs: usize,
    day: String,
    worse: usize,
    better: usize,
}

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    feed: String,
    badge: String,
    lead: String,
    alerts: Vec<&'s Line>,
    more_alerts: usize,
    newest: Newest,
    coverage: Coverage,
    facts: Vec<Fact>,
}

/// The newest run of every track.
#[derive(Debug, Serialize)]
pub struct Newest {
    tracks: Vec<String>,
    rows: Vec<NewestRow>,
}

#[derive(Debug, Serialize)]
struct NewestRow {
    head: Link,
    cells: Vec<Option<NewestRun>>,
}

#[derive(Debug, Serialize)]
struct NewestRun {
    run: Link,
    day: String,
    worse: usize,
    better: usize,
}

/// A fact and the values that it had, the newest first.
#[derive(Serialize)]
struct Fact {
    name: String,
    values: Vec<Value>,
    more: usize,
}

#[derive(Serialize)]
struct Value {
    value: String,
    /// Where it was seen, if there are others.
    seen: Option<String>,
}

/// The machines with their comparisons, in natural order.
pub fn machines<'c, 'a>(catalogue: &'c Catalogue<'a>) -> Vec<(&'c str, Vec<&'c Shelf<'a>>)> {
    let mut machines: BTreeMap<&str, Vec<&Shelf>> = BTreeMap::new();
    for shelf in &catalogue.shelves {
        machines.entry(&shelf.comparison.machine).or_default().push(shelf);
    }
    let mut machines: Vec<(&str, Vec<&Shelf>)> = machines.into_iter().collect();
    machines.sort_by(|(a, _), (b, _)| natural_cmp(a, b));
    machines
}

/// Writes the list of all machines.
pub fn write_index(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    #[derive(Serialize)]
    struct Page {
        machines: Vec<Machine>,
    }
    let all = machines(&site.catalogue);
    let machines = all.iter().map(|(name, shelves)| machine(site, name, shelves)).collect();
    let place = Place {
        path: "machines/index.html".into(),
        title: "Machines".into(),
        crumbs: vec![Link::new("Home", "index.html")],
        data: None,
    };
    site.write("machines.html", &place, &Page { machines }, out)
}

fn machine(site: &Site, name: &str, shelves: &[&Shelf]) -> Machine {
    let (runs, kernels, newest) = totals(shelves);
    let lines = || site.catalogue.alerts.iter().filter(|line| line.place.0 == name);
    let count = |section| lines().filter(|line| line.section == section).count();
    Machine {
        name: named(name).to_owned(),
        href: machine_page(name),
        cpu: newest_fact(shelves, facts::CPU).unwrap_or_default().to_owned(),
        configs: shelves.len(),
        kernels,
        runs,
        day: newest.map_or(String::new(), format::day),
        worse: count(Section::There),
        better: count(Section::Better),
    }
}

/// Numbers of runs and of kernels, and when the newest run was started.
fn totals(shelves: &[&Shelf]) -> (usize, usize, Option<i64>) {
    let columns = || shelves.iter().flat_map(|shelf| &shelf.comparison.columns);
    let mut kernels: Vec<&str> = columns().map(|column| column.run.as_str()).collect();
    kernels.sort_unstable();
    kernels.dedup();
    (columns().count(), kernels.len(), columns().filter_map(|column| column.started).max())
}

/// Writes the page of every machine.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let machines = machines(&site.catalogue);
    machines.par_iter().try_for_each(|(name, shelves)| write(site, name, shelves, out))
}

fn write(site: &Site, name: &str, shelves: &[&Shelf], out: &dyn Output) -> Result<(), SiteError> {
    let open = |line: &&Line| {
        line.place.0 == name && matches!(line.section, Section::There | Section::Better)
    };
    let mut alerts: Vec<&Line> = site.catalogue.alerts.iter().filter(open).collect();
    let more_alerts = alerts.len().saturating_sub(ALERTS);
    alerts.truncate(ALERTS);
    let heads = shelves.iter().map(|shelf| {
        (Link::new(named(&shelf.comparison.config), shelf.page()), std::slice::from_ref(shelf))
    });
    let grid = Grid::new(&site.catalogue, shelves);
    let page = Page {
        title: named(name).to_owned(),
        feed: format!("machines/{}.xml", slug(name)),
        badge: format!("machines/{}.svg", slug(name)),
        lead: lead(shelves),
        alerts,
        more_alerts,
        newest: newest(heads),
        coverage: coverage(shelves, &grid, outlook(site.catalogue.pending, Some(name))),
        facts: known_facts(shelves).into_iter().map(fact).collect(),
    };
    let lines = || site.catalogue.alerts.iter().filter(|line| line.place.0 == name);
    let feed = About {
        path: page.feed.clone(),
        id: format!("urn:melbot:alerts:{}", slug(name)),
        title: &page.title,
        page: machine_page(name),
    };
    alerts::write_feed(site, feed, |(machine, _)| machine == name, out)?;
    badge::write(site, page.badge.clone(), lines(), out)?;
    data::machine::write(site, name, (shelves, &grid), out)?;
    let path = machine_page(name);
    let place = Place {
        data: Some(data::beside(&path)),
        path,
        title: named(name).to_owned(),
        crumbs: vec![Link::new("Home", "index.html"), Link::new("Machines", "machines/index.html")],
    };
    site.write("machine.html", &place, &page, out)
}

fn lead(shelves: &[&Shelf]) -> String {
    let (runs, kernels, newest) = totals(shelves);
    let newest = newest.map_or(String::new(), |at| format!(", the newest of {}", format::day(at)));
    format!(
        "{} of {} with {}{newest}.",
        format::counted(runs, "run"),
        format::counted(kernels, "kernel"),
        format::counted(shelves.len(), "config"),
    )
}

/// The newest run of each track, for rows of comparisons.
pub fn newest<'s, 'a: 's>(rows: impl Iterator<Item = (Link, &'s [&'s Shelf<'a>])>) -> Newest {
    let rows: Vec<(Link, &[&Shelf])> = rows.collect();
    let columns = rows.iter().flat_map(|(_, shelves)| shelves.iter());
    let mut tracks: Vec<String> = columns
        .flat_map(|shelf| shelf.comparison.columns.iter().map(|c| track_name(&c.run)))
        .collect();
    // Mainline, then the newest stable series, last what is no release.
    let rank = |track: &str| (track.is_empty(), track != "mainline");
    tracks.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| natural_cmp(b, a)));
    tracks.dedup();
    let row = |(head, shelves): (Link, &[&Shelf])| NewestRow {
        head,
        cells: tracks.iter().map(|track| newest_run(shelves, track)).collect(),
    };
    let rows = rows.into_iter().map(row).collect();
    let other = |track: String| if track.is_empty() { "others".to_owned() } else { track };
    Newest { tracks: tracks.into_iter().map(other).collect(), rows }
}

/// The newest kernel of a track, and of its runs the last one.
fn newest_run(shelves: &[&Shelf], track: &str) -> Option<NewestRun> {
    let on_track = shelves.iter().filter_map(|shelf| {
        let columns = &shelf.comparison.columns;
        let at = columns.iter().rposition(|column| track_name(&column.run) == track)?;
        Some((*shelf, at))
    });
    let (shelf, at) = on_track.max_by(|(a, x), (b, y)| {
        let (a, b) = (&a.comparison.columns[*x], &b.comparison.columns[*y]);
        let release = |column: &crate::analysis::Column| crate::model::Release::parse(&column.run);
        release(a).cmp(&release(b)).then_with(|| a.started.cmp(&b.started))
    })?;
    let column = &shelf.comparison.columns[at];
    let same = shelves.iter().flat_map(|shelf| {
        let columns = shelf.comparison.columns.iter().enumerate();
        columns.filter(|(_, c)| c.run == column.run).map(move |(at, _)| (*shelf, at))
    });
    let tallies: Vec<Tally> = same.map(|(shelf, at)| Tally::of_shelf(shelf, Some(at))).collect();
    Some(NewestRun {
        run: Link::new(named(&column.run), shelf.runs[at].page.clone()),
        day: column.started.map_or(String::new(), format::day),
        worse: tallies.iter().map(|tally| tally.worse).sum(),
        better: tallies.iter().map(|tally| tally.better).sum(),
    })
}

/// When a run was started, its kernel, and its facts.
type Told<'s> = (Option<i64>, &'s str, &'s [(String, String)]);

/// What the runs tell, the newest first.
fn told<'s>(shelves: &[&'s Shelf]) -> Vec<Told<'s>> {
    let runs = shelves.iter().flat_map(|shelf| shelf.runs.iter().filter_map(|run| run.run));
    let mut told: Vec<Told> =
        runs.map(|run| (run.started, &*run.name, &*run.environment.facts)).collect();
    told.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| natural_cmp(b.1, a.1)));
    told
}

fn newest_fact<'s>(shelves: &[&'s Shelf], name: &str) -> Option<&'s str> {
    let facts = told(shelves).into_iter().flat_map(|(_, _, facts)| facts);
    facts.into_iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A value of a fact, and where it was seen.
#[derive(Serialize)]
pub struct Held<'s> {
    value: &'s str,
    /// The newest kernel that had it.
    kernel: &'s str,
    /// How many runs did.
    runs: usize,
}

/// The facts of a machine, each with its values, the newest first.
pub fn known_facts<'s>(shelves: &[&'s Shelf]) -> Vec<(&'s str, Vec<Held<'s>>)> {
    let told = told(shelves);
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in told.iter().flat_map(|(_, _, facts)| facts.iter()) {
        if !names.contains(&name.as_str()) && !NOT_OF_MACHINE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| (name, held(&told, name))).collect()
}

fn held<'s>(told: &[Told<'s>], name: &str) -> Vec<Held<'s>> {
    let mut values: Vec<Held> = Vec::new();
    for (_, kernel, facts) in told {
        let Some((_, value)) = facts.iter().find(|(known, _)| known == name) else { continue };
        match values.iter_mut().find(|held| held.value == value) {
            Some(held) => held.runs += 1,
            None => values.push(Held { value, kernel, runs: 1 }),
        }
    }
    values
}

fn fact((name, values): (&str, Vec<Held>)) -> Fact {
    let all: usize = values.iter().map(|held| held.runs).sum();
    let alone = values.len() < 2;
    let more = values.len().saturating_sub(VALUES);
    let view = |Held { value, kernel, runs }: Held| Value {
        value: value.to_owned(),
        seen: (!alone).then(|| {
            let all = format::counted(all, "run");
            format!("{} of {all}, last with {}", format::count(runs), named(kernel))
        }),
    };
    Fact {
        name: name.to_owned(),
        values: values.into_iter().take(VALUES).map(view).collect(),
        more,
    }
}
