//! Why a note could not be written.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A note could not be written; nothing was changed.
#[derive(Debug, Error)]
pub enum NoteError {
    /// The file or its folder cannot be read or written.
    #[error("{path}: {source}; make it writable, or name another folder with --notes DIR", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in the file is no set of notes: nothing is added to what cannot be read again.
    #[error("{what}: {remedy}, then say it again")]
    Damaged {
        /// File, line and what is wrong.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// The name of the alert is none: it would become the name of a file.
    #[error("{0:?} is no name of an alert: those are lower-case letters, digits and dashes")]
    Name(String),
    /// Neither a day nor a time.
    #[error("{0:?} is no date; write 2026-11-24 or 2026-11-24T06:30:00Z")]
    Date(String),
}

impl NoteError {
    /// For `map_err`.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> NoteError {
        let path = path.to_owned();
        |source| NoteError::Io { path, source }
    }
}
