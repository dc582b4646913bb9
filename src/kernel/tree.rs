//! A git tree that is watched: a bare copy of it here, and what its tags and branches say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{BranchType, Repository};
use serde::Serialize;

use super::git::{git, git_command, gits_words};
use crate::lab::{LabError, process};
use crate::model::{Release, natural_cmp};

/// A first fetch of a kernel's tree takes an hour, or some.
const WITHIN: Duration = Duration::from_secs(12 * 3600);

/// A kernel that a tree names: a tag, or the head of a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Name of the tag or of the branch.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// When it was tagged or committed, in seconds since 1970.
    pub time: i64,
    /// `mainline`, `6.12.y`, or absent for a name that is no release.
    pub track: Option<String>,
    /// It is the head of a branch.
    pub branch: bool,
    /// The tag is signed. By whom is not looked at.
    pub signed: bool,
}

impl Point {
    /// The release that its name says.
    pub fn release(&self) -> Option<Release> {
        Release::parse(&self.name).filter(|_| !self.branch)
    }

    /// As a run of it is called: the name of its release as people write it, or name and commit.
    pub fn run_name(&self) -> String {
        match self.release() {
            Some(_) => self.name.strip_prefix('v').unwrap_or(&self.name).to_owned(),
            None => {
                let plain =
                    |c: char| if c.is_ascii_alphanumeric() || "._+".contains(c) { c } else { '-' };
                let name: String = self.name.chars().map(plain).collect();
                let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                format!("{name:.60}-g{:.12}", self.commit)
            }
        }
    }
}

/// The bare copy of a tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where it is kept.
    pub folder: PathBuf,
    /// Where it comes from.
    pub url: String,
    /// It comes from a coordinator, which wants this token, and has commits of its own beside the tree's.
    pub token: Option<String>,
}

impl Tree {
    /// Gets what is new, and forgets what is gone. Commits that were fetched once stay.
    pub fn fetch(&self) -> Result<(), LabError> {
        if !self.folder.join("HEAD").is_file() {
            fs::create_dir_all(&self.folder).map_err(LabError::file(&self.folder))?;
            self.git(&["init", "--bare", "--quiet"])?;
        }
        let mut command = git_command();
        command.arg("-C").arg(&self.folder).args([
            "fetch",
            "--quiet",
            "--force",
            "--prune",
            "--no-write-fetch-head",
            "--",
            &self.url,
            "+refs/tags/*:refs/tags/*",
            "+refs/heads/*:refs/heads/*",
        ]);
        if let Some(token) = &self.token {
            command.arg("+refs/melbot/*:refs/melbot/*");
            // Everybody sees arguments.
            command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraHeader");
            command.env("GIT_CONFIG_VALUE_0", format!("Authorization: Bearer {token}"));
        }
        let exit = process::run(&mut command, &mut io::empty(), &mut io::sink(), 1 << 20, WITHIN)?;
        if exit.success() {
            return Ok(());
        }
        Err(LabError::new(
            format!("{}: {}", self.url, gits_words(exit.complaint.as_bytes())),
            "see whether it is there, and whether this machine may read it",
        ))
    }

    /// The tags whose names match one of the patterns, older releases first. Those that name no commit
    /// are passed over.
    pub fn tags(&self, patterns: &[String]) -> Result<Vec<Point>, LabError> {
        let repository = self.open()?;
        let mut points = Vec::new();
        for pattern in patterns {
            let names = repository.tag_names(Some(pattern)).map_err(wrong(&self.folder))?;
            let names = names.iter().flatten().flatten();
            points.extend(names.filter_map(|name| tag(&repository, name)));
        }
        points.sort_by(|a, b| {
            a.release().cmp(&b.release()).then_with(|| natural_cmp(&a.name, &b.name))
        });
        points.dedup();
        Ok(points)
    }

    /// The heads of these branches.
    pub fn branches(&self, names: &[String]) -> Result<Vec<Point>, LabError> {
        let repository = self.open()?;
        let head = |name: &String| {
            let branch = repository.find_branch(name, BranchType::Local).ok()?;
            let commit = branch.get().peel_to_commit().ok()?;
            Some(Point {
                name: name.clone(),
                commit: commit.id().to_string(),
                time: commit.time().seconds(),
                track: None,
                branch: true,
                signed: false,
            })
        };
        Ok(names.iter().filter_map(head).collect())
    }

    /// The commit that a name means, in full.
    pub fn commit(&self, name: &str) -> Result<(String, i64), LabError> {
        let repository = self.open()?;
        let find = || repository.revparse_single(name)?.peel_to_commit();
        let commit = find().map_err(|error| {
            LabError::new(
                format!("{}: no commit {name:?}: {}", self.folder.display(), error.message()),
                "fetch the tree, or name a tag or a commit of it",
            )
        })?;
        Ok((commit.id().to_string(), commit.time().seconds()))
    }

    fn open(&self) -> Result<Repository, LabError> {
        Repository::open(&self.folder).map_err(wrong(&self.folder))
    }

    fn git(&self, arguments: &[&str]) -> Result<String, LabError> {
        git(&self.folder, arguments)
            .map_err(|error| LabError::new(error.to_string(), "see that git is installed"))
    }
}

fn wrong(folder: &Path) -> impl Fn(git2::Error) -> LabError {
    move |error| {
        LabError::new(
            format!("{}: no git tree: {}", folder.display(), error.message()),
            "correct its path, or fetch it again",
        )
    }
}

fn tag(repository: &Repository, name: &str) -> Option<Point> {
    let object = repository.revparse_single(&format!("refs/tags/{name}")).ok()?;
    let commit = object.peel_to_commit().ok()?;
    let annotated = object.as_tag();
    let tagged = annotated.and_then(|tag| tag.tagger().map(|by| by.when().seconds()));
    let message = annotated.and_then(|tag| tag.message_bytes()).unwrap_or_default();
    Some(Point {
        name: name.to_owned(),
        commit: commit.id().to_string(),
        time: tagged.unwrap_or_else(|| commit.time().seconds()),
        track: Release::parse(name).map(|release| release.track().to_string()),
        branch: false,
        signed: memchr::memmem::find(message, b"-----BEGIN ").is_some(),
    })
}
