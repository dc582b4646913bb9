//! The git program: what git2 does not do well, which is fetching and work trees.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::lab::process::last_line;

/// So long a git of an earlier melbot may go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// git failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("git {what} failed: {message}")]
pub struct GitError {
    /// What it was to do.
    pub what: String,
    /// Its words.
    pub message: String,
}

impl GitError {
    /// git itself, or a file of its could not be used.
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> GitError {
        let what = what.into();
        move |error| GitError { what, message: error.to_string() }
    }
}

/// git, as it works by itself: in a hook, the environment names another tree.
pub fn git_command() -> Command {
    let mut command = Command::new("git");
    FOREIGN.iter().for_each(|variable| {
        command.env_remove(variable);
    });
    // Nobody is there to answer.
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// What git takes from its environment rather than from where it is called.
pub const FOREIGN: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Runs git in a folder, and gives what it prints. It looks for no tree above that folder.
pub fn git(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let what = arguments.first().copied().unwrap_or_default();
    let mut command = git_command();
    // A work tree that lost its link to the tree must not be taken for a part of what lies above it.
    if let Some(above) = std::path::absolute(folder).ok().as_deref().and_then(Path::parent) {
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let output = command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::io(what))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        false => Err(GitError { what: what.to_owned(), message: gits_words(&output.stderr) }),
    }
}

/// What git calls its error, not the advice that follows.
pub fn gits_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut lines = text.lines();
    last_line(
        lines
            .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
            .unwrap_or(text.as_ref()),
    )
}

/// A work tree of a git tree's in a folder of its own, so that the user's stays as it is.
pub fn work_tree(folder: &Path, tree: &Path, commit: &str) -> Result<(), GitError> {
    // Its link to the tree is lost where the folder was moved, or the tree forgot it.
    if git(folder, &["rev-parse", "--git-dir"]).is_err() {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(GitError::io(folder.display().to_string())(error));
            }
            _ => {}
        }
        git(tree, &["worktree", "prune"])?;
        let target: PathBuf = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let target = target.to_string_lossy();
        git(tree, &["worktree", "add", "--force", "--detach", &target, commit])?;
    }
    Ok(())
}

/// Puts a commit into a work tree.
pub fn check_out(folder: &Path, commit: &str) -> Result<(), GitError> {
    let check_out = || git(folder, &["checkout", "--force", "--detach", "--quiet", commit]);
    // A git of an earlier melbot may just have begun.
    check_out().or_else(|_| free_index(folder).and_then(|()| check_out())).map(drop)
}

/// A melbot that was killed may have left a git behind, at work or killed as well. The work tree is ours:
/// what does not end in time has no one to end it.
fn free_index(folder: &Path) -> Result<(), GitError> {
    let lock = folder.join(git(folder, &["rev-parse", "--git-path", "index.lock"])?);
    let began = Instant::now();
    while lock.is_file() {
        if began.elapsed() > PATIENCE {
            return fs::remove_file(&lock).map_err(GitError::io(lock.display().to_string()));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
