//! A benchmark on all machines: where it was measured, and what its newest kernels are like.

use serde::Serialize;

use super::{beside, histories};
use crate::site::benchmarks::{Spot, newest};
use crate::site::names::benchmark_page;
use crate::site::story::Tally;
use crate::site::{Output, Site, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    benchmark: &'s str,
    title: &'s str,
    places: Vec<Place<'s>>,
    alerts: Vec<&'s str>,
}

#[derive(Serialize)]
struct Place<'s> {
    machine: &'s str,
    config: &'s str,
    histories: String,
    newest: Option<Newest<'s>>,
}

#[derive(Serialize)]
struct Newest<'s> {
    run: &'s str,
    started: Option<i64>,
    against: Option<&'s str>,
    verdicts: Tally,
}

/// Writes it.
pub fn write(site: &Site, name: &str, spots: &[Spot], out: &dyn Output) -> Result<(), SiteError> {
    let of_it = site.catalogue.alerts.iter().filter(|line| line.benchmark == name);
    let data = Data {
        benchmark: name,
        title: spots.first().map_or("", |(_, benchmark)| benchmark.title.as_str()),
        places: spots.iter().map(place).collect(),
        alerts: of_it.map(|line| line.id.as_str()).collect(),
    };
    super::write(&beside(&benchmark_page(name)), "benchmark", &data, out)
}

fn place<'s>(spot: &Spot<'s>) -> Place<'s> {
    let (shelf, benchmark) = *spot;
    let newest = newest(spot).map(|(at, column, verdicts)| Newest {
        run: &column.run,
        started: column.started,
        against: (column.baseline != at).then(|| shelf.run_name(column.baseline)),
        verdicts,
    });
    Place {
        machine: &shelf.comparison.machine,
        config: &shelf.comparison.config,
        histories: histories::path(shelf, benchmark),
        newest,
    }
}
