//! Why the site could not be made.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the site could not be made.
#[derive(Debug, Error)]
pub enum SiteError {
    /// A file or folder of the site could not be read or written.
    #[error("{path}: {source}{}", remedy(.source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output folder holds something that is no site of melbot's.
    #[error(
        "{0}: holds files that melbot did not make, and making the site would delete them; \
         name an empty or a new folder"
    )]
    NotOurs(PathBuf),
    /// The output path cannot be a folder.
    #[error("{0}: no name for a folder; name a new folder, such as public")]
    NoFolder(PathBuf),
    /// A folder that is named as a theme has none.
    #[error(
        "{0}: no theme: put templates into {0}/templates or files into {0}/assets; melbot theme DIR \
         writes those that are built in"
    )]
    NoTheme(PathBuf),
    /// A template has an error.
    #[error("template {name}: {message}")]
    Template {
        /// Name of the template.
        name: String,
        /// What is wrong, with its place.
        message: String,
    },
    /// A plot could not be drawn.
    #[error("plot: {0}")]
    Plot(String),
    /// What a page is made of could not be hashed.
    #[error("key of a page: {0}")]
    Key(String),
}

impl SiteError {
    /// For `map_err`.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> SiteError + '_ {
        move |source| SiteError::Io { path: path.to_owned(), source }
    }

    /// For `map_err`.
    pub(super) fn template(name: &str) -> impl Fn(tera::Error) -> SiteError + '_ {
        move |error| {
            let cause = error.source().map_or(String::new(), |source| format!(": {source}"));
            SiteError::Template { name: name.to_owned(), message: format!("{error}{cause}") }
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose a folder on another disk; the old site is untouched"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder you may write to: melbot also writes beside it"
        }
        io::ErrorKind::ResourceBusy => {
            "; it may be a mount point, which cannot be replaced: name a new folder inside it"
        }
        io::ErrorKind::NotADirectory => "; a file is in the way: remove it or name another folder",
        _ => "",
    }
}
