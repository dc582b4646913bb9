//! All monitors of a run.

use std::fs;

use super::{ALL, Monitor};
use crate::mmtests::discover::{FoundRun, iteration_number};
use crate::mmtests::logs::Logs;
use crate::mmtests::shellpack::Parsed;

/// What a monitor saw during a benchmark.
#[derive(Debug)]
pub struct Watched {
    /// N of `iter-N`.
    pub iteration: u32,
    /// Folder of the benchmark.
    pub benchmark: String,
    /// Which monitor.
    pub monitor: &'static Monitor,
    /// Its series, and what could not be read.
    pub parsed: Parsed,
}

/// Reads the monitors of a run that are wanted, one log after the other, in the order of iterations,
/// monitors and benchmarks.
pub fn of_run(
    found: &FoundRun,
    wanted: impl Fn(&Monitor, &str) -> bool,
) -> impl Iterator<Item = Watched> {
    let entries = fs::read_dir(&found.dir).into_iter().flatten().flatten();
    let numbered = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        Some((iteration_number(&name)?, name, entry.path()))
    };
    let mut iterations: Vec<_> = entries.filter_map(numbered).collect();
    iterations.sort();
    iterations.into_iter().flat_map(move |(iteration, name, dir)| {
        // A folder that cannot be listed is told of where the run is read.
        let logs = Logs::open(&dir, format!("{}/{name}", found.path)).ok();
        let mut there: Vec<(&'static Monitor, String)> = Vec::new();
        for monitor in ALL {
            let start = format!("{}-", monitor.name);
            let benchmarks = logs.iter().flat_map(|logs| logs.between(&start, ""));
            // `vmstat-dbench.start` holds when the monitor began.
            let meant = benchmarks.filter(|(name, benchmark)| {
                !benchmark.ends_with(".start")
                    && !is_of_another(monitor, name)
                    && wanted(monitor, benchmark)
            });
            there.extend(meant.map(|(_, benchmark)| (monitor, benchmark.to_owned())));
        }
        there.into_iter().filter_map(move |(monitor, benchmark)| {
            let parsed = monitor.read(logs.as_ref()?, &benchmark)?;
            Some(Watched { iteration, benchmark, monitor, parsed })
        })
    })
}

/// `kcache-slabs-kernbench` is no log of `kcache`.
fn is_of_another(monitor: &Monitor, log: &str) -> bool {
    ALL.iter().any(|other| {
        let longer = other.name.len() > monitor.name.len();
        longer && log.strip_prefix(other.name).is_some_and(|rest| rest.starts_with('-'))
    })
}
