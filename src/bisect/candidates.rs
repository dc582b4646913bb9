//! The commits between two ends of a git tree.

use std::collections::HashMap;
use std::path::Path;

use git2::{Oid, Repository, Sort};
use thiserror::Error;

use super::commits::{BadGraph, Commits};

/// Why there are no candidates.
#[derive(Debug, Error)]
pub enum CandidatesError {
    /// The tree could not be read.
    #[error("{tree}: {message}")]
    Tree {
        /// The tree.
        tree: String,
        /// What git says.
        message: String,
    },
    /// A revision is unknown.
    #[error("{tree} has no commit {revision:?}; fetch it, or name another")]
    Revision {
        /// The tree.
        tree: String,
        /// What was asked for.
        revision: String,
    },
    /// There is nothing between the ends.
    #[error("nothing to search between {good} and {bad}: {reason}")]
    Ends {
        /// The good end.
        good: String,
        /// The bad end.
        bad: String,
        /// Why.
        reason: BadGraph,
    },
}

/// The full name of a commit.
pub fn resolve(tree: &Path, revision: &str) -> Result<String, CandidatesError> {
    commit(&open(tree)?, tree, revision).map(|id| id.to_string())
}

/// All commits that `bad` has and `good` has not, merged branches too; by their full names.
pub fn candidates(tree: &Path, good: &str, bad: &str) -> Result<Commits, CandidatesError> {
    let repository = open(tree)?;
    let (from, to) = (commit(&repository, tree, good)?, commit(&repository, tree, bad)?);
    let walk = || -> Result<Vec<(Oid, Vec<Oid>)>, git2::Error> {
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(to)?;
        walk.hide(from)?;
        let ids = walk.collect::<Result<Vec<Oid>, _>>()?;
        ids.into_iter()
            .map(|id| Ok((id, repository.find_commit(id)?.parent_ids().collect())))
            .collect()
    };
    let found = walk().map_err(|error| unreadable(tree, &error))?;
    let places: HashMap<Oid, usize> =
        found.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
    let names = found.iter().map(|(id, _)| id.to_string()).collect();
    let inside =
        |parents: &Vec<Oid>| parents.iter().filter_map(|p| places.get(p)).copied().collect();
    let parents = found.iter().map(|(_, parents)| inside(parents)).collect();
    Commits::new(names, parents).map_err(|reason| CandidatesError::Ends {
        good: good.to_owned(),
        bad: bad.to_owned(),
        reason,
    })
}

/// The first line of a commit's message, and who wrote it; empty where the tree lacks it.
pub fn subject(tree: &Path, commit: &str) -> (String, String) {
    let read = || -> Option<(String, String)> {
        let repository = Repository::open(tree).ok()?;
        let commit = repository.revparse_single(commit).ok()?.peel_to_commit().ok()?;
        let author = commit.author();
        let by = format!(
            "{} <{}>",
            String::from_utf8_lossy(author.name_bytes()),
            String::from_utf8_lossy(author.email_bytes())
        );
        Some((String::from_utf8_lossy(commit.summary_bytes()?).into_owned(), by))
    };
    read().unwrap_or_default()
}

fn open(tree: &Path) -> Result<Repository, CandidatesError> {
    Repository::open(tree).map_err(|error| unreadable(tree, &error))
}

fn unreadable(tree: &Path, error: &git2::Error) -> CandidatesError {
    CandidatesError::Tree { tree: tree.display().to_string(), message: error.message().to_owned() }
}

/// A revision as git takes it, or a release by its tag (`6.12` is `v6.12`).
fn commit(repository: &Repository, tree: &Path, revision: &str) -> Result<Oid, CandidatesError> {
    let find = |name: &str| repository.revparse_single(name).ok()?.peel_to_commit().ok();
    let found = find(revision).or_else(|| find(&format!("refs/tags/v{revision}")));
    found.map(|commit| commit.id()).ok_or_else(|| CandidatesError::Revision {
        tree: tree.display().to_string(),
        revision: revision.to_owned(),
    })
}
