//! The checkout of a search, by the git program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::local::{LocalError, absolute, failed, last_words, remove};
use super::session::Session;

/// Its folder in that of the search.
pub const CHECKOUT: &str = "checkout";
/// So long a git of an earlier melbot may go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// A work tree of the search's own, so that the user's stays as it is.
pub fn of(session: &Session) -> Result<PathBuf, LocalError> {
    let folder = session.folder().join(CHECKOUT);
    // Its link to the tree is lost where the folder was moved, or the tree forgot it.
    if git(&folder, &["rev-parse", "--git-dir"]).is_err() {
        remove(&folder)?;
        let tree = session.subject.tree.as_path();
        git(tree, &["worktree", "prune"])?;
        let target = absolute(&folder);
        git(tree, &["worktree", "add", "--force", "--detach", &target, &session.subject.good])?;
    }
    Ok(folder)
}

/// A melbot that was killed may have left a git behind, at work or killed as well. The checkout is that of
/// this search, and this search is ours: what does not end in time has no one to end it.
pub fn free_index(folder: &Path) -> Result<(), LocalError> {
    let mut command = git_command();
    let asked = command.arg("-C").arg(folder).args(["rev-parse", "--git-path", "index.lock"]);
    let output =
        asked.output().map_err(|source| LocalError::Io { what: "git".to_owned(), source })?;
    let lock = folder.join(String::from_utf8_lossy(&output.stdout).trim_end());
    let began = Instant::now();
    while lock.is_file() {
        if began.elapsed() > PATIENCE {
            return fs::remove_file(&lock).map_err(|source| failed(&lock, source));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// git, as it works by itself: in a hook, the environment names another tree.
pub fn git_command() -> Command {
    let mut command = Command::new("git");
    FOREIGN.iter().for_each(|variable| {
        command.env_remove(variable);
    });
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

pub fn git(folder: &Path, arguments: &[&str]) -> Result<(), LocalError> {
    let mut command = git_command();
    // A checkout that lost its link to the tree must not be taken for a part of what lies above it.
    if folder.file_name().is_some_and(|name| name == CHECKOUT) {
        let above = folder.parent().map(absolute).unwrap_or_default();
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let output = command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| LocalError::Io { what: "git".to_owned(), source })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(LocalError::Git {
            what: arguments.first().copied().unwrap_or_default().to_owned(),
            message: gits_words(&output.stderr),
        }),
    }
}

/// What git calls its error, not the advice that follows.
fn gits_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut lines = text.lines();
    match lines.find(|line| line.starts_with("fatal:") || line.starts_with("error:")) {
        Some(line) => last_words(line.as_bytes()),
        None => last_words(output),
    }
}
