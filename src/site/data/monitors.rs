//! What the monitors saw of a benchmark: all series, which are too many for a page.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::beside;
use crate::analysis::BenchmarkTable;
use crate::model::{Reading, Seen, Watched, common_name};
use crate::site::catalogue::Shelf;
use crate::site::monitors;
use crate::site::{Output, SiteError};
use crate::stats::robust::median;

#[derive(Serialize)]
struct Data<'s> {
    machine: &'s str,
    config: &'s str,
    benchmark: &'s str,
    runs: Vec<&'s str>,
    times: &'s [Option<[f64; 3]>],
    monitors: Vec<Monitor<'s>>,
}

#[derive(Serialize)]
struct Monitor<'s> {
    name: &'s str,
    title: &'s str,
    series: Vec<Series<'s>>,
    still: BTreeSet<&'s str>,
}

#[derive(Serialize)]
struct Series<'s> {
    name: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<&'static str>,
    unit: &'s str,
    reading: &'static str,
    values: Vec<Option<Value>>,
}

/// Medians of the iterations of a run.
#[derive(Clone, Serialize)]
struct Value {
    mean: Option<f64>,
    p95: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    increase: Option<f64>,
}

/// Writes it; `columns` are what was seen, by run.
pub fn write(
    shelf: &Shelf,
    benchmark: &BenchmarkTable,
    columns: &[(usize, &[Watched])],
    out: &dyn Output,
) -> Result<(), SiteError> {
    let mut monitors: BTreeMap<&str, Vec<(usize, &Watched)>> = BTreeMap::new();
    for (at, watched) in columns {
        for watched in *watched {
            monitors.entry(&watched.monitor).or_default().push((*at, watched));
        }
    }
    let count = shelf.runs.len();
    let data = Data {
        machine: &shelf.comparison.machine,
        config: &shelf.comparison.config,
        benchmark: &benchmark.name,
        runs: shelf.comparison.columns.iter().map(|column| column.run.as_str()).collect(),
        times: &benchmark.time,
        monitors: monitors.into_iter().map(|(name, seen)| monitor(name, &seen, count)).collect(),
    };
    super::write(&beside(&monitors::page(shelf, &benchmark.name)), "monitors", &data, out)
}

fn monitor<'s>(name: &'s str, seen: &[(usize, &'s Watched)], runs: usize) -> Monitor<'s> {
    let mut series: Vec<Series> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, watched) in seen {
        for of in &watched.series {
            let place = *places.entry(&of.name).or_insert(series.len());
            if place == series.len() {
                series.push(Series {
                    name: &of.name,
                    common_name: common_name(name, &of.name),
                    unit: &of.unit,
                    reading: match of.reading {
                        Reading::Level => "level",
                        Reading::Counter => "counter",
                    },
                    values: vec![None; runs],
                });
            }
            if let Some(cell) = series.get_mut(place).and_then(|row| row.values.get_mut(*at)) {
                *cell = value(of);
            }
        }
    }
    let still = seen.iter().flat_map(|(_, watched)| &watched.still).map(String::as_str);
    Monitor {
        name,
        title: seen.first().map_or("", |(_, watched)| watched.title.as_str()),
        still: still.filter(|name| !places.contains_key(name)).collect(),
        series,
    }
}

fn value(seen: &Seen) -> Option<Value> {
    let figures: Vec<_> = seen.iterations.iter().flatten().collect();
    if figures.is_empty() {
        return None;
    }
    let of = |figure: fn(&crate::model::Figures) -> f64| {
        median(&figures.iter().map(|figures| figure(figures)).collect::<Vec<f64>>())
    };
    Some(Value {
        mean: of(|figures| figures.mean),
        p95: of(|figures| figures.p95),
        increase: of(|figures| figures.increase).filter(|_| seen.reading == Reading::Counter),
    })
}
