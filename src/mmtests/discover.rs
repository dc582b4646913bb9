//! Finding the runs in a folder of results, whatever its layout.

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::fingerprint;
use super::layout::{self, Place};
use super::printable::printable_path;
use crate::model::{Problem, Severity};

/// Result trees are at most this deep above the runs.
pub(super) const MAX_DEPTH: usize = 16;

/// A run that was found, not yet read.
#[derive(Clone, Debug)]
pub struct FoundRun {
    /// Its folder.
    pub dir: PathBuf,
    /// Its folder relative to the results folder, printable.
    pub path: String,
    /// Machine, config and name of the run.
    pub place: Place,
    /// Changes whenever a file of the run is added, removed or changed.
    pub fingerprint: blake3::Hash,
    /// Number of files of the run.
    pub files: u64,
    /// What is odd about it.
    pub problems: Vec<Problem>,
}

/// All runs below a folder, in the order of their paths, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The runs, ordered by path.
    pub runs: Vec<FoundRun>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

/// The file that makes a folder one of a search for a commit; the runs in it are no results.
pub const SEARCH: &str = "bisect.toml";

/// Looks for runs at and below `root`. Reads no logs, only looks at names, sizes and times.
pub fn discover(root: &Path) -> Discovery {
    let mut problems = Vec::new();
    let mut dirs = run_folders(root, &mut problems);
    dirs.sort();
    let places = layout::places(root, &dirs);
    let runs = dirs
        .into_par_iter()
        .zip(places)
        .map(|(dir, (place, notes))| {
            let mut found = FoundRun {
                path: printable_path(root, &dir),
                place,
                fingerprint: blake3::Hash::from_bytes([0; 32]),
                files: 0,
                problems: notes,
                dir,
            };
            fingerprint::take(root, &mut found);
            found
        })
        .collect();
    Discovery { runs, problems }
}

/// Folders that hold `iter-*` folders.
fn run_folders(root: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut links = Links::new(root);
    let mut walk =
        WalkDir::new(root).follow_links(true).max_depth(MAX_DEPTH).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry) if !entry.file_type().is_dir() => {}
            Ok(entry) if entry.depth() > 0 && is_hidden(entry.path()) => walk.skip_current_dir(),
            Ok(entry) if is_search(entry.path()) => walk.skip_current_dir(),
            Ok(entry) if entry.path_is_symlink() && links.seen_elsewhere(entry.path()) => {
                problems.push(second_way(printable_path(root, entry.path())));
                walk.skip_current_dir();
            }
            Ok(entry) if is_run(entry.path()) => {
                found.push(entry.path().to_owned());
                walk.skip_current_dir();
            }
            Ok(entry) if is_misnamed_iteration(entry.path()) => {
                problems.push(misnamed(printable_path(root, entry.path())));
            }
            Ok(entry) if is_iteration(entry.path()) => {
                problems.push(stray(printable_path(root, entry.path())));
            }
            Ok(_) => {}
            Err(error) => problems.push(unreadable(root, &error)),
        }
    }
    found
}

/// `true` for a folder that holds logs of benchmarks as an iteration does, and is called `iter-`
/// something that is no number.
fn is_misnamed_iteration(dir: &Path) -> bool {
    let called = dir.file_name().is_some_and(|name| name.as_bytes().starts_with(b"iter-"));
    called
        && fs::read_dir(dir)
            .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join("logs").is_dir()))
}

/// `true` for an iteration; such are not come across but where they belong to no run.
fn is_iteration(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| iteration_number(&name.to_string_lossy()).is_some())
}

fn stray(path: String) -> Problem {
    Problem {
        severity: Severity::Warning,
        path,
        line: None,
        what: "an empty iteration that is in no run: it was left out".to_owned(),
        remedy: "remove it".to_owned(),
    }
}

/// What is said of a folder that looks like an iteration and has no number.
pub fn misnamed(path: String) -> Problem {
    Problem {
        severity: Severity::Warning,
        path,
        line: None,
        what: "looks like an iteration but has no usable number: it was left out".to_owned(),
        remedy: "call it iter-N with the next free number".to_owned(),
    }
}

/// Links to folders. Each folder is looked at once: a few links across would otherwise make more
/// ways through a tree than there is time for.
pub(super) struct Links {
    /// Without links itself.
    root: PathBuf,
    followed: HashSet<PathBuf>,
}

impl Links {
    pub(super) fn new(root: &Path) -> Links {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Links { root, followed: HashSet::new() }
    }

    /// `true` if the folder behind this link is seen at its own place, or was behind another link.
    pub(super) fn seen_elsewhere(&mut self, link: &Path) -> bool {
        let Ok(target) = link.canonicalize() else { return false };
        let hidden = |inside: &Path| inside.ancestors().any(is_hidden);
        let own_place = target.strip_prefix(&self.root).is_ok_and(|inside| !hidden(inside));
        own_place || !self.followed.insert(target)
    }
}

fn second_way(path: String) -> Problem {
    Problem {
        severity: Severity::Note,
        path,
        line: None,
        what: "a link to a folder that is also elsewhere in the results: it is read there".into(),
        remedy: "remove the link, unless it is there for other programs".into(),
    }
}

fn is_hidden(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."))
}

/// A folder with iterations. Where all of them are empty, and other folders stand beside them, somebody
/// made them by mistake among runs.
fn is_run(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    let (mut empty, mut others) = (false, false);
    for entry in entries.flatten() {
        let is_iteration = iteration_number(&entry.file_name().to_string_lossy()).is_some();
        if is_iteration && entry.path().is_dir() {
            if fs::read_dir(entry.path()).map_or(true, |mut inner| inner.next().is_some()) {
                return true;
            }
            empty = true;
        } else {
            others |= entry.file_type().is_ok_and(|kind| kind.is_dir());
        }
    }
    empty && !others
}

/// N of `iter-N`.
pub fn iteration_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("iter-")?;
    // Not `+1` or `01`, lest two folders be the same iteration.
    digits.parse().ok().filter(|number: &u32| number.to_string() == digits)
}

/// `true` for what melbot itself keeps beside results: notes on alerts, and searches.
pub(super) fn is_ours(entry: &walkdir::DirEntry) -> bool {
    entry.file_name() == crate::notes::FOLDER || is_search(entry.path())
}

/// `true` for the folder of a search for a commit: the runs in it are of kernels that nobody released.
fn is_search(dir: &Path) -> bool {
    dir.join(SEARCH).is_file()
}

pub(super) fn unreadable(root: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().map_or(String::new(), |path| printable_path(root, path));
    let (what, remedy) = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => (
            format!("symbolic link that leads back to {:?}", printable_path(root, ancestor)),
            "remove the link".to_owned(),
        ),
        (None, Some(io)) => (
            format!("cannot be looked at: {}", describe(io)),
            "make it readable for the user who runs melbot, or remove it".to_owned(),
        ),
        (None, None) => ("cannot be looked at".to_owned(), "remove it".to_owned()),
    };
    Problem { severity: Severity::Warning, path, line: None, what, remedy }
}

/// The message of an error without the number of the operating system.
pub fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
