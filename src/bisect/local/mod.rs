//! Runs a search on this machine: checks out, builds and measures with commands of the user.

mod command;
mod layout;
mod revert;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use thiserror::Error;

use self::command::{Ended, Kind, Patience, Signals};
use crate::bisect::checkout::{self, CHECKOUT};
use crate::bisect::logs::{self, RUNS};
use crate::bisect::reading;
use crate::bisect::session::{Session, SessionError};
use crate::bisect::steps::{Event, Outcome, Place, Purpose, Step};
use crate::kernel::git::{self, FOREIGN, GitError, git};
use crate::kernel::images;
use crate::lab::process::last_line;

/// Tries of a measurement that fails before its commit is left out.
const TRIES: usize = 3;
/// Commits in a row that cannot be measured before the machine is doubted.
pub const DOUBTED: usize = 2;
/// Measurements of the bad end without the culprit.
pub const REVERTED: usize = 5;

/// How to build and measure.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Shell command that builds what is checked out, in its folder.
    pub build: Option<String>,
    /// The file that a build makes, relative to the checkout. It is kept, so that no commit is built
    /// twice.
    pub image: Option<PathBuf>,
    /// Shell command that prints the result as its last number, or leaves a run of MMTests behind.
    pub measure: String,
    /// Stop after so many hours.
    pub hours: Option<f64>,
    /// A build or a measurement that takes longer is ended. [default: four times the longest so far, and at
    /// least an hour]
    pub within: Option<Duration>,
    /// Measure the bad end without the culprit at last.
    pub revert: bool,
    /// Build the culprit and what it is set against with another code layout at last.
    pub layout: bool,
}

/// Why a search stopped before its end.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A command could not be started, or a file not be kept.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// An end of the search was in the tree when it began.
    #[error(
        "{}: there is no commit {commit} any more; fetch it there again, or begin a search between commits \
         that are there",
        tree.display()
    )]
    Gone {
        /// The git tree.
        tree: PathBuf,
        /// Which.
        commit: String,
    },
    /// A melbot that was killed left something at work.
    #[error(
        "{}: what an earlier melbot started there is at work still; end it (`fuser -k` ends what has that file open)",
        .0.display()
    )]
    Leftovers(PathBuf),
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
    /// What a melbot that was killed left at work is waited for.
    Waits,
    /// It is built.
    Builds,
    /// It was measured.
    Measured(f64),
    /// It cannot be measured.
    Skipped(&'a str),
    /// The bad end without the culprit is to be measured.
    Reverts(&'a str),
    /// The culprit and what it is set against are to be built with another code layout.
    Relays,
}

/// Goes on until the search is done, or the hours are over: then there is no outcome.
pub fn run(
    session: &mut Session,
    commands: &Commands,
    mut tell: impl FnMut(&Session, Progress),
) -> Result<Option<Outcome>, LocalError> {
    let patience = Patience::new(commands.within, session.journal());
    let signals = Signals::catch().map_err(|source| failed(session.folder(), source))?;
    let most = patience.with(Kind::Build).max(patience.with(Kind::Measurement));
    let waits = || tell(session, Progress::Waits);
    let over = command::wait_for_leftovers(session.folder(), most, &signals, waits);
    if !over.map_err(|source| failed(session.folder(), source))? {
        return Err(LocalError::Leftovers(session.folder().join(command::STDOUT)));
    }
    let work = checkout::of(session)?;
    let mut local = Local {
        work,
        patience,
        signals,
        commands,
        session,
        tell,
        checked_out: None,
        reverted: None,
        relaid: false,
        doubted: Vec::new(),
    };
    let began = Instant::now();
    let outcome = loop {
        let over = |hours: f64| began.elapsed().as_secs_f64() > 3600.0 * hours;
        match local.session.search.step() {
            // Whether those cannot be measured decides what came of it.
            Step::Done(_) if !local.doubted.is_empty() => local.step(Place::Good, Purpose::End)?,
            Step::Done(outcome) => break outcome,
            Step::Measure(..) if commands.hours.is_some_and(over) => return Ok(None),
            Step::Measure(place, purpose) => local.step(place, purpose)?,
        }
    };
    if let Outcome::Found(culprit) = &outcome {
        if commands.revert {
            local.revert(culprit.commit)?;
        }
        if commands.layout {
            local.relay(culprit.commit)?;
        }
    }
    Ok(Some(outcome))
}

/// Takes the checkout and the images of a search away; what was measured stays.
pub fn clear(session: &Session) -> Result<(), LocalError> {
    [CHECKOUT, IMAGES].iter().try_for_each(|name| remove(&session.folder().join(name)))?;
    // The tree may be gone; then nothing is left to be told to it.
    let _ = git(&session.subject.tree, &["worktree", "prune"]);
    Ok(())
}

pub(in crate::bisect) fn remove(folder: &Path) -> Result<(), LocalError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(folder, source)),
        _ => Ok(()),
    }
}

const IMAGES: &str = "images";

struct Local<'a, Tell> {
    /// The checkout.
    work: PathBuf,
    commands: &'a Commands,
    session: &'a mut Session,
    tell: Tell,
    patience: Patience,
    signals: Signals,
    /// What is built there, where no image is kept.
    checked_out: Option<String>,
    /// The commit that what is built there lacks.
    reverted: Option<String>,
    /// Whether builds are told to lay code out in another way.
    relaid: bool,
    /// Commits whose measurement failed since the last that did not, and why.
    doubted: Vec<(usize, String)>,
}

/// A kernel that can be measured, by its image if one is kept; or why there is none.
type Built = Result<Option<PathBuf>, String>;
/// The same with the hash of the image.
type Made = Result<Option<(String, PathBuf)>, String>;

impl<Tell: FnMut(&Session, Progress)> Local<'_, Tell> {
    fn step(&mut self, place: Place, purpose: Purpose) -> Result<(), LocalError> {
        let commit = self.session.name(place).to_owned();
        (self.tell)(self.session, Progress::Begins { commit: &commit, purpose });
        let kernel = self.kernel(place, &commit)?;
        let unbuilt = kernel.is_err();
        let result = match kernel {
            Ok(image) => self.measure(&commit, image.as_deref())?,
            Err(reason) => Err(reason),
        };
        match (result, place) {
            (Ok((value, seconds)), _) => {
                self.believe_doubts()?;
                self.session.measured(place, value, Some(seconds))?;
                (self.tell)(self.session, Progress::Measured(value));
            }
            (Err(reason), Place::Commit(at)) if at != self.session.search.commits().last() => {
                (self.tell)(self.session, Progress::Skipped(&reason));
                if unbuilt {
                    self.session.skipped(at, &reason)?;
                } else {
                    self.doubt(at, reason)?;
                }
            }
            (Err(reason), _) => return Err(LocalError::End { commit, reason }),
        }
        Ok(())
    }

    /// A commit that was built cannot be measured: is it the commit, or the machine? Nothing is written
    /// down before something else was measured; after two of them, the good end is.
    fn doubt(&mut self, at: usize, reason: String) -> Result<(), LocalError> {
        self.session.search.record(Event::Skipped(at));
        self.doubted.push((at, reason));
        if self.doubted.len() >= DOUBTED {
            self.step(Place::Good, Purpose::End)?;
        }
        Ok(())
    }

    fn believe_doubts(&mut self) -> Result<(), LocalError> {
        for (at, reason) in std::mem::take(&mut self.doubted) {
            self.session.skipped(at, &reason)?;
        }
        Ok(())
    }

    /// The kernel of a commit: one that is there, or a new one.
    fn kernel(&mut self, place: Place, commit: &str) -> Result<Built, LocalError> {
        if let Some(image) = self.session.image(place) {
            let path = images::place(&self.images(), image, "");
            if self.commands.image.is_some()
                && images::hash_of(&path).is_ok_and(|hash| hash == image)
            {
                return Ok(Ok(Some(path)));
            }
        }
        if self.checked_out.as_deref() == Some(commit) {
            return Ok(Ok(None));
        }
        let began = Instant::now();
        Ok(match self.make(commit)? {
            Ok(Some((hash, path))) => {
                self.session.built(place, &hash, Some(began.elapsed().as_secs_f64()))?;
                Ok(Some(path))
            }
            Ok(None) => Ok(None),
            Err(reason) => Err(reason),
        })
    }

    /// Builds a commit: hash and path of its image, if one is kept; or why there is none.
    fn make(&mut self, commit: &str) -> Result<Made, LocalError> {
        (self.tell)(self.session, Progress::Builds);
        self.check_out(commit)?;
        if let Err(reason) = self.build(commit)? {
            return Ok(Err(reason));
        }
        let Some(made) = &self.commands.image else {
            self.checked_out = Some(commit.to_owned());
            return Ok(Ok(None));
        };
        Ok(self.keep(&self.work.join(made))?.map(Some))
    }

    /// Checks a commit out, and takes the last image away, lest a build that makes none seem to have
    /// made that one.
    fn check_out(&mut self, commit: &str) -> Result<(), LocalError> {
        self.checked_out = None;
        if let Some(made) = self.commands.image.as_ref().map(|made| self.work.join(made)) {
            match fs::remove_file(&made) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&made, source));
                }
                _ => {}
            }
        }
        Ok(git::check_out(&self.work, commit)?)
    }

    fn build(&mut self, commit: &str) -> Result<Result<(), String>, LocalError> {
        let Some(build) = &self.commands.build else { return Ok(Ok(())) };
        Ok(match self.shell((build, Kind::Build), commit, &[])? {
            Ended::Well(..) => Ok(()),
            Ended::Badly(said) => Err(format!("does not build: {}", last_line(&said))),
            Ended::Late(time) => Err(format!("does not build within {time}")),
        })
    }

    /// Keeps an image under its hash.
    fn keep(&self, made: &Path) -> Result<Result<(String, PathBuf), String>, LocalError> {
        if let Err(error) = fs::File::open(made) {
            return Ok(Err(format!("the build left no image: {error}")));
        }
        let images = self.images();
        images::keep(&images, made, "").map(Ok).map_err(|source| failed(&images, source))
    }

    fn images(&self) -> PathBuf {
        self.session.folder().join(IMAGES)
    }

    /// The result and the seconds it took, or why there is none.
    fn measure(
        &mut self,
        commit: &str,
        image: Option<&Path>,
    ) -> Result<Result<(f64, f64), String>, LocalError> {
        let mut reason = String::new();
        for _ in 0..TRIES {
            let run = self.run_folder(commit)?;
            let run_path = absolute(&run);
            let mut given = vec![("MELBOT_RUN", run_path.as_str())];
            let image = image.map(absolute);
            given.extend(image.as_deref().map(|image| ("MELBOT_IMAGE", image)));
            let measure = &self.commands.measure;
            let ended = self.shell((measure, Kind::Measurement), commit, &given)?;
            // Only an empty folder can be removed in this way.
            let left_logs = fs::remove_dir(&run).is_err() && run.is_dir();
            let (said, seconds) = match ended {
                Ended::Well(said, seconds) => (said, seconds),
                Ended::Badly(said) => {
                    reason = format!("cannot be measured: {}", last_line(&said));
                    continue;
                }
                // Another try would hang as long.
                Ended::Late(time) => {
                    return Ok(Err(format!("cannot be measured within {time}")));
                }
            };
            let result = match &self.session.subject.alert {
                Some(alert) if left_logs => {
                    let means = reading::results(&run, &alert.benchmark, &alert.operation);
                    means.map(|means| means.iter().sum::<f64>() / means.len() as f64)
                }
                _ => {
                    last_number(&said).ok_or_else(|| "the measurement printed no number".to_owned())
                }
            };
            match result {
                Ok(value) => return Ok(Ok((value, seconds))),
                Err(why) => reason = why,
            }
        }
        Ok(Err(reason))
    }

    /// How what is built now differs from the commit, as names of runs and logs tell it.
    fn variant(&self) -> &'static str {
        match (self.reverted.is_some(), self.relaid) {
            (true, _) => "-without",
            (false, true) => "-relaid",
            (false, false) => "",
        }
    }

    /// A new, empty folder.
    fn run_folder(&self, commit: &str) -> Result<PathBuf, LocalError> {
        let runs = self.session.folder().join(RUNS);
        fs::create_dir_all(&runs).map_err(|source| failed(&runs, source))?;
        for number in 1.. {
            let folder = runs.join(format!("{number:04}-{commit:.12}{}", self.variant()));
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(folder),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(failed(&folder, source)),
            }
        }
        Err(failed(&runs, io::ErrorKind::StorageFull.into()))
    }

    fn shell(
        &mut self,
        (what, kind): (&str, Kind),
        commit: &str,
        given: &[(&str, &str)],
    ) -> Result<Ended, LocalError> {
        let mut shell = Command::new("sh");
        FOREIGN.iter().for_each(|variable| {
            shell.env_remove(variable);
        });
        shell
            .args(["-c", what])
            .current_dir(&self.work)
            .env("MELBOT_COMMIT", commit)
            .envs(self.relaid.then(layout::flags))
            .env("MELBOT_REVERTED", self.reverted.as_deref().unwrap_or_default())
            .envs(given.iter().copied());
        let within = self.patience.with(kind);
        let ended = command::run(&mut shell, self.session.folder(), within, &self.signals);
        let ended = ended.map_err(|source| LocalError::Io { what: what.to_owned(), source })?;
        let word = if kind == Kind::Build { "build" } else { "measurement" };
        let word = format!("{word}{}", self.variant());
        let printed = [command::STDOUT, command::STDERR];
        let kept = logs::keep(self.session.folder(), printed, &word, commit);
        kept.map_err(|source| failed(self.session.folder(), source))?;
        if let Ended::Well(_, seconds) = &ended {
            self.patience.took(kind, *seconds);
        }
        Ok(ended)
    }
}

pub(in crate::bisect) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

pub(in crate::bisect) fn failed(path: &Path, source: io::Error) -> LocalError {
    LocalError::Io { what: path.display().to_string(), source }
}

/// The last word that is a number, if that is finite.
fn last_number(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace().rev().filter_map(|word| word.parse::<f64>().ok());
    numbers.next().filter(|number| number.is_finite())
}
