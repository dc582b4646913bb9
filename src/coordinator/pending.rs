//! What the pages say of runs that are still to come. No I/O.

use super::estimate::{Estimate, Known};
use super::tasks::RunTask;
use crate::notes::pending::{Pending, PendingRun};
use crate::queue::{Kind, State};

/// What is still to be measured, and when it should have been. Nothing is said of the time where some of it
/// was never done before, or is held.
pub fn pending(known: &Known, estimate: &Estimate) -> Pending {
    let runs = known.open.iter().filter(|job| job.kind == Kind::Run);
    let runs = runs.filter_map(|job| {
        let task: RunTask = serde_json::from_str(&job.task).ok()?;
        // What a search measures is no result.
        let (None, Some(kernel)) = (task.into, task.job.run) else { return None };
        Some(PendingRun {
            machine: job.machine.clone()?,
            config: task.job.config,
            kernel,
            running: job.state == State::Running,
        })
    });
    let is_sure = estimate.unknown == 0 && estimate.held == 0;
    let until = estimate.caught_up.filter(|_| is_sure).map(|at| at.div_euclid(1000));
    Pending { as_of: known.now.div_euclid(1000), until, runs: runs.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::estimate::tests::job;

    fn known() -> Known {
        let task = |kernel: &str, into: &str| {
            format!(r#"{{"job":{{"config":"c","run":"{kernel}"}}{into}}}"#)
        };
        let run = |id, state, task| {
            let mut job = job(id, Kind::Run, Some("ivor"), state, 0);
            job.task = task;
            job
        };
        let open = vec![
            job(1, Kind::Build, None, State::Waiting, 0),
            run(2, State::Running, task("6.12.5", "")),
            run(3, State::Waiting, task("6.13", "")),
            run(4, State::Waiting, task("commit", r#","into":"bisects/a/runs""#)),
            run(5, State::Waiting, "what nobody understands".to_owned()),
        ];
        Known { now: 1_000_500, open, ..Known::default() }
    }

    #[test]
    fn runs_are_told_and_what_a_search_measures_is_not() {
        let caught_up = Some(2_000_999);
        let pending = super::pending(&known(), &Estimate { caught_up, ..Estimate::default() });
        let told: Vec<(&str, bool)> =
            pending.runs.iter().map(|run| (&*run.kernel, run.running)).collect();
        assert_eq!(told, [("6.12.5", true), ("6.13", false)]);
        assert_eq!((pending.as_of, pending.until), (1000, Some(2000)));
        assert_eq!((&*pending.runs[0].machine, &*pending.runs[0].config), ("ivor", "c"));
    }

    #[test]
    fn no_time_is_told_that_nobody_knows() {
        for (unknown, held) in [(1, 0), (0, 1)] {
            let estimate = Estimate { caught_up: Some(1), unknown, held, ..Estimate::default() };
            assert_eq!(super::pending(&known(), &estimate).until, None);
        }
    }
}
