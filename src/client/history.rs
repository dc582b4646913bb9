//! How long runs took before: the budget of the next one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::stats::robust;

use super::record::RunRecord;
use super::running::Budget;

/// Where nothing is known.
const UNKNOWN: Duration = Duration::from_secs(24 * 3600);
/// Boots differ: what took seconds may take minutes.
const LEAST: Duration = Duration::from_secs(10 * 60);

/// From the runs of the same config on the same machine: twice as long is told, four times is too
/// long. `minutes` of a job stand above that.
pub fn budget(results: &Path, machine: &str, config: &str, minutes: Option<f64>) -> Budget {
    if let Some(minutes) = minutes {
        let end = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(UNKNOWN);
        return Budget { warn: end / 2, end };
    }
    learnt(&seconds(results, machine, config))
}

/// Seconds that an iteration of a config takes on a machine as a rule, if it was run there.
pub fn usual(results: &Path, machine: &str, config: &str) -> Option<f64> {
    let seconds: Vec<f64> =
        seconds(results, machine, config).iter().map(|seconds| *seconds as f64).collect();
    robust::median(&seconds)
}

fn seconds(results: &Path, machine: &str, config: &str) -> Vec<u64> {
    let mut seconds = Vec::new();
    for entry in fs::read_dir(results.join(machine).join(config)).into_iter().flatten().flatten() {
        if let Some(record) = RunRecord::read(&entry.path()) {
            seconds.extend(record.boots.iter().filter_map(|boot| boot.run_seconds));
        }
    }
    seconds
}

fn learnt(seconds: &[u64]) -> Budget {
    let seconds: Vec<f64> = seconds.iter().map(|seconds| *seconds as f64).collect();
    let usual = robust::median(&seconds).and_then(|usual| Duration::try_from_secs_f64(usual).ok());
    match usual {
        Some(usual) => {
            let end = (4 * usual).max(LEAST);
            Budget { warn: end / 2, end }
        }
        None => Budget { warn: UNKNOWN / 2, end: UNKNOWN },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_times_the_usual_is_too_long() {
        let budget = learnt(&[3600, 4000, 9000]);
        assert_eq!((budget.warn.as_secs(), budget.end.as_secs()), (8000, 16000));
        assert_eq!(learnt(&[3]).end, LEAST);
        assert_eq!(learnt(&[]).end, UNKNOWN);
    }
}
