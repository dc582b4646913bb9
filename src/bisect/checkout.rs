//! The checkout of a search.

use std::path::PathBuf;

use super::local::LocalError;
use super::session::Session;
use crate::kernel::git::work_tree;

/// Its folder in that of the search.
pub const CHECKOUT: &str = "checkout";

/// A work tree of the search's own, so that the user's stays as it is.
pub fn of(session: &Session) -> Result<PathBuf, LocalError> {
    let folder = session.folder().join(CHECKOUT);
    work_tree(&folder, &session.subject.tree, &session.subject.good)?;
    Ok(folder)
}
