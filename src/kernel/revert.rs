//! A commit that lacks the change of another one.

use std::path::Path;

use git2::{Repository, Signature};

/// Makes the commit that `bad` would be without `culprit`, in a bare tree too; the same one every time.
///
/// # Errors
///
/// A sentence that says why it cannot be made.
pub fn commit(tree: &Path, bad: &str, culprit: &str) -> Result<String, String> {
    let make = || -> Result<Result<String, String>, git2::Error> {
        let repository = Repository::open(tree)?;
        let find = |name: &str| repository.revparse_single(name)?.peel_to_commit();
        let (bad, culprit) = (find(bad)?, find(culprit)?);
        if culprit.parent_count() != 1 {
            return Ok(Err("it is a merge, which cannot be reverted alone".to_owned()));
        }
        let mut index = repository.revert_commit(&culprit, &bad, 0, None)?;
        if index.has_conflicts() {
            return Ok(Err("it does not apply cleanly".to_owned()));
        }
        let files = repository.find_tree(index.write_tree_to(&repository)?)?;
        // Nothing of now is in it, so that it is the same the next time.
        let who = Signature::new("melbot", "melbot@localhost", &bad.time())?;
        let message = format!("{} without {}\n", bad.id(), culprit.id());
        let made = repository.commit(None, &who, &who, &message, &files, &[&bad])?;
        // Else git would clean it up one day.
        let kept = format!("refs/melbot/reverts/{made}");
        repository.reference(&kept, made, true, "a search wants it")?;
        Ok(Ok(made.to_string()))
    };
    make().unwrap_or_else(|error| Err(error.message().to_owned()))
}
