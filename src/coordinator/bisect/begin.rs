//! Begins a search from an alert.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::assignment::{Assignment, By, Stage};
use super::seen::Seen;
use super::{ending, unusable};
use crate::bisect::{self, Alerted, Session};
use crate::client::{JobFile, KernelSource, MmtestsSource, RunRecord, usual_seconds};
use crate::coordinator::desk::Desk;
use crate::coordinator::settings::Policy;
use crate::lab::LabError;
use crate::model::Release;
use crate::notes;

/// A measurement that takes so many times as long as the whole config does as a rule hangs.
const TOO_LONG: f64 = 4.0;
/// Boots differ: what took seconds may take minutes.
const LEAST_MINUTES: f64 = 10.0;

/// Begins a search, or finds the one that was begun; gives its folder, and whether it is new. With `layout`, or
/// where the lab wants that of all, what is found is measured with another code layout at last.
///
/// # Errors
///
/// No policy says how the config of the alert is run on its machine; or an end of its window is in none of the
/// trees of that policy.
pub fn begin(desk: &Desk, alert: &Seen, by: By, layout: bool) -> Result<(PathBuf, bool), LabError> {
    // One at a time: somebody may ask for the same while the policy begins it.
    let path = desk.state("bisect.lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(LabError::file(&path))?;
    lock.lock().map_err(LabError::file(&path))?;

    let folder = desk.results().join(bisect::FOLDER).join(&alert.id);
    if Assignment::read(&folder)?.is_some() {
        return Ok((folder, false));
    }
    let Planned { policy, tree, ends } = plan(desk, alert)?;
    let subject = alerted(desk, alert)?;
    let assignment = Assignment {
        by,
        began: desk.clock.now(),
        stage: Stage::Running,
        why: None,
        resumed: 0,
        widened: false,
        tree: tree.to_owned(),
        kconfig: policy.kconfig.clone(),
        layout: layout || desk.settings.bisect.layout,
        priority: policy.priority,
        job: job(desk, policy, alert),
    };
    let shown = subject.clone();
    let metric = format!("{} {} on {}", subject.benchmark, subject.operation, subject.machine);
    // One that somebody began and works on by hand stays theirs; what was left before its first
    // measurement is gone on with.
    let begun = Session::is_one(&folder).then(|| Session::own(&folder)).transpose();
    match begun.map_err(unusable)? {
        Some(session) if !session.journal().is_empty() => {
            return Err(LabError::new(
                format!("{}: somebody measures for this search by hand", folder.display()),
                "go on with melbot bisect run, or move the folder away",
            ));
        }
        Some(_) => {}
        None => {
            let git = desk.tree(tree)?.folder;
            let ends = (ends.0.as_str(), ends.1.as_str());
            Session::start(&folder, &git, ends, (&metric, Some(subject))).map_err(unusable)?;
        }
    }
    assignment.write(&folder)?;
    ending::publish(&mut desk.queue()?, &assignment, &shown, 0)?;
    Ok((folder, true))
}

/// How a search would be done.
#[derive(Debug)]
pub struct Planned<'d> {
    /// The policy that says how the config is run.
    pub policy: &'d Policy,
    /// Name of the tree that has both ends.
    pub tree: &'d str,
    /// Full names of the good end and of the bad one.
    pub ends: (String, String),
}

/// How the search of an alert would be done here; an error if it cannot be.
pub fn plan<'d>(desk: &'d Desk, alert: &Seen) -> Result<Planned<'d>, LabError> {
    let policy = policy(desk, alert)?;
    let (tree, ends) = ends(desk, policy, alert)?;
    Ok(Planned { policy, tree, ends })
}

/// The policy that runs the config of an alert on its machine.
fn policy<'d>(desk: &'d Desk, alert: &Seen) -> Result<&'d Policy, LabError> {
    let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
    let mut policies = desk.settings.policies.iter();
    let found =
        policies.find(|p| has(&p.machines, &alert.machine) && has(&p.configs, &alert.config));
    found.ok_or_else(|| {
        LabError::new(
            format!(
                "{}: no policy of coordinator.toml runs {} on {}",
                alert.id, alert.config, alert.machine
            ),
            "add one, or bisect by hand with melbot bisect start --local",
        )
    })
}

/// The tree that has both ends, and their commits.
fn ends<'p>(
    desk: &Desk,
    policy: &'p Policy,
    alert: &Seen,
) -> Result<(&'p str, (String, String)), LabError> {
    let mut why = None;
    for name in &policy.trees {
        let tree = desk.tree(name)?;
        let end = |kernel: &str| -> Result<String, LabError> {
            let run = desk.results().join(&alert.run_path).join(kernel);
            let revision = commit_of(&run).or_else(|| Release::tag_of(kernel));
            tree.commit(revision.as_deref().unwrap_or(kernel)).map(|(commit, _)| commit)
        };
        let both = end(&alert.window.last_good).and_then(|good| {
            let bad = end(&alert.window.first_bad)?;
            Ok((good, bad))
        });
        match both {
            Ok(ends) => return Ok((name, ends)),
            Err(error) => why = Some(error),
        }
    }
    Err(why.unwrap_or_else(|| LabError::new("the policy names no tree", "add one to its trees")))
}

/// The commit that was run, as its run tells.
fn commit_of(run: &Path) -> Option<String> {
    RunRecord::read(run)?.kernel.commit
}

fn alerted(desk: &Desk, alert: &Seen) -> Result<Alerted, LabError> {
    let head = alert.members.first().ok_or_else(|| {
        LabError::new(format!("{}: nothing moved in it", alert.id), "tell the authors of melbot")
    })?;
    Ok(Alerted {
        id: alert.id.clone(),
        notes: desk.results().join(notes::FOLDER),
        machine: alert.machine.clone(),
        config: alert.config.clone(),
        benchmark: alert.benchmark.clone(),
        operation: head.operation.clone(),
        last_good: alert.window.last_good.clone(),
        first_bad: alert.window.first_bad.clone(),
        direction: alert.turn.clone(),
        change_pct: head.effect.value_pct,
        interval_pct: head.effect.value_interval,
    })
}

/// One iteration, in a boot of its own.
fn job(desk: &Desk, policy: &Policy, alert: &Seen) -> JobFile {
    let head = alert.members.first().map_or("", |member| member.operation.as_str());
    let mut set = policy.mmtests.set.clone();
    set.extend(bisect::narrow(&alert.benchmark, head));
    let usual = usual_seconds(&desk.results(), &alert.machine, &alert.config);
    let learnt = usual.map(|seconds| (TOO_LONG * seconds / 60.0).max(LEAST_MINUTES));
    JobFile {
        machines: vec![alert.machine.clone()],
        config: alert.config.clone(),
        run: None,
        iterations: 1,
        more: false,
        fresh_boots: true,
        monitors: policy.monitors,
        minutes: policy.minutes.or(learnt),
        attempts: 2,
        kernel: KernelSource { package: String::new().into(), release: None, commit: None },
        mmtests: MmtestsSource { set, ..policy.mmtests.clone() },
    }
}

/// Somebody paused it, gave it up, or lets it go on.
pub fn set(folder: &Path, stage: Stage) -> Result<Assignment, LabError> {
    let no_such = || {
        LabError::new(
            format!("{}: no search of this lab", folder.display()),
            "see melbot bisect list RESULTS",
        )
    };
    let mut assignment = Assignment::read(folder)?.ok_or_else(no_such)?;
    if matches!(assignment.stage, Stage::Over | Stage::Aborted) {
        return Err(LabError::new(
            format!("{}: it is {}", folder.display(), assignment.stage.word()),
            "only what is not over can be changed",
        ));
    }
    if assignment.stage == Stage::Stopped && stage == Stage::Running {
        assignment.resumed += 1;
    }
    (assignment.stage, assignment.why) = (stage, None);
    assignment.write(folder)?;
    Ok(assignment)
}
