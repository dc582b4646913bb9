//! Unpacks what a machine sends back, which may be anything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use tar::{Archive, EntryType};

use super::error::LabError;

/// How much may come back.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files and folders.
    pub entries: u64,
}

impl Limits {
    /// The logs of one run: the largest that were seen are a tenth of it.
    pub const RUN: Limits = Limits { bytes: 2 << 30, entries: 200_000 };
}

/// What was unpacked, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Number of files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// What was left out, a sentence each.
    pub left_out: Vec<String>,
}

/// Unpacks a tar stream below `folder`. Only plain files and folders are made, with ordinary modes;
/// links, devices and names that lead out of the folder are left out and told.
pub fn unpack(stream: impl Read, folder: &Path, limits: Limits) -> Result<Unpacked, LabError> {
    let mut done = Unpacked::default();
    let broken = |error: io::Error| {
        LabError::new(format!("what came back is no whole archive: {error}"), "collect it again")
    };
    // Headers and padding come on top; a stream of nothing else must end too.
    let most = limits.bytes.saturating_add(limits.entries.saturating_mul(2048));
    let mut archive = Archive::new(stream.take(most));
    for (number, entry) in (1..).zip(archive.entries().map_err(broken)?) {
        let mut entry = entry.map_err(broken)?;
        if number > limits.entries {
            return Err(too_much(format!("more than {} files", limits.entries)));
        }
        let shown = String::from_utf8_lossy(&entry.path_bytes()).escape_debug().to_string();
        let Some(inside) = entry.path().ok().and_then(|path| plain(&path)) else {
            leave_out(&mut done, format!("{shown}: leads out of its folder"));
            continue;
        };
        if inside.as_os_str().is_empty() {
            continue;
        }
        let path = folder.join(&inside);
        match entry.header().entry_type() {
            EntryType::Directory => make_folder(folder, &inside)?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                done.bytes = done.bytes.saturating_add(entry.size());
                if done.bytes > limits.bytes {
                    return Err(too_much(format!("more than {} MiB", limits.bytes >> 20)));
                }
                make_folder(folder, inside.parent().unwrap_or(Path::new("")))?;
                let mut file = create(&path).map_err(LabError::file(&path))?;
                let written = io::copy(&mut entry, &mut file).map_err(LabError::file(&path))?;
                if written < entry.size() {
                    return Err(broken(io::ErrorKind::UnexpectedEof.into()));
                }
                done.files += 1;
            }
            other => leave_out(&mut done, format!("{shown}: no plain file but {other:?}")),
        }
    }
    Ok(done)
}

/// The path without `.`; `None` if it is not within the folder.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// Only folders were made below `folder`, never links, so that this cannot lead anywhere else.
fn make_folder(folder: &Path, inside: &Path) -> Result<(), LabError> {
    let path = folder.join(inside);
    fs::create_dir_all(&path).map_err(LabError::file(&path))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path)
}

fn leave_out(done: &mut Unpacked, what: String) {
    const SHOWN: usize = 20;
    if done.left_out.len() < SHOWN {
        done.left_out.push(what);
    }
}

fn too_much(what: String) -> LabError {
    LabError::new(
        format!("the machine sent {what}"),
        "see what the run left in work/log of MMTests, and have it write less",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    /// The crate itself refuses to write such names, so that they go into the header by hand.
    fn entry(archive: &mut Builder<Vec<u8>>, name: &str, kind: EntryType, content: &[u8]) {
        let mut header = Header::new_old();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o6777);
        if kind == EntryType::Symlink {
            header.set_link_name("/etc").expect("short");
        }
        header.set_cksum();
        archive.append(&header, content).expect("into memory");
    }

    fn unpacked(archive: Builder<Vec<u8>>) -> (tempfile::TempDir, Result<Unpacked, LabError>) {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("inside");
        fs::create_dir(&folder).expect("writable");
        let bytes = archive.into_inner().expect("into memory");
        let limits = Limits { bytes: 1000, entries: 10 };
        let result = unpack(bytes.as_slice(), &folder, limits);
        (parent, result)
    }

    #[test]
    fn nothing_is_written_outside_the_folder() {
        let mut archive = Builder::new(Vec::new());
        entry(&mut archive, "../out", EntryType::Regular, b"x");
        entry(&mut archive, "/abs", EntryType::Regular, b"x");
        entry(&mut archive, "a/../../out", EntryType::Regular, b"x");
        entry(&mut archive, "link", EntryType::Symlink, b"");
        entry(&mut archive, "link/passwd", EntryType::Regular, b"x");
        entry(&mut archive, "./run/iter-0/log", EntryType::Regular, b"fine");
        let (parent, result) = unpacked(archive);
        let done = result.expect("the rest is unpacked");
        assert_eq!((done.files, done.left_out.len()), (2, 4), "{done:?}");
        let folder = parent.path().join("inside");
        assert_eq!(fs::read(folder.join("run/iter-0/log")).expect("is there"), b"fine");
        assert!(folder.join("link").symlink_metadata().is_ok_and(|m| m.is_dir()));
        assert_eq!(fs::read_dir(parent.path()).expect("readable").count(), 1);
    }

    #[test]
    fn modes_of_the_machine_are_not_taken_over() {
        use std::os::unix::fs::PermissionsExt as _;
        let mut archive = Builder::new(Vec::new());
        entry(&mut archive, "setuid", EntryType::Regular, b"x");
        let (parent, result) = unpacked(archive);
        assert!(result.is_ok());
        let mode = fs::metadata(parent.path().join("inside/setuid")).expect("there");
        assert_eq!(mode.permissions().mode() & 0o7111, 0);
    }

    #[test]
    fn too_much_and_too_little_are_errors() {
        let mut archive = Builder::new(Vec::new());
        entry(&mut archive, "huge", EntryType::Regular, &[0; 1001]);
        assert!(unpacked(archive).1.expect_err("too much").what.contains("MiB"));
        let mut archive = Builder::new(Vec::new());
        for number in 0..11 {
            entry(&mut archive, &format!("{number}"), EntryType::Regular, b"");
        }
        assert!(unpacked(archive).1.expect_err("too many").what.contains("10 files"));
        let mut archive = Builder::new(Vec::new());
        entry(&mut archive, "cut", EntryType::Regular, &[1; 900]);
        let mut bytes = archive.into_inner().expect("into memory");
        bytes.truncate(700);
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(unpack(bytes.as_slice(), folder.path(), Limits::RUN).is_err());
    }
}
