//! Jobs that somebody adds by hand.

use std::path::{Component, Path};

use super::orders::json;
use super::tasks::RunTask;
use crate::client::{JobFile, parse_job};
use crate::lab::{Inventory, LabError};
use crate::queue::{Kind, NewJob, Queue, Submitted};

/// What is added.
#[derive(Clone, Debug)]
pub struct Added<'a> {
    /// A job, as a file of `melbot client` has it.
    pub text: &'a str,
    /// Where it stands, for messages.
    pub place: &'a str,
    /// Higher ones come first.
    pub priority: i64,
    /// Tells it from the same job before, if that shall run again.
    pub again: Option<i64>,
}

/// Adds a job for each machine that it names; gives their titles with what became of them.
pub fn add(
    queue: &mut Queue,
    inventory: &Inventory,
    added: &Added,
) -> Result<Vec<(NewJob, Submitted)>, LabError> {
    let file = parse_job(added.text).map_err(|(line, what)| {
        let what = format!("{}:{line}: {what}", added.place);
        LabError::new(what, "correct it; docs/LAB.md lists what a job may hold")
    })?;
    let wrong =
        |what: String| LabError::new(format!("{}: {what}", added.place), "see melbot machine list");
    if file.machines.is_empty() {
        return Err(wrong("it is for no machine; say machines = [\"NAME\"]".to_owned()));
    }
    let mut jobs = Vec::new();
    for machine in &file.machines {
        if !inventory.machines.contains_key(machine) {
            return Err(wrong(format!("there is no machine {machine:?}")));
        }
        let hash = &blake3::hash(added.text.as_bytes()).to_hex()[..16];
        let again = added.again.map_or(String::new(), |again| format!(" {again}"));
        let package = file.kernel.package.file_name().unwrap_or_default().to_string_lossy();
        let kernel = file.run.as_deref().unwrap_or(&package);
        let job = NewJob {
            key: format!("file {machine} {hash}{again}"),
            kind: Kind::Run,
            title: format!("{} of {kernel}", file.config),
            machine: Some(machine.clone()),
            lane: "by hand".to_owned(),
            priority: added.priority,
            task: json(&RunTask { job: file.clone(), into: None }),
            attempts: 1,
            needs: Vec::new(),
        };
        jobs.push((job, Vec::new()));
    }
    let submitted = queue.submit(&jobs)?;
    Ok(jobs.into_iter().map(|(job, _)| job).zip(submitted).collect())
}

/// A path of a job that leads out of the folder of the lab: not to be taken from the network.
pub fn leads_out(file: &JobFile) -> Option<&Path> {
    let inside = |path: &Path| {
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    let source = Path::new(&file.mmtests.source);
    let is_url = file.mmtests.source.contains("://");
    let paths = [
        Some(file.kernel.package.as_path()),
        file.mmtests.config_file.as_deref(),
        Some(source).filter(|_| !is_url && !file.mmtests.installed),
    ];
    paths.into_iter().flatten().find(|path| !inside(path))
}
