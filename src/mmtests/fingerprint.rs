//! What tells whether a run has changed: a hash of name, size and times of each of its files.
//!
//! To look at the files is most of the work where nothing changed, so it is done with as few and as
//! cheap system calls as there are: names are looked up in their open folder. Only a run that holds
//! symbolic links, or something that cannot be looked at, is walked through the long way.

use std::ffi::CStr;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use walkdir::WalkDir;

use super::discover::{FoundRun, Links, MAX_DEPTH, is_ours, unreadable};

/// Sets fingerprint and number of files of a run.
///
/// The time of the last status change is part of it: unlike the time of the last modification it
/// cannot be set back, so a file changed in place is noticed even by a tool that restores times.
pub fn take(root: &Path, run: &mut FoundRun) {
    // A run that is the whole of the results may hold notes on its alerts and searches, which are no part of it.
    let whole = run.dir == root;
    let quick = if whole { None } else { quickly(&run.dir) };
    let files = quick.unwrap_or_else(|| thoroughly(root, run));
    run.files = files.lines.len() as u64;
    run.fingerprint = files.hash();
}

/// The files of a run, each as a line of bytes, all in one piece of memory.
#[derive(Default)]
struct Files {
    text: Vec<u8>,
    lines: Vec<Range<usize>>,
}

impl Files {
    /// Adds a file: its path in the run in two parts, and its size and times.
    fn add(&mut self, (folder, name): (&[u8], &[u8]), numbers: [i64; 5]) {
        let start = self.text.len();
        self.text.extend_from_slice(folder);
        self.text.extend_from_slice(name);
        self.text.push(0);
        for number in numbers {
            self.text.extend_from_slice(&number.to_le_bytes());
        }
        self.lines.push(start..self.text.len());
    }

    /// The order in which a folder lists its files is no property of the run.
    fn hash(mut self) -> blake3::Hash {
        let text = &self.text;
        self.lines.sort_unstable_by(|a, b| text[a.clone()].cmp(&text[b.clone()]));
        let mut sorted = Vec::with_capacity(text.len() + 8 * self.lines.len());
        for line in self.lines {
            sorted.extend_from_slice(&(line.len() as u64).to_le_bytes());
            sorted.extend_from_slice(&text[line]);
        }
        blake3::hash(&sorted)
    }
}

/// The files of a run, if it holds nothing but files and folders that can be looked at.
fn quickly(dir: &Path) -> Option<Files> {
    let mut files = Files::default();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(CWD, dir, flags, Mode::empty()).ok()?;
    add_folder(folder, &mut Vec::new(), 1, &mut files)?;
    Some(files)
}

/// Adds the files of a folder; `path` is its path in the run, with `/` at its end, and `depth` that
/// of its files.
fn add_folder(folder: OwnedFd, path: &mut Vec<u8>, depth: usize, files: &mut Files) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut entries = Dir::new(folder).ok()?;
    while let Some(entry) = entries.read() {
        let entry = entry.ok()?;
        let name = entry.file_name();
        let kind = match entry.file_type() {
            // Some file systems do not say.
            FileType::Unknown => FileType::from_raw_mode(look_at(&entries, name)?.st_mode),
            kind => kind,
        };
        match kind {
            FileType::Directory if is_itself_or_parent(name) => {}
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let inner = openat(entries.fd().ok()?, name, flags, Mode::empty()).ok()?;
                let end = path.len();
                path.extend_from_slice(name.to_bytes());
                path.push(b'/');
                add_folder(inner, path, depth + 1, files)?;
                path.truncate(end);
            }
            FileType::RegularFile => {
                let found = look_at(&entries, name)?;
                let numbers = [
                    found.st_size,
                    found.st_mtime,
                    found.st_mtime_nsec as i64,
                    found.st_ctime,
                    found.st_ctime_nsec as i64,
                ];
                files.add((path, name.to_bytes()), numbers);
            }
            FileType::Symlink => return None,
            _ => {}
        }
    }
    Some(())
}

fn look_at(folder: &Dir, name: &CStr) -> Option<rustix::fs::Stat> {
    statat(folder.fd().ok()?, name, AtFlags::SYMLINK_NOFOLLOW).ok()
}

fn is_itself_or_parent(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

/// The files of a run, through all links; what cannot be looked at becomes a problem of the run.
fn thoroughly(root: &Path, run: &mut FoundRun) -> Files {
    let mut files = Files::default();
    let mut links = Links::new(&run.dir);
    let mut walk = WalkDir::new(&run.dir)
        .follow_links(true)
        .max_depth(MAX_DEPTH)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = walk.next() {
        match entry.and_then(|entry| Ok((entry.metadata()?, entry))) {
            Ok((metadata, entry)) if metadata.is_file() => {
                let path = entry.path().strip_prefix(&run.dir).unwrap_or(entry.path());
                let numbers = [
                    metadata.len() as i64,
                    metadata.mtime(),
                    metadata.mtime_nsec(),
                    metadata.ctime(),
                    metadata.ctime_nsec(),
                ];
                files.add((path.as_os_str().as_bytes(), b""), numbers);
            }
            Ok((metadata, entry))
                if metadata.is_dir()
                    && entry.depth() == 1
                    && run.dir == root
                    && is_ours(&entry) =>
            {
                walk.skip_current_dir();
            }
            Ok((metadata, entry)) if metadata.is_dir() && entry.path_is_symlink() => {
                if entry.depth() > 0 && links.seen_elsewhere(entry.path()) {
                    walk.skip_current_dir();
                }
            }
            Ok(_) => {}
            Err(error) => run.problems.push(unreadable(root, &error)),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::*;

    #[test]
    fn both_ways_see_the_same() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let dir = root.path().join("run");
        fs::create_dir_all(dir.join("iter-0/bench/logs"))?;
        fs::write(dir.join("mmtests-activity"), "1 run-mmtests: Start\n")?;
        fs::write(dir.join("iter-0/kernel.version"), "Linux")?;
        fs::write(dir.join("iter-0/bench/logs/time-1"), "x")?;
        fs::write(dir.join("iter-0/bench.txt"), "y")?;
        let mut run = crate::mmtests::discover(root.path()).runs.remove(0);
        let quick = quickly(&dir).expect("nothing odd in it");
        assert_eq!(quick.lines.len(), 4);
        assert_eq!(run.fingerprint, quick.hash());
        let fingerprint = run.fingerprint;
        assert_eq!(fingerprint, thoroughly(root.path(), &mut run).hash());

        std::os::unix::fs::symlink("bench.txt", dir.join("iter-0/link"))?;
        assert!(quickly(&dir).is_none(), "links are for the long way");
        let linked = crate::mmtests::discover(root.path()).runs.remove(0);
        assert_eq!(linked.files, 5);
        assert_ne!(linked.fingerprint, run.fingerprint);
        Ok(())
    }
}
