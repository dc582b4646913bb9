//! Puts a finished site in the place of the old one, in one step.
//!
//! Everything is written to a fresh folder beside the output, then both change places. Files that
//! did not change are links to those of the old site: they keep their time, so that copying the
//! site elsewhere moves only what is new.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use walkdir::WalkDir;

use super::{Output, SiteError};
use kept::Kept;

mod kept;

/// File that tells a site of melbot's from any other folder, and from what it was made.
pub const MARKER: &str = ".melbot-site";
/// First line of the marker.
const SIGNATURE: &str = "made by melbot; the whole folder is replaced whenever the site is made";

/// `true` if the site in this folder was made of the same input, here, and since the machine was
/// booted: after a power cut the marker must not vouch for pages that never reached the disk.
pub fn is_current(out: &Path, stamp: &str) -> bool {
    let Ok(target) = resolved(out) else { return false };
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else { return false };
    let booted = fs::read_to_string(parent.join(beside(name, "lock")));
    let made = fs::read_to_string(target.join(MARKER));
    booted.is_ok_and(|text| text == boot())
        && made.is_ok_and(|text| text.starts_with(&marker(stamp)))
}

/// Changes whenever the machine boots.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

fn marker(stamp: &str) -> String {
    format!("{SIGNATURE}\n{stamp}\n")
}

/// A site on its way to its place. Nothing is to be seen of it before [`Publication::finish`].
#[derive(Debug)]
pub struct Publication {
    target: PathBuf,
    fresh: PathBuf,
    aside: PathBuf,
    stamp: String,
    kept: Kept,
    /// Paths of files that are new or changed.
    written: Mutex<BTreeSet<String>>,
    reused: AtomicUsize,
    /// Folders that are there.
    folders: Mutex<HashSet<PathBuf>>,
    lock: File,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Files that are new or changed, by their paths in the site.
    pub written: BTreeSet<String>,
    /// Files that are as they were.
    pub reused: usize,
    /// Files of the old site that the new one has not, if that was asked for.
    pub removed: BTreeSet<String>,
}

impl Publication {
    /// Starts a site in this folder. Waits, after calling `waiting`, while another process makes
    /// the same site.
    ///
    /// `stamp` is a line that names the input; see [`is_current`].
    pub fn begin(
        out: &Path,
        stamp: &str,
        waiting: impl FnOnce(),
    ) -> Result<Publication, SiteError> {
        let target = resolved(out)?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(SiteError::NoFolder(out.to_owned()));
        };
        fs::create_dir_all(parent).map_err(SiteError::io(parent))?;
        let (lock, trusted) = lock(&parent.join(beside(name, "lock")), waiting)?;
        repair(parent, name, &target)?;
        check_ours(&target)?;
        let marker = fs::read_to_string(target.join(MARKER)).ok().filter(|_| trusted);
        let fresh = parent.join(beside(name, &format!("new-{}", process::id())));
        fs::create_dir(&fresh).map_err(SiteError::io(&fresh))?;
        Ok(Publication {
            aside: parent.join(beside(name, &format!("old-{}", process::id()))),
            fresh,
            stamp: stamp.to_owned(),
            kept: Kept::of_marker(&marker.unwrap_or_default()),
            written: Mutex::default(),
            folders: Mutex::default(),
            reused: AtomicUsize::new(0),
            target,
            lock,
        })
    }

    /// Makes all pages, whatever the old site was made of.
    #[must_use]
    pub fn without_trust(mut self) -> Publication {
        self.kept = Kept::default();
        self
    }

    /// Puts the site in its place and removes the old one. Looks for what is gone only where `removed` asks
    /// for it.
    pub fn finish(self, removed: bool) -> Result<Published, SiteError> {
        let path = self.fresh.join(MARKER);
        let text = marker(&self.stamp) + &self.kept.lines();
        fs::write(&path, text).map_err(SiteError::io(&path))?;
        if let Ok(old) = fs::metadata(&self.target) {
            fs::set_permissions(&self.fresh, old.permissions())
                .map_err(SiteError::io(&self.fresh))?;
        }
        let removed = if removed { self.removed()? } else { BTreeSet::new() };
        self.swap()?;
        // If this cannot be written, the next call does more than it needs to, no more.
        let _ = (&self.lock).write_all(boot().as_bytes());
        Ok(Published {
            written: std::mem::take(&mut held(&self.written)),
            reused: self.reused.load(Ordering::Relaxed),
            removed,
        })
    }

    /// Files of the old site that the new one has not.
    fn removed(&self) -> Result<BTreeSet<String>, SiteError> {
        let mut removed = BTreeSet::new();
        for entry in WalkDir::new(&self.target) {
            let entry = match entry {
                Ok(entry) => entry,
                // There was no site.
                Err(error) if error.depth() == 0 => break,
                Err(error) => return Err(SiteError::io(&self.target)(error.into())),
            };
            let Ok(path) = entry.path().strip_prefix(&self.target) else { continue };
            if entry.file_type().is_file() && !self.fresh.join(path).exists() {
                removed.insert(path.to_string_lossy().into_owned());
            }
        }
        Ok(removed)
    }

    /// Makes a folder of the new site, and those above it, once.
    fn make(&self, folder: &Path) -> io::Result<()> {
        if !held(&self.folders).contains(folder) {
            fs::create_dir_all(folder)?;
            held(&self.folders).insert(folder.to_owned());
        }
        Ok(())
    }

    fn swap(&self) -> Result<(), SiteError> {
        if !self.target.exists() {
            return fs::rename(&self.fresh, &self.target).map_err(SiteError::io(&self.target));
        }
        let exchange = RenameFlags::EXCHANGE;
        if renameat_with(CWD, &self.fresh, CWD, &self.target, exchange).is_err() {
            return self.swap_in_two_steps();
        }
        fs::remove_dir_all(&self.fresh).map_err(SiteError::io(&self.fresh))
    }

    /// For file systems that cannot exchange: for a moment there is no site. Should this process
    /// die then, the next one puts the old site back.
    fn swap_in_two_steps(&self) -> Result<(), SiteError> {
        fs::rename(&self.target, &self.aside).map_err(SiteError::io(&self.target))?;
        if let Err(error) = fs::rename(&self.fresh, &self.target) {
            fs::rename(&self.aside, &self.target).map_err(SiteError::io(&self.target))?;
            return Err(SiteError::io(&self.target)(error));
        }
        fs::remove_dir_all(&self.aside).map_err(SiteError::io(&self.aside))
    }

    /// Links the file of the old site, if it has the same bytes.
    fn reuse(&self, path: &str, new: &Path, bytes: &[u8]) -> bool {
        let old = self.target.join(path);
        let same_size = fs::symlink_metadata(&old)
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64);
        if !same_size || !fs::read(&old).is_ok_and(|found| found == bytes) {
            return false;
        }
        link(&old, new).is_ok()
    }
}

impl Output for Publication {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), SiteError> {
        let new = self.fresh.join(path);
        if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
            let error = io::Error::from(io::ErrorKind::InvalidInput);
            return Err(SiteError::io(&new)(error));
        }
        if let Some(folder) = new.parent() {
            self.make(folder).map_err(SiteError::io(folder))?;
        }
        if self.reuse(path, &new, bytes) {
            self.reused.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        create(&new, bytes).map_err(SiteError::io(&new))?;
        held(&self.written).insert(path.to_owned());
        Ok(())
    }

    fn keep(&self, path: &str, key: &str) -> bool {
        if !self.kept.note(path, key) {
            return false;
        }
        let new = self.fresh.join(path);
        match kept::take_over(&self.target.join(path), &new) {
            Ok(files) => {
                self.kept.note_all_in(path);
                self.reused.fetch_add(files, Ordering::Relaxed);
                true
            }
            Err(_) => {
                // Pages are never written into files that are there.
                let _ = fs::remove_dir_all(&new);
                held(&self.folders).retain(|folder| !folder.starts_with(&new));
                false
            }
        }
    }
}

/// A thread that panicked left it whole: it holds nothing but names.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Publication {
    /// Removes what was not finished. Failing that, the next process does it.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.fresh);
    }
}

/// A new file; never writes into one that is there, which might be a link to one of the old site.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create_new(path)?.write_all(bytes)
}

/// A file of the old site for the new one: a link, or where there are none, a copy of the same time.
fn link(old: &Path, new: &Path) -> io::Result<()> {
    if fs::hard_link(old, new).is_ok() {
        return Ok(());
    }
    create(new, &fs::read(old)?)?;
    let modified = fs::metadata(old)?.modified()?;
    File::options().write(true).open(new)?.set_modified(modified)
}

/// The folder itself where the path is a link to it, so that the link stays.
fn resolved(out: &Path) -> Result<PathBuf, SiteError> {
    match out.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(out).map_err(SiteError::io(out))
        }
        Err(error) => Err(SiteError::io(out)(error)),
    }
}

/// `.<name>.<what>`
fn beside(name: &OsStr, what: &str) -> OsString {
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(".");
    beside.push(what);
    beside
}

/// Takes the lock; `true` if the old site was finished since the machine was booted.
fn lock(path: &Path, waiting: impl FnOnce()) -> Result<(File, bool), SiteError> {
    let lock = File::options().create(true).read(true).write(true).truncate(false).open(path);
    let mut lock = lock.map_err(SiteError::io(path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            waiting();
            lock.lock().map_err(SiteError::io(path))?;
        }
        Err(TryLockError::Error(error)) => return Err(SiteError::io(path)(error)),
    }
    let mut booted = String::new();
    let read = lock.read_to_string(&mut booted).is_ok();
    let trusted = read && !booted.is_empty() && booted == boot();
    // What it says holds again when the site is finished.
    lock.set_len(0).and_then(|()| lock.rewind()).map_err(SiteError::io(path))?;
    Ok((lock, trusted))
}

/// Cleans up after processes that were killed. The lock is held: none of them is still at work.
fn repair(parent: &Path, name: &OsStr, target: &Path) -> Result<(), SiteError> {
    let (new, old) = (beside(name, "new-"), beside(name, "old-"));
    for entry in fs::read_dir(parent).map_err(SiteError::io(parent))?.flatten() {
        let (found, path) = (entry.file_name(), entry.path());
        if is_leftover(&found, &old) && !target.exists() && path.join(MARKER).is_file() {
            fs::rename(&path, target).map_err(SiteError::io(target))?;
        } else if is_leftover(&found, &new) || is_leftover(&found, &old) {
            fs::remove_dir_all(&path).map_err(SiteError::io(&path))?;
        }
    }
    Ok(())
}

/// `true` for `start` with nothing but the number of a process behind it.
fn is_leftover(name: &OsStr, start: &OsStr) -> bool {
    let rest = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
    rest.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// Refuses to replace what melbot did not make.
fn check_ours(target: &Path) -> Result<(), SiteError> {
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SiteError::io(target)(error)),
    };
    let ours = fs::read_to_string(target.join(MARKER)).is_ok_and(|t| t.starts_with(SIGNATURE));
    if ours || entries.next().is_none() {
        return Ok(());
    }
    Err(SiteError::NotOurs(target.to_owned()))
}

#[cfg(test)]
mod tests;
