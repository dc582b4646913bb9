//! What jobs of the queue hold, as JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::client::JobFile;
use crate::kernel::Package;
use crate::lab::LabError;
use crate::queue::Job;

/// A kernel to be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildTask {
    /// Name of the tree.
    pub tree: String,
    /// The commit.
    pub commit: String,
    /// Name of the configuration.
    pub kconfig: String,
    /// What people call the kernel.
    pub kernel: String,
    /// Nobody is told if it does not build.
    #[serde(default)]
    pub silent: bool,
    /// Its code lies elsewhere in memory.
    #[serde(default)]
    pub relaid: bool,
}

impl BuildTask {
    /// That of a job.
    pub fn of(job: &Job) -> Result<BuildTask, LabError> {
        serde_json::from_str(&job.task).map_err(|error| {
            LabError::new(format!("job {}: {error}", job.id), "cancel it, and add it anew")
        })
    }
}

/// A build that a builder elsewhere was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Number of the job.
    pub job: i64,
    /// For people.
    pub title: String,
    /// Shown with everything that is said of it.
    pub lease: String,
    /// Name of the tree, which the coordinator has under `/git/NAME`.
    pub tree: String,
    /// The commit.
    pub commit: String,
    /// Name of the configuration.
    pub kconfig: String,
    /// All of it.
    pub config: String,
    /// What is made.
    pub package: Package,
    /// More for `make`.
    pub make: Vec<String>,
    /// A build that takes longer is ended.
    pub minutes: u64,
}

/// What the outcome of a build begins with that broke, and is not to be tried again.
pub const BROKEN: &str = "does not build: ";

/// A config to be run on a machine. A job without a package runs the kernel of the build that it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTask {
    /// The job.
    pub job: JobFile,
    /// Folder in that of the results that its run is put into: what a search measures is no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<PathBuf>,
}

/// Something that was measured, or should have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyseTask {
    /// The machine.
    pub machine: String,
    /// Name of its runs.
    pub kernel: String,
    /// Everything of this kernel is over: people are told.
    pub tell: bool,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// `finished` or `partial`.
    pub outcome: String,
    /// Why not all of it came home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the run was put, in the folder of the results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<PathBuf>,
}
