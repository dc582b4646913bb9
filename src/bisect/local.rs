//! Runs a search on this machine: checks out, builds and measures with commands of the user.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use thiserror::Error;

use super::search::{Outcome, Place, Purpose, Step};
use super::session::{Session, SessionError};

/// Tries of a measurement that fails before its commit is left out.
const TRIES: usize = 3;

/// How to build and measure.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Shell command that builds what is checked out, in its folder.
    pub build: Option<String>,
    /// Shell command whose last number on standard output is the result.
    pub measure: String,
}

/// Why a search stopped before its end.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// git failed.
    #[error("git {what} failed: {message}")]
    Git {
        /// What it was to do.
        what: String,
        /// Its words.
        message: String,
    },
    /// A command could not be started.
    #[error("{command}: {source}")]
    Start {
        /// Which.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// An end of the search cannot be measured.
    #[error("{commit}, an end of the search, cannot be measured: {reason}")]
    End {
        /// Which.
        commit: String,
        /// Why.
        reason: String,
    },
}

/// What is going on.
pub enum Progress<'a> {
    /// A commit is to be measured.
    Begins {
        /// Its name.
        commit: &'a str,
        /// Why.
        purpose: Purpose,
    },
    /// It was measured.
    Measured(f64),
    /// It cannot be measured.
    Skipped(&'a str),
}

/// Goes on until the search is done.
pub fn run(
    session: &mut Session,
    commands: &Commands,
    mut tell: impl FnMut(&Session, Progress),
) -> Result<Outcome, LocalError> {
    let work = checkout_folder(session)?;
    let mut built: Option<String> = None;
    loop {
        let (place, purpose) = match session.search.step() {
            Step::Done(outcome) => return Ok(outcome),
            Step::Measure(place, purpose) => (place, purpose),
        };
        let commit = session.name(place).to_owned();
        tell(session, Progress::Begins { commit: &commit, purpose });
        let result = match built.as_ref() == Some(&commit) {
            true => Ok(()),
            false => check_out_and_build(&work, &commit, commands)?,
        };
        built = result.is_ok().then(|| commit.clone());
        let result = match result {
            Ok(()) => measure(&work, &commit, commands)?,
            Err(reason) => Err(reason),
        };
        match (result, place) {
            (Ok(value), _) => {
                session.measured(place, value)?;
                tell(session, Progress::Measured(value));
            }
            (Err(reason), Place::Commit(at)) if at != session.search.commits().last() => {
                session.skipped(at, &reason)?;
                tell(session, Progress::Skipped(&reason));
            }
            (Err(reason), _) => return Err(LocalError::End { commit, reason }),
        }
    }
}

/// A work tree of the search's own, so that the user's stays as it is.
fn checkout_folder(session: &Session) -> Result<PathBuf, LocalError> {
    let folder = session.folder().join("checkout");
    if !folder.join(".git").exists() {
        let tree = session.subject.tree.as_path();
        git(tree, &["worktree", "prune"])?;
        let target = std::path::absolute(&folder).unwrap_or_else(|_| folder.clone());
        let target = target.to_string_lossy().into_owned();
        git(tree, &["worktree", "add", "--force", "--detach", &target, &session.subject.good])?;
    }
    Ok(folder)
}

/// The inner error is the reason why the commit does not build.
fn check_out_and_build(
    work: &Path,
    commit: &str,
    commands: &Commands,
) -> Result<Result<(), String>, LocalError> {
    git(work, &["checkout", "--force", "--detach", "--quiet", commit])?;
    let Some(build) = &commands.build else { return Ok(Ok(())) };
    let output = shell(work, build, commit)?;
    Ok(match output.status.success() {
        true => Ok(()),
        false => Err(format!("does not build: {}", last_words(&output.stderr))),
    })
}

fn measure(
    work: &Path,
    commit: &str,
    commands: &Commands,
) -> Result<Result<f64, String>, LocalError> {
    let mut reason = String::new();
    for _ in 0..TRIES {
        let output = shell(work, &commands.measure, commit)?;
        if output.status.success() {
            match last_number(&output.stdout) {
                Some(value) => return Ok(Ok(value)),
                None => reason = "the measurement printed no number".to_owned(),
            }
        } else {
            reason = format!("cannot be measured: {}", last_words(&output.stderr));
        }
    }
    Ok(Err(reason))
}

fn shell(work: &Path, command: &str, commit: &str) -> Result<Output, LocalError> {
    Command::new("sh")
        .args(["-c", command])
        .current_dir(work)
        .env("MELBOT_COMMIT", commit)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| LocalError::Start { command: command.to_owned(), source })
}

fn git(folder: &Path, arguments: &[&str]) -> Result<(), LocalError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| LocalError::Start { command: "git".to_owned(), source })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(LocalError::Git {
            what: arguments.first().copied().unwrap_or_default().to_owned(),
            message: last_words(&output.stderr),
        }),
    }
}

/// The last word that is a finite number.
fn last_number(output: &[u8]) -> Option<f64> {
    let text = String::from_utf8_lossy(output);
    let mut numbers = text.split_whitespace().rev().filter_map(|word| word.parse::<f64>().ok());
    numbers.find(|number| number.is_finite())
}

/// The last line that says something, cut to a readable length.
fn last_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    line.trim().chars().filter(|c| !c.is_control()).take(200).collect()
}
