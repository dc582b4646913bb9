//! What was measured, ordered into series, each kernel with its iterations.

use std::collections::BTreeMap;

use serde::Serialize;

use super::failing::Tests;
use crate::analysis::History;
use crate::analysis::changes::SeriesData;
use crate::model::{Direction, Environment, Run};

/// A config on a machine: runs that can be set against each other. The folder they lie in tells
/// trees apart that have no names of machines and configs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Machine.
    pub machine: String,
    /// Config.
    pub config: String,
    /// Folder of the runs relative to the results folder.
    pub run_path: String,
}

/// A benchmark of a config on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BenchmarkKey {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Name of its folder.
    pub benchmark: String,
}

/// An operation of such a benchmark: the key of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SeriesKey {
    /// Which benchmark, and where.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// MMTests' name of the operation.
    pub operation: String,
}

/// What a series measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Unit of the values.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Kernels, as places in the tree of releases, and the digest of each of their iterations.
    pub kernels: Vec<(usize, Vec<Vec<f64>>)>,
    /// Number of samples of each iteration, by kernel.
    pub samples: BTreeMap<usize, Vec<usize>>,
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Measurements {
    pub(super) series: BTreeMap<SeriesKey, Measured>,
    /// Functional tests, which are not judged as measurements are.
    pub(super) tests: Tests,
    pub(super) environments: BTreeMap<Place, BTreeMap<usize, Environment>>,
}

impl Place {
    /// Where a run lies.
    pub fn of(run: &Run) -> Place {
        Place {
            machine: run.machine.clone(),
            config: run.config.clone(),
            run_path: run.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned(),
        }
    }
}

impl Measurements {
    /// Adds a run. One whose kernel is not in the history is left out.
    pub fn add(&mut self, history: &History, run: &Run) {
        let Some(kernel) = history.place(&run.name) else { return };
        let place = Place::of(run);
        let known = self.environments.entry(place.clone()).or_default();
        known.entry(kernel).or_insert_with(|| run.environment.clone());
        for benchmark in &run.benchmarks {
            let of = BenchmarkKey { place: place.clone(), benchmark: benchmark.name.clone() };
            for operation in benchmark.operations.iter().filter(|o| !o.iterations.is_empty()) {
                let key = SeriesKey { of: of.clone(), operation: operation.name.clone() };
                if operation.is_test() {
                    let failures = operation.iterations.iter().map(|iteration| iteration.mean);
                    self.tests.add(key, kernel, failures);
                    continue;
                }
                let series = self.series.entry(key).or_insert_with(|| Measured {
                    unit: operation.unit.clone(),
                    direction: operation.direction,
                    kernels: Vec::new(),
                    samples: BTreeMap::new(),
                });
                let counts =
                    operation.iterations.iter().map(|iteration| iteration.samples as usize);
                series.samples.entry(kernel).or_default().extend(counts);
                let boots = operation.iterations.iter().map(|iteration| iteration.digest.clone());
                match series.kernels.last_mut() {
                    Some((at, all)) if *at == kernel => all.extend(boots),
                    _ => series.kernels.push((kernel, boots.collect())),
                }
            }
        }
    }

    /// The series as the engine takes them: operations of one benchmark are siblings.
    pub(super) fn data(&self) -> Vec<SeriesData<'_>> {
        let mut numbers: BTreeMap<&BenchmarkKey, usize> = BTreeMap::new();
        self.series
            .iter()
            .map(|(key, measured)| {
                let next = numbers.len();
                let kernels = measured.kernels.iter();
                SeriesData {
                    group: *numbers.entry(&key.of).or_insert(next),
                    direction: measured.direction,
                    observations: kernels
                        .map(|(kernel, boots)| (*kernel, boots.iter().map(Vec::as_slice).collect()))
                        .collect(),
                }
            })
            .collect()
    }
}
