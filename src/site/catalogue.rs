//! What there is to make pages of, and where each page is.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::alerts::{FailedLine, Line};
use super::names::{comparison_folder, machine_page, slug};
use super::problems::worst_first;
use super::templates::Link;
use super::{Bisect, Results, SiteOptions, format};
use crate::analysis::Comparison;
use crate::analysis::alerts::{Alert, Evidence, Failing, Judged, Place, Report, Turn};
use crate::analysis::changes::Settings;
use crate::model::{Problem, Run};
use crate::notes::pending::Pending;

/// Everything there are pages of.
pub struct Catalogue<'a> {
    /// One for each comparison.
    pub shelves: Vec<Shelf<'a>>,
    /// What is said about the results.
    pub judged: &'a Judged,
    /// The alerts.
    pub report: &'a Report,
    /// How often a kernel differs from itself.
    pub evidence: Option<&'a Evidence>,
    /// How it was judged.
    pub settings: &'a Settings,
    /// Searches for commits.
    pub bisects: &'a [Bisect],
    /// What is still to be measured.
    pub pending: &'a Pending,
    /// The alerts in words, in the order of the report.
    pub alerts: Vec<Line>,
    /// Functional tests that newly fail, in the order of the report.
    pub failing: Vec<FailedLine>,
    /// All problems, the worst first.
    pub problems: Vec<&'a Problem>,
    /// What the caller asked for.
    pub options: &'a SiteOptions,
    /// What began at which kernel of which series, and in which alert.
    marks: HashMap<(usize, usize), (Turn, &'a str)>,
    /// How many runs were read, and when the newest was made.
    pub measured: String,
    /// Number of runs that were read.
    pub runs: usize,
}

/// A comparison and the pages of its runs.
pub struct Shelf<'a> {
    /// The comparison.
    pub comparison: &'a Comparison,
    /// Folder of its pages.
    pub folder: String,
    /// Its runs, in the order of its columns.
    pub runs: Vec<ShelvedRun<'a>>,
}

/// A run and its page.
pub struct ShelvedRun<'a> {
    /// The run, if the caller handed it in.
    pub run: Option<&'a Run>,
    /// Path of its page.
    pub page: String,
}

/// Runs of one machine and config that are not yet on a shelf.
type Waiting<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Run>>;

impl<'a> Catalogue<'a> {
    /// Puts runs and comparisons together.
    pub fn new(results: &Results<'a>, options: &'a SiteOptions) -> Catalogue<'a> {
        let Results {
            runs,
            comparisons,
            problems,
            judged,
            report,
            evidence,
            settings,
            bisects,
            pending,
        } = *results;
        let mut waiting = Waiting::new();
        for run in runs {
            waiting.entry((&run.machine, &run.config)).or_default().push(run);
        }
        let shelves: Vec<Shelf> = comparisons.iter().map(|c| Shelf::new(c, &mut waiting)).collect();
        let at = |place: &Place, kernel: &str| measured_at(&shelves, place, kernel);
        let line = |a: &Alert| Line::of(a, at(&a.of.place, &a.window.first_bad));
        let alerts = report.alerts.iter().map(line).collect();
        let failed = |f: &Failing| FailedLine::of(f, at(&f.of.place, &f.window.first_bad));
        let failing = report.failing.iter().map(failed).collect();
        let of_runs = runs.iter().flat_map(|run| &run.problems);
        let problems = worst_first(problems.iter().chain(of_runs));
        let marks = report.alerts.iter().flat_map(|alert| {
            let mark = |m: &crate::analysis::alerts::Member| (m.turn, alert.id.as_str());
            alert.members.iter().map(move |m| ((m.series, m.kernel), mark(m)))
        });
        Catalogue {
            shelves,
            judged,
            report,
            evidence,
            settings,
            alerts,
            failing,
            problems,
            options,
            bisects,
            pending,
            marks: marks.collect(),
            measured: measured(runs),
            runs: runs.len(),
        }
    }

    /// The comparison of a config on a machine.
    pub fn shelf(&self, machine: &str, config: &str) -> Option<&Shelf<'a>> {
        find(&self.shelves, machine, config)
    }

    /// What began at this kernel of this series, and the name of its alert.
    pub fn mark(&self, series: usize, kernel: usize) -> Option<(Turn, &'a str)> {
        self.marks.get(&(series, kernel)).copied()
    }

    /// The alerts of a config on a machine, the most severe first.
    pub fn alerts_of<'s>(&'s self, comparison: &Comparison) -> impl Iterator<Item = &'s Line> {
        let place = (comparison.machine.clone(), comparison.config.clone());
        self.alerts.iter().filter(move |line| line.place == place)
    }
}

fn find<'s, 'a>(shelves: &'s [Shelf<'a>], machine: &str, config: &str) -> Option<&'s Shelf<'a>> {
    shelves.iter().find(|s| s.comparison.machine == machine && s.comparison.config == config)
}

/// When a kernel was last measured there.
fn measured_at(shelves: &[Shelf], place: &Place, kernel: &str) -> Option<i64> {
    let shelf = find(shelves, &place.machine, &place.config)?;
    let columns = shelf.comparison.columns.iter();
    let here = columns.filter(|c| c.run == kernel && c.folder == place.run_path);
    here.filter_map(|column| column.started).max()
}

/// When the newest run was made, never when the pages were: they shall not change without reason.
fn measured(runs: &[&Run]) -> String {
    let newest = runs.iter().filter_map(|run| run.finished.or(run.started)).max();
    let until = newest.map_or(String::new(), |at| format!(", the newest of {}", format::time(at)));
    format!("from {}{until}", format::counted(runs.len(), "run"))
}

impl<'a> Shelf<'a> {
    fn new(comparison: &'a Comparison, waiting: &mut Waiting<'a>) -> Shelf<'a> {
        let folder = comparison_folder(&comparison.machine, &comparison.config);
        let mut taken = HashSet::new();
        let mut none = Vec::new();
        let waiting = waiting
            .get_mut(&(comparison.machine.as_str(), comparison.config.as_str()))
            .unwrap_or(&mut none);
        let mut runs = Vec::new();
        for (at, column) in comparison.columns.iter().enumerate() {
            let found = waiting
                .iter()
                .position(|run| run.name == column.run && run.started == column.started);
            let run = found.map(|at| waiting.remove(at));
            let mut name = slug(&column.run);
            if !taken.insert(name.clone()) {
                // A second run of the same name is told apart by where it is.
                let path = run.map_or(String::new(), |run| run.path.clone());
                name = slug(&format!("{} in {path} {at}", column.run));
            }
            runs.push(ShelvedRun { run, page: format!("{folder}/{name}.html") });
        }
        Shelf { comparison, folder, runs }
    }

    /// Path of the page that compares.
    pub fn page(&self) -> String {
        format!("{}/index.html", self.folder)
    }

    /// "config on machine".
    pub fn title(&self) -> String {
        format!("{} on {}", named(&self.comparison.config), named(&self.comparison.machine))
    }

    /// Page of its machine.
    pub fn machine_page(&self) -> String {
        machine_page(&self.comparison.machine)
    }

    /// Links to the home page and the machine.
    pub fn machine_crumbs(&self) -> Vec<Link> {
        let machine = Link::new(named(&self.comparison.machine), self.machine_page());
        vec![Link::new("Home", "index.html"), machine]
    }

    /// Links to the home page, the machine and the comparison.
    pub fn crumbs(&self) -> Vec<Link> {
        let mut crumbs = self.machine_crumbs();
        crumbs.push(Link::new(self.title(), self.page()));
        crumbs
    }

    /// Name of a column's run.
    pub fn run_name(&self, column: usize) -> &'a str {
        self.comparison.columns.get(column).map_or("", |column| &column.run)
    }
}

/// A name that can be seen and clicked on.
pub fn named(name: &str) -> &str {
    if name.trim().is_empty() { "(no name)" } else { name }
}
