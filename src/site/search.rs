//! The index that the search of the pages reads: a script that is loaded when somebody searches. It is
//! no JSON file, since pages that are read from a disk may not fetch any.

use serde::Serialize;

use super::catalogue::{Shelf, named};
use super::data::json;
use super::machines::machines;
use super::names::{benchmark_page, kernel_page, machine_page, slug};
use super::{Output, Site, SiteError};
use super::{bisects, operations};
use crate::analysis::BenchmarkTable;
use crate::analysis::alerts::track_name;

/// Path of the index.
const PATH: &str = "search.js";

/// What is found.
#[derive(Serialize)]
struct Index {
    /// Kind, name, what helps to tell it from others, and path of the page.
    pages: Vec<(&'static str, String, String, String)>,
    /// Of each history page what tells it from others, its path, and its operations.
    operations: Vec<(String, String, Vec<Operation>)>,
}

/// An operation: with its anchor, where that is not its name.
#[derive(Serialize)]
#[serde(untagged)]
enum Operation {
    Plain(String),
    Tamed(String, String),
}

/// Writes it.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let mut pages = Vec::new();
    let kernels = &catalogue.judged.tree().kernels;
    pages.extend(kernels.iter().rev().map(|kernel| {
        let name = &kernel.name;
        ("kernel", named(name).to_owned(), track_name(name), kernel_page(name))
    }));
    pages.extend(
        machines(catalogue).into_iter().map(|(name, _)| {
            ("machine", named(name).to_owned(), String::new(), machine_page(name))
        }),
    );
    let mut benchmarks: Vec<&BenchmarkTable> =
        catalogue.shelves.iter().flat_map(|shelf| &shelf.comparison.benchmarks).collect();
    benchmarks.sort_by(|a, b| a.name.cmp(&b.name));
    benchmarks.dedup_by(|a, b| a.name == b.name);
    pages.extend(benchmarks.into_iter().map(|benchmark| {
        let name = named(&benchmark.name).to_owned();
        ("benchmark", name, benchmark.title.clone(), benchmark_page(&benchmark.name))
    }));
    pages.extend(catalogue.shelves.iter().map(|shelf| {
        let config = named(&shelf.comparison.config).to_owned();
        ("config", config, format!("on {}", named(&shelf.comparison.machine)), shelf.page())
    }));
    pages.extend(catalogue.alerts.iter().map(|line| {
        let what = format!("{} {} in {}", line.benchmark, line.mark, line.first_bad.label);
        let detail = format!("{} · {} · {}", line.id, line.machine, line.config);
        ("alert", what, detail, line.href.clone())
    }));
    pages.extend(catalogue.failing.iter().map(|line| {
        let what = format!("{} newly failing in {}", line.benchmark, line.kernel);
        let detail = format!("{} · {} · {}", line.id, line.machine, line.config);
        ("alert", what, detail, line.href.clone())
    }));
    pages.extend(catalogue.bisects.iter().map(|search| {
        let (name, metric) = (named(&search.name).to_owned(), search.account.metric.clone());
        ("bisection", name, metric, bisects::page_of(&search.name))
    }));
    let operations = catalogue.shelves.iter().flat_map(|shelf| {
        let benchmarks = shelf.comparison.benchmarks.iter();
        benchmarks.filter(|b| !b.operations.is_empty()).map(move |b| history(shelf, b))
    });
    let index = Index { pages, operations: operations.collect() };
    out.write(PATH, format!("melbotIndex({});\n", json(&index)?).as_bytes())
}

fn history(shelf: &Shelf, benchmark: &BenchmarkTable) -> (String, String, Vec<Operation>) {
    let operation = |operation: &crate::analysis::OperationTable| {
        let (name, anchor) = (operation.name.clone(), slug(&operation.name));
        if name == anchor { Operation::Plain(name) } else { Operation::Tamed(name, anchor) }
    };
    (
        format!("{} · {}", benchmark.name, shelf.title()),
        // The first page has the anchors of all.
        operations::page(shelf, benchmark, 0),
        benchmark.operations.iter().map(operation).collect(),
    )
}
