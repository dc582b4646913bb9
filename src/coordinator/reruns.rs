//! What could not be decided is run again, as often as it takes, within a budget.

use serde::Deserialize;

use super::builds;
use super::child::said;
use super::desk::Desk;
use super::orders::json;
use super::tasks::{AnalyseTask, RunTask};
use crate::client::JobFile;
use crate::lab::LabError;
use crate::queue::{Filter, Job, Kind, Need, NewJob, Queue, State};
use crate::stats::robust;

const HOUR: f64 = 3_600_000.0;
const WEEK: i64 = 7 * 24 * 3_600_000;
/// What their keys begin with.
const KEY: &str = "rerun";

/// `[reruns]` of coordinator.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Hours a week, on each machine, that reruns may take; 0: there are none.
    pub hours_per_week: f64,
    /// How often the same kernel and config may be run again.
    pub rounds: u32,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { hours_per_week: 12.0, rounds: 2 }
    }
}

/// What `melbot plan --json` says.
#[derive(Debug, Deserialize)]
struct Plan {
    reruns: Vec<Wanted>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    machine: String,
    config: String,
    kernel: String,
    boots: u32,
    also: Vec<(String, u32)>,
    settles: Vec<serde_json::Value>,
    undecided: usize,
}

/// What became of reruns, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    /// They are queued.
    pub queued: Vec<String>,
    /// The budget does not allow them.
    pub put_off: Vec<String>,
}

/// Queues what would settle the verdicts on a kernel.
pub fn order(desk: &Desk, queue: &mut Queue, task: &AnalyseTask) -> Result<Ordered, LabError> {
    let budget = &desk.settings.reruns;
    if budget.hours_per_week <= 0.0 || budget.rounds == 0 {
        return Ok(Ordered::default());
    }
    let plan = said(desk, &["plan"])?;
    planned(desk, queue, task, &plan)
}

fn planned(
    desk: &Desk,
    queue: &mut Queue,
    task: &AnalyseTask,
    plan: &Plan,
) -> Result<Ordered, LabError> {
    let budget = &desk.settings.reruns;
    let mut ordered = Ordered::default();
    let runs = Runs::of(queue, &task.machine, desk.clock.now())?;
    let mut left = budget.hours_per_week - runs.hours;
    let mut queued = Vec::new();
    let meant = |wanted: &&Wanted| wanted.machine == task.machine && wanted.kernel == task.kernel;
    for wanted in plan.reruns.iter().filter(meant) {
        let kernels =
            [(wanted.kernel.clone(), wanted.boots)].into_iter().chain(wanted.also.clone());
        let kernels: Vec<(String, u32)> = kernels.filter(|(_, boots)| *boots > 0).collect();
        let told: Vec<String> =
            kernels.iter().map(|(kernel, boots)| format!("{boots} more of {kernel}")).collect();
        let what = format!(
            "{}: {}, to settle {} of {} undecided",
            wanted.config,
            told.join(" and "),
            wanted.settles.len(),
            wanted.undecided
        );
        let boots: u32 = kernels.iter().map(|(_, boots)| boots).sum();
        let hours = f64::from(boots) * runs.hours_each(&wanted.config);
        // A kernel that somebody else ran cannot be run again by us.
        let originals: Option<Vec<(&Job, u32)>> = kernels
            .iter()
            .map(|(kernel, boots)| Some((runs.original(&wanted.config, kernel)?, *boots)))
            .collect();
        let Some(originals) = originals else { continue };
        let before = runs.again(originals[0].0);
        // Whoever was killed after it had queued them finds them here.
        if before.iter().any(|job| !job.state.is_over()) {
            ordered.queued.push(what);
            continue;
        }
        let round = before.len() as u32 + 1;
        if round > budget.rounds {
            continue;
        }
        if hours > left {
            let left = left.max(0.0);
            ordered.put_off.push(format!("{what}: {left:.1} hours are left for reruns this week"));
            continue;
        }
        left -= hours;
        for (original, boots) in originals {
            queued.push(again(desk, queue, original, (round, boots))?);
        }
        ordered.queued.push(what);
    }
    if !queued.is_empty() {
        tell_again(queue, task, &queued)?;
    }
    Ok(ordered)
}

/// Queues a job once more, with so many iterations.
fn again(
    desk: &Desk,
    queue: &mut Queue,
    original: &Job,
    (round, boots): (u32, u32),
) -> Result<i64, LabError> {
    let task = run_of(original).ok_or_else(|| {
        LabError::new(format!("job {} cannot be read", original.id), "tell the authors of melbot")
    })?;
    let mut needs = Vec::new();
    for need in queue.needs(original.id)? {
        let build = queue.job(need.job)?;
        let key = build.key.split(" after ").next().unwrap_or_default().to_owned();
        let build = NewJob {
            key,
            kind: build.kind,
            title: build.title,
            machine: None,
            lane: build.lane,
            priority: build.priority,
            task: build.task,
            attempts: build.attempts,
            needs: Vec::new(),
        };
        needs.push(Need { job: builds::usable(desk, queue, build)?, success: true });
    }
    let job = JobFile { iterations: boots, more: true, ..task.job };
    let job = NewJob {
        key: format!("{KEY} {round} {}", original.key),
        kind: Kind::Run,
        title: format!("{}, {boots} more iterations", original.title),
        machine: original.machine.clone(),
        lane: original.lane.clone(),
        priority: original.priority,
        task: json(&RunTask { job, into: None }),
        attempts: original.attempts,
        needs,
    };
    let submitted = queue.submit(&[(job, Vec::new())])?;
    Ok(submitted.first().map_or(0, |submitted| submitted.id))
}

/// When all of them are over, people are told anew.
fn tell_again(queue: &mut Queue, task: &AnalyseTask, runs: &[i64]) -> Result<(), LabError> {
    let ids: Vec<String> = runs.iter().map(i64::to_string).collect();
    let job = NewJob {
        key: format!("tell {KEY} {}", ids.join(" ")),
        kind: Kind::Analyse,
        title: format!("summary of {} on {}, run again", task.kernel, task.machine),
        machine: None,
        lane: queue.job(runs[0])?.lane,
        priority: queue.job(runs[0])?.priority,
        task: json(task),
        attempts: 2,
        needs: runs.iter().map(|run| Need { job: *run, success: false }).collect(),
    };
    queue.submit(&[(job, Vec::new())]).map(drop).map_err(LabError::from)
}

fn run_of(job: &Job) -> Option<RunTask> {
    serde_json::from_str(&job.task).ok()
}

/// The runs of a machine.
struct Runs {
    jobs: Vec<(Job, RunTask)>,
    /// Hours that reruns took in the last seven days.
    hours: f64,
}

impl Runs {
    fn of(queue: &Queue, machine: &str, now: i64) -> Result<Runs, LabError> {
        let filter = Filter {
            kind: Some(Kind::Run),
            machine: Some(machine.to_owned()),
            ..Filter::default()
        };
        let jobs = queue.jobs(&filter)?.into_iter();
        let jobs: Vec<(Job, RunTask)> =
            jobs.filter_map(|job| run_of(&job).map(|run| (job, run))).collect();
        let mut runs = Runs { jobs, hours: 0.0 };
        let recent = |job: &Job| job.ended.is_none_or(|ended| ended > now.saturating_sub(WEEK));
        let reruns = runs.jobs.iter().filter(|(job, _)| is_rerun(job) && recent(job));
        runs.hours = reruns
            .map(|(job, run)| match (job.started, job.ended) {
                (Some(started), Some(ended)) => (ended - started) as f64 / HOUR,
                _ if job.state.is_over() => 0.0,
                // What is queued is as good as spent.
                _ => f64::from(run.job.iterations) * runs.hours_each(&run.job.config),
            })
            .sum();
        Ok(runs)
    }

    /// Hours that an iteration of a config takes as a rule.
    fn hours_each(&self, config: &str) -> f64 {
        let done = self.jobs.iter().filter(|(job, run)| {
            job.state == State::Done && run.into.is_none() && run.job.config == config
        });
        let hours = done.filter_map(|(job, run)| {
            let spent = (job.ended? - job.started?) as f64 / HOUR;
            Some(spent / f64::from(run.job.iterations.max(1)))
        });
        robust::median(&hours.collect::<Vec<f64>>()).unwrap_or(1.0)
    }

    /// The job that ran a kernel at first.
    fn original(&self, config: &str, kernel: &str) -> Option<&Job> {
        let found = self.jobs.iter().find(|(job, run)| {
            job.state == State::Done
                && !is_rerun(job)
                && run.into.is_none()
                && run.job.config == config
                && run.job.run.as_deref() == Some(kernel)
        });
        found.map(|(job, _)| job)
    }

    /// The times that a job was run again.
    fn again(&self, original: &Job) -> Vec<&Job> {
        let end = format!(" {}", original.key);
        let of_it = |job: &&Job| is_rerun(job) && job.key.ends_with(&end);
        self.jobs.iter().map(|(job, _)| job).filter(of_it).collect()
    }
}

fn is_rerun(job: &Job) -> bool {
    job.key.starts_with(&format!("{KEY} "))
}

#[cfg(test)]
mod tests;
