//! What was measured, ordered into series, each kernel with its iterations.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::History;
use crate::analysis::changes::SeriesData;
use crate::model::{Direction, Environment, Run};
use crate::store::SampleRow;

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

/// The samples of a series.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Unit of the values.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Kernels, as places in the tree of releases, and the samples of each of their iterations.
    pub kernels: Vec<(usize, Vec<Vec<f64>>)>,
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Measurements {
    pub(super) series: BTreeMap<SeriesKey, Measured>,
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
    /// Adds a run with its samples, which come ordered by operation and iteration. A run whose
    /// kernel is not in the history is left out.
    pub fn add<'r>(
        &mut self,
        history: &History,
        run: &Run,
        rows: impl Iterator<Item = SampleRow<'r>>,
    ) {
        let Some(kernel) = history.place(&run.name) else { return };
        let place = Place::of(run);
        let meanings: BTreeMap<(&str, &str), (Direction, &str)> = run
            .benchmarks
            .iter()
            .flat_map(|b| {
                b.operations.iter().map(|o| ((&*b.name, &*o.name), (o.direction, &*o.unit)))
            })
            .collect();
        let known = self.environments.entry(place.clone()).or_default();
        known.entry(kernel).or_insert_with(|| run.environment.clone());
        let mut rows = rows.peekable();
        while let Some(first) = rows.next() {
            let operation = (first.benchmark, first.operation);
            let mut boots: Vec<Vec<f64>> = vec![vec![first.value]];
            let mut iteration = first.iteration;
            while let Some(row) = rows.next_if(|row| (row.benchmark, row.operation) == operation) {
                if row.iteration != iteration {
                    boots.push(Vec::new());
                    iteration = row.iteration;
                }
                boots.last_mut().into_iter().for_each(|boot| boot.push(row.value));
            }
            let Some((direction, unit)) = meanings.get(&operation) else { continue };
            let of = BenchmarkKey { place: place.clone(), benchmark: operation.0.to_owned() };
            let series = self
                .series
                .entry(SeriesKey { of, operation: operation.1.to_owned() })
                .or_insert_with(|| Measured {
                    unit: (*unit).to_owned(),
                    direction: *direction,
                    kernels: Vec::new(),
                });
            match series.kernels.last_mut() {
                Some((at, all)) if *at == kernel => all.extend(boots),
                _ => series.kernels.push((kernel, boots)),
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
