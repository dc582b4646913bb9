//! The commits between two ends of a git tree.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use git2::{Oid, Repository, Sort};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::mmtests::printable;

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
    /// The good end is no ancestor of the bad one.
    #[error("{bad} does not descend from {good}: {remedy}")]
    Aside {
        /// The good end.
        good: String,
        /// The bad end.
        bad: String,
        /// What to do.
        remedy: String,
    },
    /// A revision is unknown.
    #[error("{tree} has no commit {revision:?}; fetch it, or name another")]
    Revision {
        /// The tree.
        tree: String,
        /// What was asked for.
        revision: String,
    },
}

/// The full name of a commit.
pub fn resolve(tree: &Path, revision: &str) -> Result<String, CandidatesError> {
    commit(&open(tree)?, tree, revision).map(|id| id.to_string())
}

/// `true` if the good end descends from the bad one.
pub fn is_backwards(tree: &Path, good: &str, bad: &str) -> Result<bool, CandidatesError> {
    let repository = open(tree)?;
    let (good, bad) = (commit(&repository, tree, good)?, commit(&repository, tree, bad)?);
    repository.graph_descendant_of(good, bad).map_err(|error| unreadable(tree, &error))
}

/// A commit as the folder of a search keeps it, so that a search needs its git tree no more than to
/// build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// Full name.
    pub commit: String,
    /// Its parents among the candidates, by their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<usize>,
    /// It forked off before the good end: what it was made from is not in question, and was not
    /// measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aside: bool,
    /// First line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
}

/// All commits that `bad` has and `good` has not, merged branches too, parents before their children;
/// and the good end.
pub fn candidates(
    tree: &Path,
    good: &str,
    bad: &str,
) -> Result<(Described, Vec<Described>), CandidatesError> {
    let repository = open(tree)?;
    let (from, to) = (commit(&repository, tree, good)?, commit(&repository, tree, bad)?);
    let descends = from == to || repository.graph_descendant_of(to, from).unwrap_or(false);
    if !descends {
        let base = repository.merge_base(from, to);
        let remedy = match base {
            Ok(base) => format!("begin at {base}, which both have, if it is good"),
            Err(_) if repository.is_shallow() => "git fetch --unshallow".to_owned(),
            Err(_) => "they have nothing in common".to_owned(),
        };
        return Err(CandidatesError::Aside { good: good.to_owned(), bad: bad.to_owned(), remedy });
    }
    let walk = || -> Result<(Described, Vec<Described>), git2::Error> {
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(to)?;
        walk.hide(from)?;
        let ids = walk.collect::<Result<Vec<Oid>, _>>()?;
        let places: HashMap<Oid, usize> =
            ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let all = ids.iter().map(|id| describe(&repository, *id, from, &places));
        let all = all.collect::<Result<Vec<Described>, git2::Error>>()?;
        Ok((describe(&repository, from, from, &places)?, all))
    };
    walk().map_err(|error| unreadable(tree, &error))
}

fn describe(
    repository: &Repository,
    id: Oid,
    from: Oid,
    places: &HashMap<Oid, usize>,
) -> Result<Described, git2::Error> {
    let commit = repository.find_commit(id)?;
    let author = commit.author();
    let text = |bytes: &[u8]| printable(OsStr::from_bytes(bytes));
    Ok(Described {
        commit: id.to_string(),
        parents: commit.parent_ids().filter_map(|parent| places.get(&parent).copied()).collect(),
        aside: commit.parent_ids().all(|id| !places.contains_key(&id) && id != from),
        subject: commit.summary_bytes().map_or(String::new(), text),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
    })
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
