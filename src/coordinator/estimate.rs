//! When the queue will have caught up, by what the same jobs took before. No I/O but for the queue.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use serde::Serialize;

use super::tasks::{BuildTask, RunTask};
use crate::queue::{Filter, Job, Kind, Need, Queue, QueueError, Scope, State};

/// So many of the same are enough to know how long one takes.
const ENOUGH: usize = 9;
/// So many that are done are looked at.
const PAST: i64 = 1000;

/// What is known of the queue.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Milliseconds since 1970.
    pub now: i64,
    /// Jobs that wait or run.
    pub open: Vec<Job>,
    /// Jobs that are done, older ones first.
    pub done: Vec<Job>,
    /// What waiting jobs need.
    pub needs: BTreeMap<i64, Vec<Need>>,
    /// What is not taken.
    pub paused: Vec<Scope>,
    /// Kernels that are built at once.
    pub builders: usize,
}

/// What is expected. Times are in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Start and end of each job that will be done, and of whose sort one was done before.
    pub jobs: BTreeMap<i64, (i64, i64)>,
    /// When each of `builds`, `analyses` and the machines has nothing more to do.
    pub until: BTreeMap<String, i64>,
    /// When nothing is left, if nothing new comes; absent where nothing is to be done.
    pub caught_up: Option<i64>,
    /// Jobs of a sort that was never done before: they are taken for nothing.
    pub unknown: usize,
    /// Jobs that are paused, or wait for such.
    pub held: usize,
}

impl Known {
    /// Looks at the queue. Where builders are not known, those that are at work count.
    pub fn of(queue: &Queue, now: i64, builders: usize) -> Result<Known, QueueError> {
        let of = |states: &[State], limit| {
            queue.jobs(&Filter { states: states.to_vec(), limit, ..Filter::default() })
        };
        let open = of(&[State::Waiting, State::Running], None)?;
        let at_work =
            open.iter().filter(|job| job.kind == Kind::Build && job.state == State::Running);
        let builders = builders.max(at_work.count());
        Ok(Known {
            now,
            done: of(&[State::Done], Some(PAST))?,
            needs: queue.open_needs()?,
            paused: queue.paused()?,
            open,
            builders,
        })
    }
}

/// How long jobs took.
struct Learnt {
    of_sort: BTreeMap<String, Vec<f64>>,
    of_kind: BTreeMap<Kind, Vec<f64>>,
}

/// What a job has in common with those that take as long, and how much there is of it.
fn sort(job: &Job) -> (String, f64) {
    match job.kind {
        Kind::Build => {
            let kconfig = BuildTask::of(job).map(|task| format!("{} {}", task.tree, task.kconfig));
            (format!("build {}", kconfig.unwrap_or_default()), 1.0)
        }
        Kind::Run => {
            let task = serde_json::from_str::<RunTask>(&job.task).map(|task| task.job);
            let (config, iterations) =
                task.map_or((String::new(), 1), |job| (job.config, job.iterations.max(1)));
            let machine = job.machine.as_deref().unwrap_or_default();
            (format!("run {machine} {config}"), f64::from(iterations))
        }
        Kind::Analyse => ("analyse".to_owned(), 1.0),
    }
}

impl Learnt {
    fn of(done: &[Job]) -> Learnt {
        let mut learnt = Learnt { of_sort: BTreeMap::new(), of_kind: BTreeMap::new() };
        for job in done.iter().rev().filter(|job| job.state == State::Done) {
            let (Some(started), Some(ended)) = (job.started, job.ended) else { continue };
            let (sort, amount) = sort(job);
            let time = ended.saturating_sub(started).max(0) as f64 / amount;
            learnt.of_sort.entry(sort).or_default().push(time);
            learnt.of_kind.entry(job.kind).or_default().push(time);
        }
        learnt
    }

    /// Milliseconds; of its kind where none of its sort was done.
    fn time(&self, job: &Job) -> Option<i64> {
        let (sort, amount) = sort(job);
        let times = self.of_sort.get(&sort).or_else(|| self.of_kind.get(&job.kind))?;
        let mut times: Vec<f64> = times.iter().take(ENOUGH).copied().collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).map(|time| (time * amount) as i64)
    }
}

/// Who does a job.
fn worker(job: &Job) -> String {
    match (job.kind, &job.machine) {
        (Kind::Build, _) => "builds".to_owned(),
        (Kind::Analyse, _) => "analyses".to_owned(),
        (Kind::Run, machine) => machine.clone().unwrap_or_default(),
    }
}

/// Goes through what is to be done as the queue would.
pub fn estimate(known: &Known) -> Estimate {
    let learnt = Learnt::of(&known.done);
    let mut estimate = Estimate::default();
    let time = |job: &Job| Some((job.id, learnt.time(job)?));
    let times: BTreeMap<i64, i64> = known.open.iter().filter_map(time).collect();
    estimate.unknown = known.open.len() - times.len();
    let mut done: BTreeSet<i64> = BTreeSet::new();
    let jobs: BTreeMap<i64, &Job> = known.open.iter().map(|job| (job.id, job)).collect();
    let mut waits_for: BTreeMap<i64, usize> = BTreeMap::new();
    let mut wanted_by: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (id, needs) in &known.needs {
        for need in needs.iter().filter(|need| jobs.contains_key(&need.job)) {
            *waits_for.entry(*id).or_default() += 1;
            wanted_by.entry(need.job).or_default().push(*id);
        }
    }
    let mut free: BTreeMap<String, usize> = BTreeMap::new();
    let slots = |worker: &str| if worker == "builds" { known.builders.max(1) } else { 1 };
    let mut ready: BTreeMap<String, BinaryHeap<(i64, Reverse<i64>)>> = BTreeMap::new();
    // Ends of jobs, and ends of the pauses after a failure.
    let mut events: BinaryHeap<Reverse<(i64, bool, i64)>> = BinaryHeap::new();
    for job in &known.open {
        let worker = worker(job);
        let slots = slots(&worker);
        let free = free.entry(worker).or_insert(slots);
        if job.state == State::Running {
            *free = free.saturating_sub(1);
            let time = times.get(&job.id).copied().unwrap_or_default();
            let since = job.started.unwrap_or(known.now);
            // One that takes longer than ever takes a tenth more.
            let end = (since + time).max(known.now + time / 10);
            done.insert(job.id);
            estimate.jobs.insert(job.id, (since, end));
            events.push(Reverse((end, true, job.id)));
        } else if !waits_for.contains_key(&job.id) && !is_held(job, &known.paused) {
            events.push(Reverse((job.not_before.max(known.now), false, job.id)));
        }
    }
    while let Some(Reverse((now, ended, id))) = events.pop() {
        let Some(job) = jobs.get(&id) else { continue };
        if ended {
            *free.entry(worker(job)).or_default() += 1;
            for next in wanted_by.remove(&id).unwrap_or_default() {
                let left = waits_for.entry(next).or_default();
                *left = left.saturating_sub(1);
                let Some(job) = jobs.get(&next).filter(|_| *left == 0) else { continue };
                if !is_held(job, &known.paused) {
                    events.push(Reverse((job.not_before.max(now), false, next)));
                }
            }
            let until = estimate.until.entry(worker(job)).or_default();
            *until = now.max(*until);
        } else {
            ready.entry(worker(job)).or_default().push((job.priority, Reverse(id)));
        }
        // All that happens at this moment comes first.
        if events.peek().is_some_and(|Reverse((next, ..))| *next == now) {
            continue;
        }
        for (worker, ready) in &mut ready {
            let free = free.entry(worker.clone()).or_default();
            while *free > 0
                && let Some((_, Reverse(id))) = ready.pop()
            {
                *free -= 1;
                let end = now + times.get(&id).copied().unwrap_or_default();
                done.insert(id);
                estimate.jobs.insert(id, (now, end));
                events.push(Reverse((end, true, id)));
            }
        }
    }
    estimate.jobs.retain(|id, _| times.contains_key(id));
    estimate.held = jobs.keys().filter(|id| !done.contains(id)).count();
    estimate.caught_up = estimate.until.values().max().copied();
    estimate
}

fn is_held(job: &Job, paused: &[Scope]) -> bool {
    paused.iter().any(|scope| match scope {
        Scope::All => true,
        Scope::Kind(kind) => *kind == job.kind,
        Scope::Machine(machine) => job.machine.as_ref() == Some(machine),
    })
}

impl Estimate {
    /// `caught up in about 5 h: builds 2 h, ivor 5 h`; nothing where there is nothing to be done.
    pub fn sentence(&self, now: i64) -> Option<String> {
        let mut parts = Vec::new();
        // Where nothing was ever done, nothing can be told.
        let known = self.caught_up.filter(|end| self.unknown == 0 || *end > now);
        if let Some(end) = known {
            let until: Vec<String> =
                self.until.iter().map(|(who, end)| format!("{who} {}", span(end - now))).collect();
            let until = until.join(", ");
            let about = if self.unknown > 0 { "more than" } else { "about" };
            parts.push(format!(
                "caught up in {about} {}, if nothing new comes: {until}",
                span(end - now)
            ));
        }
        let jobs = |count: usize| if count == 1 { "1 job".into() } else { format!("{count} jobs") };
        if self.unknown > 0 {
            let count = jobs(self.unknown);
            parts.push(format!("{count} of a sort that was never done before: not counted"));
        }
        if self.held > 0 {
            parts.push(format!("{} paused", jobs(self.held)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// `40 s`, `12 min`, `5 h`, `3 days`.
fn span(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) as f64 / 1000.0;
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 100.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
pub(super) mod tests;
