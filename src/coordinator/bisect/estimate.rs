//! How long a search is going to take, about.

use super::begin::{Planned, plan};
use super::seen::Seen;
use crate::client::usual_seconds;
use crate::coordinator::desk::Desk;
use crate::kernel::{Build, git};
use crate::lab::LabError;
use crate::queue::{Filter, Kind, State};
use crate::stats::robust;

/// Booting and bringing home, where no run tells.
const AROUND: f64 = 300.0;
/// A build, where none tells.
const BUILD: f64 = 900.0;
/// Measurements of the ends, of the culprit and its parent, and of the bad end without it.
const FIXED: f64 = 14.0 + 10.0 + 5.0;
/// Measurements of the culprit and its parent with another code layout.
const RELAID: f64 = 10.0;
/// Measurements for each time that half of the commits are ruled out.
const HALVE: f64 = 2.5;
/// No more jobs of the queue are looked at.
const LOOKED_AT: i64 = 200;

/// What a search is going to be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Commits in question.
    pub commits: u64,
    /// Measurements, about.
    pub measurements: u64,
    /// Hours, about.
    pub hours: f64,
}

/// How long a search would take here, from what builds and runs took before.
pub fn estimate(desk: &Desk, alert: &Seen) -> Result<Estimate, LabError> {
    let Planned { policy, tree, ends: (good, bad) } = plan(desk, alert)?;
    let folder = desk.tree(tree)?.folder;
    let count = git::git(&folder, &["rev-list", "--count", &format!("{good}..{bad}")]);
    let count = count.map_err(|error| LabError::new(error.to_string(), "fetch the tree again"))?;
    let commits = count.parse().unwrap_or(0);
    let queue = desk.queue()?;
    let done = |kind, machine| Filter {
        states: vec![State::Done],
        kind: Some(kind),
        machine,
        limit: Some(LOOKED_AT),
        ..Filter::default()
    };
    let builds = queue.jobs(&done(Kind::Build, None))?;
    let builds = builds.iter().filter_map(|job| serde_json::from_str(job.outcome.as_deref()?).ok());
    let builds = builds.filter(|build: &Build| build.kconfig == policy.kconfig);
    let builds: Vec<f64> = builds.map(|build| build.seconds as f64).collect();
    let wanted = format!("run {} {} ", alert.machine, alert.config);
    let runs = queue.jobs(&done(Kind::Run, Some(alert.machine.clone())))?;
    let runs = runs.iter().filter(|job| job.key.starts_with(&wanted));
    let iterations = f64::from(policy.iterations.max(1));
    let runs: Vec<f64> = runs
        .filter_map(|job| Some((job.ended? - job.started?) as f64 / 1000.0 / iterations))
        .collect();
    let usual = usual_seconds(&desk.results(), &alert.machine, &alert.config);
    let run = robust::median(&runs).unwrap_or(usual.unwrap_or(0.0) + AROUND);
    let build = robust::median(&builds).unwrap_or(BUILD);
    let mut estimate = of(commits, run, build);
    if desk.settings.bisect.layout {
        estimate.measurements += RELAID as u64;
        estimate.hours += (RELAID * run + 2.0 * build) / 3600.0;
    }
    Ok(estimate)
}

fn of(commits: u64, run: f64, build: f64) -> Estimate {
    let halvings = (commits.max(1) as f64).log2().ceil();
    let measurements = FIXED + HALVE * halvings;
    // Both ends, those in between, the parent of the culprit, and the bad end without it.
    let builds = (halvings + 4.0).min(commits as f64 + 2.0);
    let hours = (measurements * run + builds * build) / 3600.0;
    Estimate { commits, measurements: measurements.ceil() as u64, hours }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_commits_take_ten_halvings() {
        let estimate = of(1024, 600.0, 1200.0);
        assert_eq!((estimate.commits, estimate.measurements), (1024, 54));
        assert!((estimate.hours - (54.0 * 600.0 + 14.0 * 1200.0) / 3600.0).abs() < 1e-9);
        assert_eq!(of(1, 60.0, 0.0).measurements, 29);
    }
}
