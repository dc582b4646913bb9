//! `run.toml`: what is known of a run that melbot ran.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::lab::inventory::Facts as MachineFacts;

/// Name of the file in the folder of a run.
pub const FILE: &str = "run.toml";
/// No such file is larger.
const LARGEST: u64 = 1 << 20;

/// Everything about a run that its logs do not tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Machine.
    pub machine: String,
    /// Config of MMTests.
    pub config: String,
    /// The job that it is of.
    pub job: String,
    /// `finished`, `partial` or `failed`.
    pub outcome: String,
    /// Why it is not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Kernel.
    pub kernel: Kernel,
    /// MMTests.
    pub mmtests: Mmtests,
    /// The machine, as the inventory has it.
    #[serde(default)]
    pub facts: MachineFacts,
    /// One for each iteration that is home.
    #[serde(default)]
    pub boots: Vec<Boot>,
    /// What went wrong on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// The kernel of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// What `uname -r` said.
    pub release: String,
    /// Git commit, where the job names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Hash of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kconfig: Option<String>,
    /// Its command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// File name of its package.
    pub package: String,
}

/// The tests of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mmtests {
    /// Git commit, or a hash of all files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Hash of the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// A boot that brought results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// The job that it is of, where that is another one than that of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Numbers of its iterations in the run.
    pub iterations: Vec<u32>,
    /// As the kernel names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When MMTests began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_seconds: Option<u64>,
    /// What was odd.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl RunRecord {
    /// The record in the folder of a run, if there is one.
    pub fn read(run: &Path) -> Option<RunRecord> {
        let path = run.join(FILE);
        if fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        toml::from_str(&fs::read_to_string(&path).ok()?).ok()
    }
}
