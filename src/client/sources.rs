//! MMTests at a pinned revision, ready to be copied to machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use walkdir::WalkDir;

use crate::lab::{LabError, process};

use super::job::{MmtestsSource, is_url};

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
    )?;
    git(&new, &["checkout", "--quiet", "--detach", &format!("{revision}^{{commit}}")])?;
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
