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
            use io::ErrorKind::{
                InvalidData, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem,
                StorageFull,
            };
            let remedy = match error.kind() {
                NotFound => "see that it is there",
                PermissionDenied => {
                    "see that it, and the folder that it is in, may be read and written"
                }
                ReadOnlyFilesystem => "choose a place that may be written",
                StorageFull | QuotaExceeded => "make room on the disk, and do it again",
                InvalidData => "it has to be text in UTF-8",
                _ => "see that it is there, that it may be written, and that the disk is well",
            };
            LabError::new(format!("{}: {error}", path.display()), remedy)
        }
    }
}
