//! Puts a run among the results: whole, with checksums, and never over another one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use walkdir::WalkDir;

mod more;

use crate::lab::{LabError, write_whole};

use super::folders::Folders;
use super::journal::{Event, Facts, Step};
use super::plan::Outcome;
use super::record::{Boot, FILE, Kernel, Mmtests, RunRecord};
use super::results;
use super::work::Work;

/// As `b3sum --check` reads it.
const CHECKSUMS: &str = "checksums.b3";
/// Bytes without which no run is begun.
const ROOM: usize = 1 << 18;
/// Every boot has one, and they follow one another in that of the run.
const ACTIVITY: &str = "mmtests-activity";

/// Puts together what came home, and moves it to its place. `None` if nothing came.
pub fn publish(work: &Work, outcome: &Outcome) -> Result<Option<PathBuf>, LabError> {
    let Some(record) = record(work, outcome) else { return Ok(None) };
    let above = work.results.join(&record.machine).join(&record.config);
    let name = work.job.run_name(&record.kernel.release).to_owned();
    if let Some(done) = published(&above, &name, &record.job) {
        return Ok(Some(done));
    }
    fs::create_dir_all(&above).map_err(LabError::file(&above))?;
    let new = above.join(format!(".{name}.{}", work.job.id));
    if new.exists() {
        fs::remove_dir_all(&new).map_err(LabError::file(&new))?;
    }
    fs::create_dir(&new).map_err(LabError::file(&new))?;
    let anything = assemble(&work.folders, &record, &new)?;
    if !anything {
        fs::remove_dir_all(&new).map_err(LabError::file(&new))?;
        return Ok(None);
    }
    if work.job.file.more
        && let Some(run) = more::same_kernel(&above.join(&name), &record)
    {
        return more::add(&new, &record, &run).map(Some);
    }
    write_record(&record, &new)?;
    checksums(&new).map_err(LabError::file(&new))?;
    move_to_free_name(&new, &above, &name).map(Some)
}

/// An error if nothing can be put among the results, before a machine works for it.
pub fn has_room(work: &Work) -> Result<(), LabError> {
    let place = work.results.join(&work.attached.machine.name).join(&work.job.file.config);
    let there = place.ancestors().find(|path| path.exists());
    let above = there.unwrap_or_else(|| Path::new("."));
    let probe = above.join(format!(".{}.probe", work.job.id));
    let written = fs::write(&probe, vec![0; ROOM]);
    let _ = fs::remove_file(&probe);
    written.map_err(LabError::file(above))
}

fn write_record(record: &RunRecord, run: &Path) -> Result<(), LabError> {
    let text = toml::to_string(record).map_err(|error| {
        LabError::new(format!("run.toml cannot be written: {error}"), "tell the authors of melbot")
    })?;
    write_whole(&run.join(FILE), text.as_bytes())
}

/// `RUN`, else `RUN-2` and so on.
fn names(name: &str) -> impl Iterator<Item = String> {
    let later = (2..10_000).map({
        let name = name.to_owned();
        move |number| format!("{name}-{number}")
    });
    std::iter::once(name.to_owned()).chain(later)
}

/// Where a melbot that was killed has put it already.
fn published(above: &Path, name: &str, job: &str) -> Option<PathBuf> {
    names(name)
        .map(|name| above.join(name))
        .take_while(|path| path.exists())
        .find(|path| RunRecord::read(path).is_some_and(|record| record.job == job))
}

fn move_to_free_name(new: &Path, above: &Path, name: &str) -> Result<PathBuf, LabError> {
    for name in names(name) {
        let to = above.join(name);
        match renameat_with(CWD, new, CWD, &to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(to),
            Err(rustix::io::Errno::EXIST) => {}
            // Some network file systems cannot promise it; a folder that is not empty stays anyway.
            Err(rustix::io::Errno::INVAL) if !to.exists() => {
                fs::rename(new, &to).map_err(LabError::file(&to))?;
                return Ok(to);
            }
            Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(LabError::file(&to)(error.into())),
        }
    }
    Err(LabError::new(
        format!("{}: there are 10,000 runs of {name}", above.display()),
        "move some of them away",
    ))
}

/// What is known of the run; `None` if its kernel never was.
fn record(work: &Work, outcome: &Outcome) -> Option<RunRecord> {
    let mut record = RunRecord {
        machine: work.attached.machine.name.clone(),
        config: work.job.file.config.clone(),
        job: work.job.id.clone(),
        outcome: outcome.word().to_owned(),
        reason: outcome.reason().map(str::to_owned),
        kernel: Kernel::default(),
        mmtests: Mmtests::default(),
        facts: work.attached.machine.file.facts.clone(),
        boots: Vec::new(),
        faults: Vec::new(),
    };
    let package = work.job.file.kernel.package.file_name().unwrap_or_default();
    record.kernel.package = package.to_string_lossy().into_owned();
    record.kernel.commit = work.job.file.kernel.commit.clone();
    let mut boot = Boot::default();
    let mut next = 0;
    for entry in work.journal.entries() {
        match &entry.event {
            Event::Done { step, facts, seconds } => match step {
                Step::Prepare => {
                    record.mmtests.revision = facts.mmtests.clone();
                    record.mmtests.config = facts.config.clone();
                }
                Step::Install => {
                    record.kernel.release = facts.release.clone().unwrap_or_default();
                    record.kernel.kconfig = facts.kconfig.clone();
                }
                Step::Boot(_) => take_boot(&mut record, &mut boot, facts),
                Step::Run(_) => {
                    boot.run_seconds = Some(*seconds);
                    boot.notes.extend(facts.notes.iter().cloned());
                }
                Step::Collect(number) => {
                    let count = results::iterations(&work.folders.collected(*number)).len() as u32;
                    boot.iterations = (next..next + count).collect();
                    next += count;
                    boot.notes.extend(facts.notes.iter().cloned());
                    let same_boot = Boot { id: boot.id.clone(), ..Boot::default() };
                    record.boots.push(std::mem::replace(&mut boot, same_boot));
                }
                _ => {}
            },
            Event::Failed { step, why, what, .. } => {
                record.faults.push(format!("{step}: {why}: {what}"));
            }
            Event::Began { step: Step::Run(_) } => boot.began = Some(entry.time.clone()),
            Event::Began { .. } => {}
        }
    }
    (!record.kernel.release.is_empty()).then_some(record)
}

fn take_boot(record: &mut RunRecord, boot: &mut Boot, facts: &Facts) {
    *boot = Boot { id: facts.boot_id.clone(), ..Boot::default() };
    record.kernel.command_line = facts.command_line.clone();
}

/// `false` if there is nothing to tell.
fn assemble(folders: &Folders, record: &RunRecord, to: &Path) -> Result<bool, LabError> {
    let mut anything = false;
    let mut number = 0;
    for (boot, _) in record.boots.iter().enumerate() {
        let boot = boot as u32;
        let log = folders.collected(boot);
        for (_, from) in results::iterations(&log) {
            let iteration = to.join(format!("iter-{number}"));
            copy(&from, &iteration)?;
            let console = folders.console(boot);
            if console.is_file() {
                copy(&console, &iteration.join("console.log"))?;
            }
            number += 1;
            anything = true;
        }
        of_run(&log, to)?;
    }
    let partial = folders.partial();
    if partial.is_dir() {
        copy(&partial, &to.join("partial"))?;
        anything = true;
    }
    Ok(anything)
}

/// The files beside the iterations: of the first boot, but for the activity, which goes on.
fn of_run(log: &Path, to: &Path) -> Result<(), LabError> {
    for entry in fs::read_dir(log).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let target = to.join(&name);
        if !path.is_file() {
            continue;
        }
        if name == ACTIVITY {
            let append = || -> io::Result<()> {
                let mut file = File::options().create(true).append(true).open(&target)?;
                io::copy(&mut File::open(&path)?, &mut file).map(drop)
            };
            append().map_err(LabError::file(&path))?;
        } else if !target.exists() {
            copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Copies plain files and folders; there is nothing else in what was unpacked.
fn copy(from: &Path, to: &Path) -> Result<(), LabError> {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry.map_err(|error| LabError::file(from)(error.into()))?;
        let inside = entry.path().strip_prefix(from).unwrap_or(Path::new(""));
        let target = if inside.as_os_str().is_empty() { to.to_owned() } else { to.join(inside) };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(LabError::file(&target))?;
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), &target).map_err(LabError::file(&target))?;
        }
    }
    Ok(())
}

fn checksums(folder: &Path) -> io::Result<()> {
    let mut lines = String::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() && entry.path() != folder.join(CHECKSUMS) {
            let mut hasher = blake3::Hasher::new();
            io::copy(&mut File::open(entry.path())?, &mut hasher)?;
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            lines += &format!("{}  {}\n", hasher.finalize().to_hex(), inside.display());
        }
    }
    fs::write(folder.join(CHECKSUMS), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_never_replaces_another_one() {
        let above = tempfile::tempdir().expect("a temporary folder");
        let place = |content: &str| {
            let new = above.path().join(".new");
            fs::create_dir(&new).expect("writable");
            fs::write(new.join("x"), content).expect("writable");
            move_to_free_name(&new, above.path(), "6.1").expect("placed")
        };
        assert_eq!(place("one"), above.path().join("6.1"));
        assert_eq!(place("two"), above.path().join("6.1-2"));
        assert_eq!(fs::read_to_string(above.path().join("6.1/x")).expect("there"), "one");
        // Not even an empty folder, which a plain rename would replace.
        fs::create_dir(above.path().join("6.1-3")).expect("writable");
        assert_eq!(place("three"), above.path().join("6.1-4"));
    }
}
