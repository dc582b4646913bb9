//! One measurement of a search: a build and a run of the queue.

use std::path::PathBuf;

use super::assignment::Assignment;
use crate::bisect::{self, Alerted};
use crate::coordinator::builds::{self, broken, build_of};
use crate::coordinator::desk::Desk;
use crate::coordinator::orders::json;
use crate::coordinator::tasks::{BuildTask, RunResult, RunTask};
use crate::lab::LabError;
use crate::queue::{Job, Kind, Need, NewJob, Queue, State};

/// How often the run of a measurement is tried.
const TRIES: i64 = 3;

/// Why there is no kernel with another code layout.
const UNHEARD: &str = "the build takes no notice of KCFLAGS: the code lies where it did";

/// What is to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// The commit that is built.
    pub commit: String,
    /// What it is in this search, and how often it was measured: no other measurement has the same.
    pub key: String,
    /// How often, each time in a fresh boot.
    pub boots: u32,
    /// It is built with another code layout.
    pub relaid: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// A job of it is not over.
    Waits(i64),
    /// It was measured.
    Measured {
        /// The results.
        values: Vec<f64>,
        /// Seconds that each of them took.
        seconds: f64,
        /// What it ran.
        image: Image,
    },
    /// The commit does not build.
    Broken(String),
    /// The kernel cannot be measured.
    Failed(String, Image),
    /// That cannot go on by itself: a job was cancelled, or the host of the builds is at fault.
    Stopped(String),
}

/// A kernel that was built.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Hash of it, if it is known.
    pub hash: Option<String>,
    /// Seconds that the build took, if it was for this search.
    pub seconds: Option<f64>,
}

/// How a search is measured in a lab.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The lab.
    pub desk: &'a Desk,
    /// How.
    pub assignment: &'a Assignment,
    /// What.
    pub alert: &'a Alerted,
}

impl Bench<'_> {
    /// The jobs of an experiment that are there already, or were it not for `may`; `None` if there are none and it may
    /// not begin.
    pub fn ask(
        &self,
        queue: &mut Queue,
        experiment: &Experiment,
        may: &dyn Fn() -> bool,
    ) -> Result<Option<Came>, LabError> {
        let key = self.key(experiment);
        let run = match queue.find(&key)? {
            Some(run) => run,
            None if !may() => return Ok(None),
            None => self.submit(queue, experiment, key)?,
        };
        if !run.state.is_over() {
            return Ok(Some(Came::Waits(run.id)));
        }
        let build = queue.needs(run.id)?.first().map(|need| queue.job(need.job)).transpose()?;
        if self.lies_as_before(queue, build.as_ref(), experiment)? {
            return Ok(Some(Came::Broken(UNHEARD.to_owned())));
        }
        Ok(Some(self.came(&run, build.as_ref())))
    }

    fn key(&self, experiment: &Experiment) -> String {
        let again = match self.assignment.resumed {
            0 => String::new(),
            n => format!(" again {n}"),
        };
        format!("bisect {} {}{again}", self.alert.id, experiment.key)
    }

    fn submit(
        &self,
        queue: &mut Queue,
        experiment: &Experiment,
        key: String,
    ) -> Result<Job, LabError> {
        let build = self.build(queue, experiment)?;
        let commit = &experiment.commit;
        let mut file = self.assignment.job.clone();
        file.run = Some(experiment.key.replace(' ', "-"));
        file.iterations = experiment.boots;
        file.kernel.commit = Some(commit.clone());
        let into = PathBuf::from(bisect::FOLDER).join(&self.alert.id).join("runs");
        let run = NewJob {
            key,
            kind: Kind::Run,
            title: format!("{} of {commit:.12} for bisect {}", file.config, self.alert.id),
            machine: Some(self.assignment.machine().to_owned()),
            lane: self.lane(),
            priority: self.assignment.priority,
            task: json(&RunTask { job: file, into: Some(into) }),
            attempts: TRIES,
            needs: vec![Need { job: build, success: true }],
        };
        let run = queue.submit(&[(run, Vec::new())])?;
        Ok(queue.job(run.first().map_or(0, |submitted| submitted.id))?)
    }

    /// The build of a commit: the one that there is for whatever it was built, or a new one.
    fn build(&self, queue: &mut Queue, experiment: &Experiment) -> Result<i64, LabError> {
        let Assignment { tree, kconfig, .. } = self.assignment;
        let Experiment { commit, relaid, .. } = experiment;
        let task = BuildTask {
            tree: tree.clone(),
            commit: commit.clone(),
            kconfig: kconfig.clone(),
            kernel: format!("{commit:.12}"),
            silent: true,
            relaid: *relaid,
        };
        let job = NewJob {
            key: self.build_key(commit, *relaid)?,
            kind: Kind::Build,
            title: format!("{commit:.12} with {kconfig} for bisect {}", self.alert.id),
            machine: None,
            lane: self.lane(),
            priority: self.assignment.priority,
            task: json(&task),
            attempts: 2,
            needs: Vec::new(),
        };
        builds::usable(self.desk, queue, job)
    }

    fn build_key(&self, commit: &str, relaid: bool) -> Result<String, LabError> {
        let Assignment { tree, kconfig, .. } = self.assignment;
        let name = self.desk.key_of(&self.desk.tree(tree)?, (kconfig, relaid), commit)?;
        Ok(format!("build {name}"))
    }

    /// Whether a build with another code layout put the code where it lay before, as far as that is known: the
    /// images differ by their releases in any case.
    fn lies_as_before(
        &self,
        queue: &mut Queue,
        build: Option<&Job>,
        experiment: &Experiment,
    ) -> Result<bool, LabError> {
        if !experiment.relaid {
            return Ok(false);
        }
        let plain = queue.find(&self.build_key(&experiment.commit, false)?)?;
        let layout = |job: &Job| build_of(job)?.layout;
        let before = plain.as_ref().and_then(layout);
        Ok(before.is_some() && before == build.and_then(layout))
    }

    fn lane(&self) -> String {
        format!("bisect {}", self.alert.id)
    }

    fn came(&self, run: &Job, build: Option<&Job>) -> Came {
        if let Some(build) = build.filter(|build| build.state != State::Done) {
            return match broken(build) {
                Some(reason) => Came::Broken(reason),
                None => Came::Stopped(format!(
                    "job {}, a build, is {}: {}",
                    build.id,
                    build.state,
                    build.outcome.as_deref().unwrap_or_default()
                )),
            };
        }
        let image = build.map_or(Image { hash: None, seconds: None }, |job| self.image(job));
        let outcome = run.outcome.as_deref().unwrap_or_default();
        match run.state {
            State::Cancelled => Came::Stopped(format!("job {} was cancelled: {outcome}", run.id)),
            State::Done => match self.values(outcome) {
                Ok(values) => {
                    let began = run.started.unwrap_or(run.created);
                    let spent = run.ended.unwrap_or(began).saturating_sub(began);
                    let seconds = spent as f64 / 1000.0 / values.len() as f64;
                    Came::Measured { values, seconds, image }
                }
                Err(reason) => Came::Failed(reason, image),
            },
            _ => Came::Failed(format!("cannot be measured: {outcome}"), image),
        }
    }

    /// What a run that is home says of the operation in question; the error is a sentence.
    fn values(&self, outcome: &str) -> Result<Vec<f64>, String> {
        let result: RunResult = serde_json::from_str(outcome).map_err(|error| error.to_string())?;
        let run = result.run.ok_or_else(|| "nothing came home".to_owned())?;
        let run = self.desk.results().join(run);
        let values = bisect::results(&run, &self.alert.benchmark, &self.alert.operation);
        // What came home of a run that was not finished counts.
        values.map_err(|why| match result.reason {
            Some(reason) => format!("cannot be measured: {reason}"),
            None => why,
        })
    }

    fn image(&self, job: &Job) -> Image {
        let build = build_of(job);
        let ours = job.created >= self.assignment.began;
        let seconds = build.as_ref().filter(|_| ours).map(|build| build.seconds as f64);
        Image { hash: build.and_then(|build| build.image()), seconds }
    }
}

#[cfg(test)]
mod tests;
