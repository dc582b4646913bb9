//! More iterations of a run that is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::client::record::{Boot, RunRecord};
use crate::client::results::iterations;
use crate::lab::LabError;

use super::{checksums, write_record};

/// The folder of a run, if it is of the kernel that the record tells of, and is no partial one.
pub fn same_kernel(run: &Path, record: &RunRecord) -> Option<PathBuf> {
    let old = RunRecord::read(run)?;
    let same = old.kernel.release == record.kernel.release
        && old.kernel.kconfig == record.kernel.kconfig
        && old.mmtests.config == record.mmtests.config;
    same.then(|| run.to_owned())
}

/// Moves the iterations of a new run behind those of another one. What was there is not touched. It can be done again
/// after a kill in the middle: the record says first where they go.
pub fn add(new: &Path, record: &RunRecord, run: &Path) -> Result<PathBuf, LabError> {
    let mut old = RunRecord::read(run).ok_or_else(|| {
        LabError::new(format!("{}: run.toml is gone", run.display()), "put it back")
    })?;
    let ours = |boot: &&Boot| boot.job.as_deref() == Some(record.job.as_str());
    let known = old.boots.iter().filter(ours).flat_map(|boot| &boot.iterations).min();
    let base = match known {
        Some(base) => *base,
        None => {
            let base = iterations(run).last().map_or(0, |(last, _)| last + 1);
            old.boots.extend(record.boots.iter().map(|boot| Boot {
                job: Some(record.job.clone()),
                iterations: boot.iterations.iter().map(|number| base + number).collect(),
                ..boot.clone()
            }));
            old.faults.extend(record.faults.iter().cloned());
            write_record(&old, run)?;
            base
        }
    };
    for (number, from) in iterations(new) {
        let to = run.join(format!("iter-{}", base + number));
        if !to.exists() {
            fs::rename(&from, &to).map_err(LabError::file(&to))?;
        }
    }
    checksums(run).map_err(LabError::file(run))?;
    fs::remove_dir_all(new).map_err(LabError::file(new))?;
    Ok(run.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::record::{Kernel, Mmtests};

    fn record(job: &str, release: &str, boots: u32) -> RunRecord {
        let boot = |number| Boot { iterations: vec![number], ..Boot::default() };
        RunRecord {
            machine: "ivor".to_owned(),
            config: "config-x".to_owned(),
            job: job.to_owned(),
            outcome: "finished".to_owned(),
            reason: None,
            kernel: Kernel { release: release.to_owned(), ..Kernel::default() },
            mmtests: Mmtests::default(),
            facts: crate::lab::inventory::Facts::default(),
            boots: (0..boots).map(boot).collect(),
            faults: Vec::new(),
        }
    }

    fn run(folder: &Path, record: &RunRecord) {
        for boot in 0..record.boots.len() {
            let iteration = folder.join(format!("iter-{boot}"));
            fs::create_dir_all(&iteration).expect("writable");
            fs::write(iteration.join("log"), format!("{} {boot}", record.job)).expect("writable");
        }
        write_record(record, folder).expect("writable");
    }

    #[test]
    fn iterations_are_added_once_whoever_is_killed_in_the_middle() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (old, new) = (folder.path().join("6.1"), folder.path().join(".6.1.b"));
        run(&old, &record("a", "6.1.0", 2));
        let more = record("b", "6.1.0", 3);
        assert_eq!(same_kernel(&old, &record("b", "6.1.1", 3)), None);
        assert_eq!(same_kernel(&old, &more).as_deref(), Some(old.as_path()));
        run(&new, &more);
        add(&new, &more, &old).expect("added");
        // It was killed after the first was moved, and before the others were.
        for lost in ["iter-3", "iter-4"] {
            fs::remove_dir_all(old.join(lost)).expect("there");
        }
        run(&new, &more);
        add(&new, &more, &old).expect("added");
        let logs: Vec<String> = iterations(&old)
            .iter()
            .map(|(_, path)| fs::read_to_string(path.join("log")).expect("there"))
            .collect();
        assert_eq!(logs, ["a 0", "a 1", "b 0", "b 1", "b 2"]);
        let told = RunRecord::read(&old).expect("readable");
        let numbers: Vec<u32> = told.boots.iter().flat_map(|b| b.iterations.clone()).collect();
        assert_eq!((told.job.as_str(), numbers), ("a", vec![0, 1, 2, 3, 4]));
        assert!(!new.exists());
    }
}
