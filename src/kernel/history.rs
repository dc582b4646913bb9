//! What a kernel's git tree tells: release dates, and how many commits lie between two kernels.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};
use thiserror::Error;

use crate::model::Release;

/// A kernel's git tree, opened for reading.
pub struct History {
    repository: Repository,
}

/// The tree could not be opened.
#[derive(Debug, Error)]
#[error("{path}: no git tree: {message}; give --tree a clone of linux.git or linux-stable.git", path = .path.display())]
pub struct HistoryError {
    path: PathBuf,
    message: String,
}

impl History {
    /// Opens a tree, bare or not.
    pub fn open(path: &Path) -> Result<History, HistoryError> {
        match Repository::open(path) {
            Ok(repository) => Ok(History { repository }),
            Err(error) => {
                Err(HistoryError { path: path.to_owned(), message: error.message().to_owned() })
            }
        }
    }

    /// When the kernel of a run was committed or tagged, in seconds since 1970.
    ///
    /// A name that ends like `git describe` names a commit (`6.12-rc1-00042-g1a2b3c4d`); else the
    /// tag of the release is looked up (`v6.12-rc1`). `None` where the tree has neither.
    pub fn date(&self, run: &str) -> Option<i64> {
        self.described_commit(run).or_else(|| self.tag(Release::parse(run)?))
    }

    /// Number of commits that the kernel of the second run has and that of the first has not; `None`
    /// where the tree lacks one of them.
    pub fn commits_between(&self, good: &str, bad: &str) -> Option<u64> {
        let (good, bad) = (self.commit(good)?, self.commit(bad)?);
        let mut walk = self.repository.revwalk().ok()?;
        walk.push(bad).ok()?;
        walk.hide(good).ok()?;
        Some(walk.filter(Result::is_ok).count() as u64)
    }

    /// The commit that a run's name means; see [`History::date`].
    fn commit(&self, run: &str) -> Option<Oid> {
        let described = run.rsplit_once("-g").map(|(_, hash)| hash).filter(|hash| is_hash(hash));
        let tag = || Some(format!("refs/tags/v{}", Release::parse(run)?));
        let find = |name: &str| {
            Some(self.repository.revparse_single(name).ok()?.peel_to_commit().ok()?.id())
        };
        described.and_then(find).or_else(|| find(&tag()?))
    }

    fn described_commit(&self, run: &str) -> Option<i64> {
        let (_, hash) = run.rsplit_once("-g")?;
        is_hash(hash).then(|| self.commit_time(hash)).flatten()
    }

    fn tag(&self, release: Release) -> Option<i64> {
        let name = format!("refs/tags/v{release}");
        match self.repository.revparse_single(&name) {
            Ok(object) => {
                match object.as_tag().and_then(|tag| tag.tagger().map(|t| t.when().seconds())) {
                    Some(tagged) => Some(tagged),
                    None => self.commit_time(&name),
                }
            }
            Err(error) => {
                debug_assert!(error.code() == ErrorCode::NotFound, "{error}");
                None
            }
        }
    }

    fn commit_time(&self, revision: &str) -> Option<i64> {
        let object = self.repository.revparse_single(revision).ok()?;
        Some(object.peel_to_commit().ok()?.time().seconds())
    }
}

/// `true` for what `git describe` puts after `-g`.
fn is_hash(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{Signature, Time};

    fn tree() -> (tempfile::TempDir, History, String) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let repository = Repository::init(dir.path()).expect("writable");
        let commit = {
            let at = |seconds| Signature::new("A", "a@b", &Time::new(seconds, 0)).expect("valid");
            let empty =
                repository.treebuilder(None).and_then(|tree| tree.write()).expect("writable");
            let empty = repository.find_tree(empty).expect("just written");
            let commit = repository
                .commit(Some("HEAD"), &at(100), &at(100), "x", &empty, &[])
                .expect("valid");
            let object = repository.find_object(commit, None).expect("just written");
            repository.tag("v6.12", &object, &at(500), "Linux 6.12", false).expect("valid");
            repository.tag_lightweight("v6.12-rc7", &object, false).expect("valid");
            commit.to_string()
        };
        (dir, History { repository }, commit)
    }

    #[test]
    fn releases_have_the_date_of_their_tag() {
        let (_dir, history, commit) = tree();
        assert_eq!(history.date("6.12-stable"), Some(500));
        assert_eq!(history.date("v6.12.0"), Some(500));
        assert_eq!(history.date("6.12-rc7"), Some(100));
        assert_eq!(history.date(&format!("6.12-rc7-00001-g{}", &commit[..12])), Some(100));
        assert_eq!(history.date("6.13"), None);
        assert_eq!(history.date("free-text"), None);
    }

    #[test]
    fn commits_in_a_window_are_counted() {
        let (_dir, history, first) = tree();
        {
            let repository = &history.repository;
            let by = Signature::new("A", "a@b", &Time::new(600, 0)).expect("valid");
            let head = || repository.head().and_then(|head| head.peel_to_commit()).expect("there");
            let empty = head().tree().expect("there");
            for _ in 0..3 {
                let parent = head();
                repository.commit(Some("HEAD"), &by, &by, "y", &empty, &[&parent]).expect("valid");
            }
            repository.tag_lightweight("v6.13", head().as_object(), false).expect("valid");
        }
        assert_eq!(history.commits_between("6.12", "6.13-vanilla"), Some(3));
        assert_eq!(history.commits_between("6.13", "6.12"), Some(0));
        let described = format!("6.12-rc7-00001-g{}", &first[..12]);
        assert_eq!(history.commits_between(&described, "6.13"), Some(3));
        assert_eq!(history.commits_between("6.12", "6.14"), None);
        assert_eq!(history.commits_between("6.12", "mine"), None);
    }

    #[test]
    fn a_folder_without_a_tree_is_refused_with_a_remedy() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let error = History::open(dir.path()).err().expect("there is no tree").to_string();
        assert!(error.contains("--tree"), "{error}");
    }
}
