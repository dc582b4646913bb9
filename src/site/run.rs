//! The page of a run: on what it ran, how it went, and where its logs are.

use rayon::prelude::*;
use serde::Serialize;

use super::catalogue::{Shelf, ShelvedRun, named};
use super::comparison::iteration_of;
use super::names::kernel_page;
use super::problems::{ProblemView, views};
use super::raw_logs::LogLink;
use super::templates::{Link, Place, root_of};
use super::{Output, Site, SiteError, data, format};
use crate::model::{Benchmark, KernelWarning, Noted, Outcome, Run};

#[derive(Serialize)]
struct Page {
    title: String,
    lead: String,
    kernel: Link,
    comparison: Link,
    folder: LogLink,
    facts: Vec<(String, String)>,
    noted: Vec<Noted>,
    warnings: Vec<KernelWarning>,
    benchmarks: Vec<Measured>,
    problems: Vec<ProblemView>,
    problem_count: usize,
}

/// A benchmark of the run.
#[derive(Serialize)]
struct Measured {
    name: String,
    title: String,
    operations: usize,
    samples: String,
    iterations: usize,
    time: Option<[String; 3]>,
    logs: Vec<LogLink>,
}

/// Writes the pages of all runs of a comparison.
pub fn write_all(site: &Site, shelf: &Shelf, out: &dyn Output) -> Result<(), SiteError> {
    data::runs::write(shelf, out)?;
    let runs = shelf.runs.par_iter().filter_map(|shelved| Some((shelved.run?, shelved)));
    runs.try_for_each(|run| write(site, shelf, run, out))
}

fn write(
    site: &Site,
    shelf: &Shelf,
    (run, shelved): (&Run, &ShelvedRun),
    out: &dyn Output,
) -> Result<(), SiteError> {
    let root = root_of(&shelved.page);
    let raw = &site.catalogue.options.raw_logs;
    let title = format!("{}, {}", named(&run.name), shelf.title());
    let page = Page {
        title: title.clone(),
        lead: lead(run),
        kernel: Link::new(named(&run.name), kernel_page(&run.name)),
        comparison: Link::new(shelf.title(), shelf.page()),
        folder: raw.link(&root, if run.path.is_empty() { "." } else { &run.path }, &run.path),
        facts: facts(run),
        noted: run.noted.clone(),
        warnings: run.environment.kernel_warnings.clone(),
        benchmarks: run
            .benchmarks
            .iter()
            .map(|benchmark| measured(site, &root, benchmark))
            .collect(),
        problems: views(raw, &root, &run.problems.iter().collect::<Vec<_>>()),
        problem_count: run.problems.len(),
    };
    let path = shelved.page.clone();
    let data = Some(data::runs::path(shelf));
    site.write("run.html", &Place { path, title, crumbs: shelf.crumbs(), data }, &page, out)
}

/// How it went.
fn lead(run: &Run) -> String {
    let how = match run.outcome {
        Outcome::Complete => "It ran to its end",
        Outcome::Failed => "MMTests ended with an error",
        Outcome::Unfinished => "It did not finish, or is still going on",
    };
    let took = run.started.zip(run.finished).and_then(|(from, to)| to.checked_sub(from));
    let took = took.filter(|seconds| *seconds >= 0);
    let took =
        took.map_or(String::new(), |seconds| format!(" and took {}", format::duration(seconds)));
    let warnings = match run.environment.kernel_warnings.len() {
        0 => String::new(),
        count => format!(" The kernel logged {}.", format::counted(count, "warning")),
    };
    let problems = match run.problems.len() {
        0 => String::new(),
        1 => " There is a problem with it, see below.".to_owned(),
        count => format!(" There are {count} problems with it, see below."),
    };
    format!("{how}{took}.{warnings}{problems}")
}

fn facts(run: &Run) -> Vec<(String, String)> {
    let at = |name: &str, time: Option<i64>| Some((name.to_owned(), format::time(time?)));
    let mut facts = Vec::new();
    facts.extend(run.released.map(|day| ("Released".to_owned(), format::day(day))));
    facts.extend(at("Started", run.started));
    facts.extend(at("Finished", run.finished));
    facts.extend(run.environment.facts.iter().cloned());
    facts
}

fn measured(site: &Site, root: &str, benchmark: &Benchmark) -> Measured {
    let raw = &site.catalogue.options.raw_logs;
    let used = benchmark.operations.iter().filter(|operation| operation.samples > 0);
    let samples: u64 = used.clone().map(|operation| operation.samples).sum();
    let iterations = used.clone().map(|operation| operation.iterations.len()).max().unwrap_or(0);
    Measured {
        name: benchmark.name.clone(),
        title: benchmark.title.clone(),
        operations: used.count(),
        samples: format::count(samples as usize),
        iterations,
        time: benchmark.time().map(|time| time.map(|seconds| format::number(seconds, 1))),
        logs: benchmark.logs.iter().map(|path| raw.link(root, iteration_of(path), path)).collect(),
    }
}
