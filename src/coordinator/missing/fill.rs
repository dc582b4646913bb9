//! Queues what is missing.

use std::collections::BTreeMap;

use super::Missing;
use super::look::{grouped, latest};
use crate::coordinator::builds::usable;
use crate::coordinator::desk::Desk;
use crate::coordinator::memory::Memory;
use crate::coordinator::orders::{Target, orders, run_key};
use crate::coordinator::settings::Policy;
use crate::kernel::Point;
use crate::lab::LabError;
use crate::queue::{Job, Kind, Queue, State};

/// Queues these runs, with the builds that they need, and a summary of each kernel and machine; gives the jobs of the
/// runs. What failed or was cancelled is tried again, also kernels that did not build.
pub fn fill(desk: &Desk, queue: &mut Queue, chosen: &[&Missing]) -> Result<Vec<Job>, LabError> {
    let memory = Memory::open(&desk.state("memory.json"))?;
    let mut jobs = Vec::new();
    for ((policy, tree, commit, machine), runs) in grouped(chosen) {
        let changed =
            || LabError::new(format!("{commit:.12} is not wanted any more"), "look again");
        let policy = desk.settings.policies.iter().find(|one| one.name == policy);
        let points = memory.points(tree).unwrap_or_default();
        let point = points
            .iter()
            .find(|point| point.commit == commit && point.run_name() == runs[0].kernel);
        let (policy, point) = policy.zip(point).ok_or_else(changed)?;
        let narrow = Policy {
            machines: vec![machine.to_owned()],
            configs: runs.iter().map(|run| run.config.clone()).collect(),
            ..policy.clone()
        };
        jobs.extend(group(desk, queue, &narrow, tree, point)?);
    }
    Ok(jobs)
}

/// The configs of this policy, on its one machine.
fn group(
    desk: &Desk,
    queue: &mut Queue,
    policy: &Policy,
    tree: &str,
    point: &Point,
) -> Result<Vec<Job>, LabError> {
    let key = desk.build_key(&desk.tree(tree)?, &policy.kconfig, &point.commit)?;
    let none = BTreeMap::new();
    let target = Target { tree, point, build: &key, again: &none };
    let ordered = orders(policy, &target);
    let Some((first, _)) = ordered.first() else { return Ok(Vec::new()) };
    let build = usable(desk, queue, first.clone())?;
    let build = queue.job(build)?;
    if build.state == State::Failed {
        queue.retry(build.id)?;
    }

    let mut again = BTreeMap::new();
    for (machine, config) in
        policy.machines.iter().flat_map(|m| policy.configs.iter().map(move |c| (m, c)))
    {
        let key = run_key(machine, config, &key);
        let Some(run) = latest(queue, &key)?.filter(|run| run.state.is_over()) else { continue };
        let has_kernel = queue.needs(run.id)?.iter().any(|need| need.job == build.id);
        match run.state {
            State::Failed | State::Cancelled if has_kernel => queue.retry(run.id)?,
            // It was measured and is gone, or its kernel was taken away for its room.
            _ => drop(again.insert(key, run.id)),
        }
    }
    let mut ordered = orders(policy, &Target { again: &again, ..target });
    for (job, _) in &mut ordered {
        if job.kind == Kind::Build {
            job.key.clone_from(&build.key);
        }
        // Who was told that it failed is told what came of it.
        while let Some(before) = queue.find(&job.key)?.filter(|_| job.key.starts_with("tell "))
            && before.state.is_over()
        {
            job.key = format!("{} after {}", job.key, before.id);
        }
    }
    let submitted = queue.submit(&ordered)?;
    let runs = ordered.iter().zip(submitted).filter(|((job, _), _)| job.kind == Kind::Run);
    runs.map(|(_, submitted)| Ok(queue.job(submitted.id)?)).collect()
}
