//! Why the store could not be used.

use std::io;
use std::path::{Path, PathBuf};

use polars::error::PolarsError;
use thiserror::Error;

/// Why the store could not be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or folder of the store could not be read or written.
    #[error("{path}: {source}{}", remedy(.source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The samples could not be turned into Parquet, or back.
    #[error("samples in the store: {0}; delete the store, it is made again")]
    Samples(#[from] PolarsError),
    /// A record could not be written.
    #[error("record of a run: {0}")]
    Record(String),
}

impl StoreError {
    /// For `map_err`.
    pub fn io(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
        move |source| StoreError::Io { path: path.to_owned(), source }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose another disk with --store"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder you may write to with --store"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "; --store has to name a folder, not a file"
        }
        _ => "",
    }
}
