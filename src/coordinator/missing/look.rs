//! Finds what is missing. It reads the queue, what the coordinator has seen of the trees, and folders of results.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Missing, Overview, Why};
use crate::client::RunRecord;
use crate::coordinator::builds::broken;
use crate::coordinator::desk::Desk;
use crate::coordinator::memory::Memory;
use crate::coordinator::orders::{build_job_key, run_key};
use crate::coordinator::settings::Policy;
use crate::coordinator::tasks::RunTask;
use crate::kernel::{Choice, Point};
use crate::lab::LabError;
use crate::lab::inventory::FOLDER as MACHINES;
use crate::model::{Release, natural_cmp};
use crate::notes::utc_of;
use crate::queue::{Filter, Job, Kind, Queue, QueueError, State};

/// A reason is a line in a table.
const LONGEST: usize = 200;

/// A kernel that a policy wants.
struct Wanted<'a> {
    policy: &'a Policy,
    tree: &'a str,
    point: Point,
    build: String,
}

/// What is missing now.
pub fn look(desk: &Desk, queue: &Queue) -> Result<Overview, LabError> {
    let memory = Memory::open(&desk.state("memory.json"))?;
    let mut overview = Overview::default();
    let given_up = given_up(queue)?;
    let open = open(queue)?;
    let mut told = BTreeSet::new();
    overview.unknown.extend(strangers(desk));
    for policy in &desk.settings.policies {
        for tree in &policy.trees {
            let Some(points) = memory.points(tree) else {
                let what = format!("what {} wants of {tree}: it was not read yet", policy.name);
                overview.unknown.push(what);
                continue;
            };
            let wanted = match wanted(desk, &memory, policy, tree, &points, &given_up) {
                Ok(wanted) => wanted,
                Err(error) => {
                    overview.unknown.push(format!("what {} wants: {error}", policy.name));
                    continue;
                }
            };
            for wanted in &wanted {
                for machine in &policy.machines {
                    for config in &policy.configs {
                        let kernel = wanted.point.run_name();
                        let place = (machine.clone(), config.clone(), kernel);
                        if told.contains(&place) || open.contains(&place) {
                            continue;
                        }
                        let missing = one(desk, queue, wanted, &place)?;
                        overview.missing.extend(missing);
                        told.insert(place);
                    }
                }
            }
        }
    }
    overview.missing.sort_by(|a, b| {
        let kernel = |of: &Missing| Release::parse(&of.kernel);
        (&a.machine, &a.config)
            .cmp(&(&b.machine, &b.config))
            .then_with(|| kernel(b).cmp(&kernel(a)))
            .then_with(|| natural_cmp(&b.kernel, &a.kernel))
    });
    Ok(overview)
}

/// Machines that policies name, and that there are not: nobody does what is queued for them.
fn strangers(desk: &Desk) -> Vec<String> {
    let machines: BTreeMap<&String, &Policy> = desk
        .settings
        .policies
        .iter()
        .flat_map(|policy| policy.machines.iter().map(move |machine| (machine, policy)))
        .collect();
    let is_one = |machine: &str| desk.lab.join(MACHINES).join(format!("{machine}.toml")).is_file();
    let strangers = machines.into_iter().filter(|(machine, _)| !is_one(machine));
    strangers
        .map(|(machine, policy)| {
            format!(
                "who {machine} is: {MACHINES}/{machine}.toml is not there, and {} names it",
                policy.name
            )
        })
        .collect()
}

/// The newest kernel of each track, and those whose run was ordered and given up.
fn wanted<'a>(
    desk: &Desk,
    memory: &Memory,
    policy: &'a Policy,
    tree: &'a str,
    points: &[Point],
    given_up: &BTreeSet<(String, String)>,
) -> Result<Vec<Wanted<'a>>, LabError> {
    let is_at_once = policy.times.is_none();
    let regular: Vec<Point> =
        points.iter().filter(|point| !is_at_once || policy.kernels.takes(point)).cloned().collect();
    let mut newest: Vec<&Point> = policy.kernels.newest(&regular);
    newest.retain(|point| !is_at_once || !memory.is_passed_over(tree, point));
    let any = Choice { every: 1, ..policy.kernels.clone() };
    let tried = points.iter().filter(|point| {
        let job = |machine: &String| (machine.clone(), point.commit.clone());
        any.takes(point) && policy.machines.iter().any(|machine| given_up.contains(&job(machine)))
    });
    let mut wanted: Vec<Wanted> = Vec::new();
    for point in newest.into_iter().chain(tried) {
        if wanted.iter().any(|other| other.point == *point) {
            continue;
        }
        let build = desk.build_key(&desk.tree(tree)?, &policy.kconfig, &point.commit)?;
        wanted.push(Wanted { policy, tree, point: point.clone(), build });
    }
    Ok(wanted)
}

/// Machines and commits of runs that failed or were cancelled; what searches measure is nobody's wish.
fn given_up(queue: &Queue) -> Result<BTreeSet<(String, String)>, QueueError> {
    let states = vec![State::Failed, State::Cancelled];
    let jobs = queue.jobs(&Filter { kind: Some(Kind::Run), states, ..Filter::default() })?;
    let of = |job: Job| {
        let task: RunTask =
            serde_json::from_str(&job.task).ok().filter(|task: &RunTask| task.into.is_none())?;
        Some((job.machine?, task.job.kernel.commit?))
    };
    Ok(jobs.into_iter().filter_map(of).collect())
}

/// Runs that are queued, whoever ordered them.
fn open(queue: &Queue) -> Result<BTreeSet<(String, String, String)>, QueueError> {
    let states = vec![State::Waiting, State::Running];
    let jobs = queue.jobs(&Filter { kind: Some(Kind::Run), states, ..Filter::default() })?;
    let of = |job: Job| {
        let task: RunTask =
            serde_json::from_str(&job.task).ok().filter(|task: &RunTask| task.into.is_none())?;
        Some((job.machine?, task.job.config, task.job.run?))
    };
    Ok(jobs.into_iter().filter_map(of).collect())
}

fn one(
    desk: &Desk,
    queue: &Queue,
    wanted: &Wanted,
    (machine, config, kernel): &(String, String, String),
) -> Result<Option<Missing>, LabError> {
    if is_there(&desk.results(), machine, config, kernel) {
        return Ok(None);
    }
    let Wanted { policy, tree, point, build } = wanted;
    let run = latest(queue, &run_key(machine, config, build))?;
    if run.as_ref().is_some_and(|run| !run.state.is_over()) {
        return Ok(None);
    }
    let made = latest(queue, &build_job_key(build))?;
    let (why, detail, job) = reason(desk, policy, run.as_ref(), made.as_ref());
    let id = blake3::hash(format!("{machine} {config} {kernel}").as_bytes());
    Ok(Some(Missing {
        id: id.to_hex()[..16].to_owned(),
        machine: machine.clone(),
        config: config.clone(),
        kernel: kernel.clone(),
        commit: point.commit.clone(),
        tree: (*tree).to_owned(),
        policy: policy.name.clone(),
        why,
        detail,
        job,
    }))
}

fn reason(
    desk: &Desk,
    policy: &Policy,
    run: Option<&Job>,
    build: Option<&Job>,
) -> (Why, String, Option<i64>) {
    if let Some(build) =
        build.filter(|build| matches!(build.state, State::Failed | State::Cancelled))
    {
        let why = match (broken(build), build.state) {
            (Some(_), _) => Why::DoesNotBuild,
            (None, State::Cancelled) => Why::Cancelled,
            (None, _) => Why::Failed,
        };
        let what = short(build.outcome.as_deref().unwrap_or_default());
        let detail = match why {
            Why::DoesNotBuild => what.strip_prefix("does not build: ").unwrap_or(&what).to_owned(),
            _ => format!("its build: {what}"),
        };
        return (why, detail, Some(build.id));
    }
    let outcome = |run: &Job| short(run.outcome.as_deref().unwrap_or_default());
    match run {
        Some(run) if run.state == State::Failed => {
            let times = match run.failures {
                0 | 1 => outcome(run),
                2 => format!("twice, at last: {}", outcome(run)),
                times => format!("{times} times, at last: {}", outcome(run)),
            };
            (Why::Failed, times, Some(run.id))
        }
        Some(run) if run.state == State::Cancelled => (Why::Cancelled, outcome(run), Some(run.id)),
        Some(run) => (Why::Gone, format!("job {} measured it", run.id), Some(run.id)),
        None => match policy.times.as_ref().and_then(|times| times.after(desk.clock.now())) {
            Some(due) => {
                (Why::NotDue, format!("{} queues it on {}", policy.name, utc_of(due)), None)
            }
            None => (Why::NeverQueued, String::new(), None),
        },
    }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The job of this key, or that which was ordered in its place.
pub(super) fn latest(queue: &Queue, key: &str) -> Result<Option<Job>, QueueError> {
    let mut found = None;
    let mut next = key.to_owned();
    while let Some(job) = queue.find(&next)? {
        next = format!("{key} after {}", job.id);
        found = Some(job);
    }
    Ok(found)
}

/// `true` if that was measured, by whomever. What failed may have left a folder as well.
fn is_there(results: &Path, machine: &str, config: &str, kernel: &str) -> bool {
    let places = [results.join(machine).join(config), results.join(config).join(machine)];
    let later = (2..).map(|number| format!("{kernel}-{number}"));
    let names: Vec<String> = std::iter::once(kernel.to_owned())
        .chain(later)
        .take_while(|name| places.iter().any(|place| place.join(name).is_dir()))
        .collect();
    let was_measured = |path: PathBuf| {
        path.is_dir() && RunRecord::read(&path).is_none_or(|record| record.outcome != "failed")
    };
    names.iter().any(|name| places.iter().any(|place| was_measured(place.join(name))))
}

/// What is chosen, by policy, tree, commit and machine.
pub(super) fn grouped<'m>(
    chosen: &[&'m Missing],
) -> BTreeMap<(&'m str, &'m str, &'m str, &'m str), Vec<&'m Missing>> {
    let mut groups: BTreeMap<_, Vec<&Missing>> = BTreeMap::new();
    for run in chosen {
        let group = (&*run.policy, &*run.tree, &*run.commit, &*run.machine);
        groups.entry(group).or_default().push(run);
    }
    groups
}
