//! Bringing logs home.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::lab::LabError;
use crate::lab::exec::{self, Exec, Remote};
use crate::lab::unpack::{Limits, unpack};
use crate::mmtests::iteration_number;

use super::fault::{Fault, Why};
use super::job::Job;

/// Logs come home within that.
const WITHIN: Duration = Duration::from_secs(3600);
/// One question.
const ASK: Duration = Duration::from_secs(60);
/// Where MMTests puts its runs, below its own folder.
const LOGS: &str = "work/log";
/// A config of MMTests is a few lines.
const MAX_CONFIG: usize = 1 << 20;

/// Brings a whole run home; what it should have is there. Gives what was left out.
pub fn collect(exec: &dyn Exec, job: &Job, release: &str, to: &Path) -> Result<Vec<String>, Fault> {
    let left_out = fetch(exec, job, release, to)?;
    let iterations = iterations(to);
    if iterations.is_empty() {
        let what = format!("MMTests ended well, and left no iter-0 in {LOGS}");
        return Err(Fault::new(Why::Results, what));
    }
    Ok(left_out)
}

/// Brings home what there is; nothing at all is no fault.
pub fn rescue(exec: &dyn Exec, job: &Job, release: &str, to: &Path) -> Result<Vec<String>, Fault> {
    let test = ["test", "-d", &logs(job, release)];
    match exec::text(exec, &test, ASK) {
        Ok(_) => fetch(exec, job, release, to),
        Err(_) => Ok(vec![format!("it left nothing in {LOGS}")]),
    }
}

/// The folder of a run on the machine.
fn logs(job: &Job, release: &str) -> String {
    [&job.file.mmtests.folder, LOGS, job.run_name(release)].join("/")
}

/// Numbers and folders of the iterations in what came home, in their order.
pub fn iterations(log: &Path) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(log).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((iteration_number(entry.file_name().to_str()?)?, entry.path())))
        .filter(|(_, path)| path.is_dir())
        .collect();
    found.sort();
    found
}

/// Whole, or not at all: `to` is made by renaming.
fn fetch(exec: &dyn Exec, job: &Job, release: &str, to: &Path) -> Result<Vec<String>, Fault> {
    let new = to.with_extension("new");
    for leftover in [new.as_path(), to] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(LabError::file(leftover))?;
        }
    }
    fs::create_dir_all(&new).map_err(LabError::file(&new))?;
    let log = logs(job, release);
    let words = ["tar", "-C", &log, "-cf", "-", "."];
    let (reader, mut writer) = io::pipe().map_err(LabError::file(&new))?;
    let unpacked = thread::scope(|scope| {
        let unpacking = scope.spawn(|| {
            let mut reader = reader;
            let done = unpack(&mut reader, &new, Limits::RUN);
            // Padding may follow; whoever writes must not be stopped by that.
            if done.is_ok() {
                let _ = io::copy(&mut reader, &mut io::sink());
            }
            done
        });
        let mut remote = Remote {
            words: &words,
            input: &mut io::empty(),
            output: &mut writer,
            limit: Limits::RUN.bytes.saturating_mul(2),
            within: WITHIN,
        };
        let exit = exec.run(&mut remote);
        drop(writer);
        let unpacked = unpacking.join().unwrap_or_else(|_| {
            Err(LabError::new("what came back was not unpacked", "collect it again"))
        });
        // What is wrong with the content tells more than that the pipe broke of it.
        let unpacked = unpacked?;
        exec::succeeded(&exit?, &words)?;
        Ok::<_, LabError>(unpacked)
    })?;
    let config = format!("{}/configs/{}", job.file.mmtests.folder, job.config_file());
    if let Ok(mut text) = exec::text(exec, &["cat", &config], ASK) {
        text.truncate(text.floor_char_boundary(MAX_CONFIG));
        let path = new.join("config");
        fs::write(&path, text).map_err(LabError::file(&path))?;
    }
    fs::rename(&new, to).map_err(LabError::file(to))?;
    Ok(unpacked.left_out)
}
