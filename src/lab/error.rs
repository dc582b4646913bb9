//! Why a driver could not do it.

use std::io;
use std::path::Path;

use thiserror::Error;

/// What went wrong with a machine or its files, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}; {remedy}")]
pub struct LabError {
    /// What is wrong, with file and line where there is one.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl LabError {
    /// From a sentence and its remedy.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> LabError {
        LabError { what: what.into(), remedy: remedy.into() }
    }

    /// For `map_err` where a file cannot be read or written.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> LabError {
        let path = path.to_owned();
        move |error| {
            LabError::new(
                format!("{}: {error}", path.display()),
                "see that it is there, that it may be written, and that the disk is not full",
            )
        }
    }
}
