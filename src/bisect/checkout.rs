//! The checkout of a search.

use std::path::PathBuf;

use super::local::LocalError;
use super::session::Session;
use crate::kernel::git::{git, work_tree};

/// Its folder in that of the search.
pub const CHECKOUT: &str = "checkout";

/// A work tree of the search's own, so that the user's stays as it is.
pub fn of(session: &Session) -> Result<PathBuf, LocalError> {
    let (folder, subject) = (session.folder().join(CHECKOUT), &session.subject);
    git(&subject.tree, &["rev-parse", "--git-dir"])?;
    for commit in [&subject.good, &subject.bad] {
        if git(&subject.tree, &["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_err() {
            let (tree, commit) = (subject.tree.clone(), commit.clone());
            return Err(LocalError::Gone { tree, commit });
        }
    }
    // The bad end has all candidates, and what was checked out once git keeps for weeks: branches may be
    // rewritten meanwhile.
    work_tree(&folder, &subject.tree, &subject.bad)?;
    Ok(folder)
}
