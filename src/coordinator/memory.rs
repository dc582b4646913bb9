//! What the coordinator has seen: the heads and tags of trees, and the times that it has seen to.
//!
//! Losing it loses no job: what is ordered again is the same job.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::kernel::Point;
use crate::lab::{LabError, json, write_whole};
use crate::model::Release;

/// What was seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    #[serde(skip)]
    path: PathBuf,
    /// Names and commits, by tree.
    trees: BTreeMap<String, BTreeMap<String, String>>,
    /// Last times that were seen to, by policy.
    times: BTreeMap<String, i64>,
    /// Names and commits that were there at first, by tree, where nothing of that was to be run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    passed_over: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is new in a tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News<'p> {
    /// It was never looked at before: everything is new.
    pub first: bool,
    /// Names that were not there, and branches that moved.
    pub points: Vec<&'p Point>,
    /// Tags that mean another commit than before.
    pub moved: Vec<&'p Point>,
}

impl Memory {
    /// Reads it.
    pub fn open(path: &Path) -> Result<Memory, LabError> {
        let mut memory = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                LabError::new(
                    format!("{}: {error}", path.display()),
                    "remove it: the newest kernels are then queued again where they were not run",
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Memory::default(),
            Err(error) => return Err(LabError::file(path)(error)),
        };
        memory.path = path.to_owned();
        Ok(memory)
    }

    /// What a tree has that it had not.
    pub fn news<'p>(&self, tree: &str, points: &'p [Point]) -> News<'p> {
        let Some(seen) = self.trees.get(tree) else {
            return News { first: true, points: points.iter().collect(), moved: Vec::new() };
        };
        let mut news = News::default();
        for point in points {
            match seen.get(&name(point)) {
                Some(commit) if *commit == point.commit => {}
                Some(_) if !point.branch => news.moved.push(point),
                _ => news.points.push(point),
            }
        }
        news
    }

    /// What a tree had when it was last read; `None` if it never was. Times and signatures are not known.
    pub fn points(&self, tree: &str) -> Option<Vec<Point>> {
        let point = |(name, commit): (&String, &String)| {
            let (kind, name) = name.split_once(' ')?;
            let branch = kind == "branch";
            Some(Point {
                name: name.to_owned(),
                commit: commit.clone(),
                time: 0,
                track: Release::track_of(name).filter(|_| !branch),
                branch,
                signed: false,
            })
        };
        Some(self.trees.get(tree)?.iter().filter_map(point).collect())
    }

    /// `true` if it was there at first, and nothing of that was to be run.
    pub fn is_passed_over(&self, tree: &str, point: &Point) -> bool {
        self.passed_over.get(tree).and_then(|old| old.get(&name(point))) == Some(&point.commit)
    }

    /// That is what it has; nothing of it is to be run if it is passed over.
    pub fn saw(&mut self, tree: &str, points: &[Point], passed_over: bool) -> Result<(), LabError> {
        let seen: BTreeMap<String, String> =
            points.iter().map(|point| (name(point), point.commit.clone())).collect();
        if self.trees.get(tree) == Some(&seen) {
            return Ok(());
        }
        if passed_over {
            self.passed_over.insert(tree.to_owned(), seen.clone());
        }
        self.trees.insert(tree.to_owned(), seen);
        self.write()
    }

    /// The last time of a policy that was seen to.
    pub fn time(&self, policy: &str) -> Option<i64> {
        self.times.get(policy).copied()
    }

    /// That time was seen to.
    pub fn saw_to(&mut self, policy: &str, time: i64) -> Result<(), LabError> {
        self.times.insert(policy.to_owned(), time);
        self.write()
    }

    fn write(&self) -> Result<(), LabError> {
        write_whole(&self.path, &json(self)?)
    }
}

fn name(point: &Point) -> String {
    format!("{} {}", if point.branch { "branch" } else { "tag" }, point.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, commit: &str, branch: bool) -> Point {
        let (name, commit) = (name.to_owned(), commit.to_owned());
        Point { name, commit, time: 0, track: None, branch, signed: false }
    }

    #[test]
    fn what_was_not_there_is_new_and_a_tag_that_moved_is_told_apart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("memory.json");
        let mut memory = Memory::open(&path).expect("new");
        let old = [point("v1.0", "a", false), point("next", "a", true)];
        assert!(memory.news("t", &old).first);
        memory.saw("t", &old, false).expect("writable");
        let memory = Memory::open(&path).expect("readable");
        assert_eq!(memory.news("t", &old), News::default());
        let now = [point("v1.0", "b", false), point("v1.1", "c", false), point("next", "d", true)];
        let news = memory.news("t", &now);
        let names = |points: &[&Point]| -> Vec<String> {
            points.iter().map(|point| point.name.clone()).collect()
        };
        assert_eq!(names(&news.points), ["v1.1", "next"]);
        assert_eq!(names(&news.moved), ["v1.0"]);
    }
}
