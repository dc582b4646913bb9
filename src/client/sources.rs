//! MMTests at a pinned revision, ready to be copied to machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use walkdir::WalkDir;

use crate::lab::{LabError, process};

use super::job::{JobFile, MmtestsSource, is_url};

/// A clone takes minutes.
const WITHIN: Duration = Duration::from_secs(3600);

/// MMTests on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its folder; `None` if the test machine has its own.
    pub folder: Option<PathBuf>,
    /// Git commit, or a hash of all files.
    pub revision: Option<String>,
}

/// Gets it where it is not here yet.
pub fn mmtests(source: &MmtestsSource, cache: &Path) -> Result<Source, LabError> {
    if source.installed {
        return Ok(Source { folder: None, revision: source.revision.clone() });
    }
    let path = Path::new(&source.source);
    let folder = match &source.revision {
        Some(revision) if is_url(&source.source) || path.join(".git").exists() => {
            checked_out(&source.source, revision, cache)?
        }
        _ if path.is_dir() => path.to_owned(),
        _ => unpacked(path, cache)?,
    };
    if !folder.join("run-mmtests.sh").is_file() {
        return Err(LabError::new(
            format!("{}: there is no run-mmtests.sh", folder.display()),
            "correct source in [mmtests] of the job",
        ));
    }
    let revision = match git(&folder, &["rev-parse", "HEAD"]) {
        Ok(commit) if folder.join(".git").exists() => commit.trim().to_owned(),
        _ => hash(&folder)?,
    };
    Ok(Source { folder: Some(folder), revision: Some(revision) })
}

/// An error if something that a job needs is not there.
pub fn all_there(job: &JobFile, cache: &Path) -> Result<(), LabError> {
    let missing = |path: &Path, key: &str| {
        let what = format!("{}: there is no such file", path.display());
        LabError::new(what, format!("correct {key} of the job"))
    };
    let package = &job.kernel.package;
    if !package.exists() {
        return Err(missing(package, "package in [kernel]"));
    }
    let source = mmtests(&job.mmtests, cache)?;
    let config = match (&job.mmtests.config_file, source.folder) {
        (Some(file), _) => Some(file.clone()),
        (None, folder) => folder.map(|folder| folder.join("configs").join(&job.config)),
    };
    match config.filter(|config| !config.is_file()) {
        Some(config) => Err(missing(&config, "config")),
        None => Ok(()),
    }
}

fn checked_out(url: &str, revision: &str, cache: &Path) -> Result<PathBuf, LabError> {
    let name = blake3::hash(format!("{url} {revision}").as_bytes()).to_hex()[..16].to_owned();
    let folder = cache.join(&name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let new = fresh(cache, &name)?;
    process::text(
        Command::new("git").args(["clone", "--quiet", "--no-checkout", "--", url]).arg(&new),
        WITHIN,
    )
    .map_err(|error| {
        LabError::new(
            format!("MMTests cannot be cloned from {url}: {}", error.what),
            "correct source in [mmtests] of the job, and try git clone by hand",
        )
    })?;
    git(&new, &["checkout", "--quiet", "--detach", &format!("{revision}^{{commit}}")]).map_err(
        |error| {
            LabError::new(
                format!("{url} has no commit {revision}: {}", error.what),
                "correct revision in [mmtests] of the job",
            )
        },
    )?;
    fs::rename(&new, &folder).map_err(LabError::file(&folder))?;
    Ok(folder)
}

/// An archive holds one folder, or the tree itself.
fn unpacked(archive: &Path, cache: &Path) -> Result<PathBuf, LabError> {
    let mut hasher = blake3::Hasher::new();
    let mut file = fs::File::open(archive).map_err(|error| {
        LabError::new(
            format!("{}: {error}", archive.display()),
            "name a folder, an archive or the URL of a git tree in [mmtests] of the job",
        )
    })?;
    io::copy(&mut file, &mut hasher).map_err(LabError::file(archive))?;
    let name = hasher.finalize().to_hex()[..16].to_owned();
    let folder = cache.join(&name);
    if !folder.is_dir() {
        let new = fresh(cache, &name)?;
        fs::create_dir(&new).map_err(LabError::file(&new))?;
        process::text(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&new), WITHIN)?;
        fs::rename(&new, &folder).map_err(LabError::file(&folder))?;
    }
    let mut inside = fs::read_dir(&folder).map_err(LabError::file(&folder))?.flatten();
    match (inside.next(), inside.next()) {
        (Some(only), None) if only.path().is_dir() => Ok(only.path()),
        _ => Ok(folder),
    }
}

/// A name that nothing is at, to be renamed when it is whole.
fn fresh(cache: &Path, name: &str) -> Result<PathBuf, LabError> {
    fs::create_dir_all(cache).map_err(LabError::file(cache))?;
    let new = cache.join(format!(".{name}"));
    if new.exists() {
        fs::remove_dir_all(&new).map_err(LabError::file(&new))?;
    }
    Ok(new)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, LabError> {
    process::text(Command::new("git").arg("-C").arg(folder).args(arguments), WITHIN)
}

/// Of all names and contents, but what MMTests left of earlier runs.
fn hash(folder: &Path) -> Result<String, LabError> {
    let mut hasher = blake3::Hasher::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| LabError::file(folder)(error.into()))?;
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        if inside.starts_with("work") || !entry.file_type().is_file() {
            continue;
        }
        hasher.update(inside.to_string_lossy().as_bytes());
        let mut file = fs::File::open(entry.path()).map_err(LabError::file(entry.path()))?;
        hasher.update(&[0]);
        io::copy(&mut file, &mut hasher).map_err(LabError::file(entry.path()))?;
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git_in(folder: &Path, words: &str) -> String {
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let arguments: Vec<&str> = who.into_iter().chain(words.split(' ')).collect();
        git(folder, &arguments).expect("git works").trim().to_owned()
    }

    fn source(text: &str) -> MmtestsSource {
        toml::from_str(text).expect("valid")
    }

    /// A tree with two commits; gives the first one.
    fn tree(folder: &Path) -> String {
        fs::create_dir(folder).expect("writable");
        git_in(folder, "init --quiet");
        let commit = |content: &str| {
            fs::write(folder.join("run-mmtests.sh"), content).expect("writable");
            git_in(folder, "add run-mmtests.sh");
            git_in(folder, &format!("commit --quiet --message {content}"));
            git_in(folder, "rev-parse HEAD")
        };
        let first = commit("old");
        commit("new");
        first
    }

    fn content(source: &Source) -> String {
        let folder = source.folder.as_ref().expect("a folder");
        fs::read_to_string(folder.join("run-mmtests.sh")).expect("there")
    }

    #[test]
    fn a_git_tree_gives_the_revision_that_is_pinned_though_it_went_on() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (origin, cache) = (scratch.path().join("mmtests"), scratch.path().join("cache"));
        let first = tree(&origin);
        for (url, revision) in [
            (format!("file://{}", origin.display()), first.as_str()),
            (format!("file://{}", origin.display()), &first[..10]),
            (origin.display().to_string(), &first),
        ] {
            let source = source(&format!("source = {url:?}\nrevision = {revision:?}"));
            let found = mmtests(&source, &cache).expect("there");
            assert_eq!((content(&found).as_str(), found.revision.as_ref()), ("old", Some(&first)));
        }
        let unknown = source(&format!("source = {origin:?}\nrevision = \"v9\""));
        let told = mmtests(&unknown, &cache).expect_err("no such tag").to_string();
        assert!(told.contains("has no commit v9"), "{told}");
        // What is here is used though its origin is gone.
        let kept =
            source(&format!("source = \"file://{}\"\nrevision = {first:?}", origin.display()));
        fs::remove_dir_all(&origin).expect("removed");
        assert_eq!(content(&mmtests(&kept, &cache).expect("here")), "old");
        let gone = source("source = \"file:///nowhere\"\nrevision = \"v1\"");
        let told = mmtests(&gone, &cache).expect_err("nothing is there").to_string();
        assert!(told.contains("cannot be cloned from file:///nowhere"), "{told}");
    }

    #[test]
    fn an_archive_is_unpacked_and_known_by_its_content() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (folder, cache) = (scratch.path().join("mmtests-1"), scratch.path().join("cache"));
        fs::create_dir(&folder).expect("writable");
        fs::write(folder.join("run-mmtests.sh"), "packed").expect("writable");
        let archive = scratch.path().join("mmtests.tar.gz");
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(scratch.path()).arg("-czf").arg(&archive).arg("mmtests-1");
        process::text(&mut tar, WITHIN).expect("packed");
        let packed = mmtests(&source(&format!("source = {archive:?}")), &cache).expect("there");
        assert_eq!(content(&packed), "packed");
        // The same files are the same revision, in whatever they came.
        let plain = mmtests(&source(&format!("source = {folder:?}")), &cache).expect("there");
        assert_eq!(plain.revision, packed.revision);
        fs::remove_file(folder.join("run-mmtests.sh")).expect("removed");
        let told = mmtests(&source(&format!("source = {folder:?}")), &cache).expect_err("empty");
        assert!(told.to_string().contains("there is no run-mmtests.sh"), "{told}");
    }
}
