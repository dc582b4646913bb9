//! What went wrong in a step.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lab::LabError;
use crate::lab::console::{Kind, Sighting};

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The kernel stopped.
    Panic,
    /// The machine rebooted by itself.
    Reboot,
    /// Nothing on the console, no answer.
    Silent,
    /// It says something on the console, but cannot be reached.
    Unreachable,
    /// It runs, but another kernel than that of the job.
    WrongKernel,
    /// It took too long.
    TimeLimit,
    /// Power is not as it was asked for.
    Power,
    /// Somebody else has the machine.
    LeaseLost,
    /// Nothing more can be written on it.
    DiskFull,
    /// MMTests failed, or left nothing.
    Results,
    /// Somebody called the job off.
    Cancelled,
    /// A driver or a file of the lab.
    Lab,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Panic => "kernel panic",
            Why::Reboot => "spontaneous reboot",
            Why::Silent => "silence",
            Why::Unreachable => "unreachable",
            Why::WrongKernel => "wrong kernel",
            Why::TimeLimit => "time limit",
            Why::Power => "power",
            Why::LeaseLost => "lease lost",
            Why::DiskFull => "disk full",
            Why::Results => "no results",
            Why::Cancelled => "cancelled",
            Why::Lab => "lab",
        })
    }
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{why}: {what}")]
pub struct Fault {
    /// Its kind.
    pub why: Why,
    /// What happened, in a sentence.
    pub what: String,
}

impl Fault {
    /// A fault.
    pub fn new(why: Why, what: impl Into<String>) -> Fault {
        Fault { why, what: what.into() }
    }

    /// The fault that a console told of, if any of these is one.
    pub fn seen(sightings: &[Sighting]) -> Option<Fault> {
        let worst = sightings.iter().find(|sighting| sighting.kind.ends_run())?;
        let why = if worst.kind == Kind::Panic { Why::Panic } else { Why::Reboot };
        Some(Fault::new(why, worst.line.clone()))
    }
}

impl From<LabError> for Fault {
    fn from(error: LabError) -> Fault {
        Fault::new(Why::Lab, error.to_string())
    }
}
