//! Unpacks an archive into plain files of whoever does it, and remembers what these do not show.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{Archive, Entry, EntryType};

use crate::lab::error::LabError;
use crate::lab::qemu::sparse;

/// A file takes no less, its inode included: there is one inode for so many bytes.
const LEAST: u64 = 16 << 10;
/// How pax archives call an extended attribute.
const ATTRIBUTE: &str = "SCHILY.xattr.";
/// How they tell of holes.
const HOLES: &str = "GNU.sparse.";
/// An archive of a system has no such thing.
const DO_NOT_USE_IT: &str = "make an archive of a system as it is";

/// What was unpacked.
#[derive(Debug)]
pub struct Tree {
    /// Folder of what there is of it.
    pub root: PathBuf,
    /// Everything by its path within the root, which itself is the empty path. A name of a file that has another
    /// one already is not here.
    pub members: BTreeMap<PathBuf, Member>,
    /// What it takes of a file system, in bytes.
    pub bytes: u64,
}

/// What a file system has to know of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Number of its owner.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
    /// Permissions, with setuid and the like.
    pub mode: u32,
    /// What it is if it is none of what can be unpacked.
    pub device: Option<Device>,
    /// Extended attributes.
    pub attributes: Vec<(String, Vec<u8>)>,
}

/// Something that only root can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A character device: major, minor.
    Character(u32, u32),
    /// A block device: major, minor.
    Block(u32, u32),
    /// A named pipe.
    Pipe,
}

/// What is in a folder of which the archive says nothing.
const UNTOLD: Member = Member { uid: 0, gid: 0, mode: 0o755, device: None, attributes: Vec::new() };

/// Why a member cannot be unpacked.
#[derive(Debug)]
enum Fault {
    /// The stream ends too early, or is damaged.
    Broken(io::Error),
    /// It cannot be written.
    Disk(io::Error),
    /// It is not for a file system: what is wrong, and what to do.
    Wrong(String, &'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        // What the system says is of the files that are written.
        match error.raw_os_error() {
            Some(_) => Fault::Disk(error),
            None => Fault::Broken(error),
        }
    }
}

impl Tree {
    /// Unpacks all of a stream into `root`, which is made. Names that lead out of it are an error.
    pub fn unpack(stream: impl Read, archive: &Path, root: &Path) -> Result<Tree, LabError> {
        let mut tree = Tree { root: root.to_owned(), members: BTreeMap::new(), bytes: 0 };
        let mut path = PathBuf::new();
        tree.unpack_all(&mut Archive::new(stream), &mut path).map_err(|fault| match fault {
            Fault::Broken(error) => LabError::new(
                format!("{}: no whole archive: {error}", archive.display()),
                "make it, or fetch it, again",
            ),
            Fault::Disk(error) => LabError::file(&root.join(&path))(error),
            Fault::Wrong(what, remedy) => {
                let shown = path.to_string_lossy().escape_debug().to_string();
                LabError::new(format!("{}: {shown} {what}", archive.display()), remedy)
            }
        })?;
        Ok(tree)
    }

    /// `true` if there is something of that name.
    pub fn has(&self, path: &Path) -> bool {
        self.root.join(path).symlink_metadata().is_ok()
    }

    /// `current` is what it is at.
    fn unpack_all(
        &mut self,
        archive: &mut Archive<impl Read>,
        current: &mut PathBuf,
    ) -> Result<(), Fault> {
        self.folder(Path::new(""))?;
        let mut times = Vec::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            if kind.is_pax_global_extensions() {
                continue;
            }
            *current = Path::new(OsStr::from_bytes(&entry.path_bytes())).to_owned();
            let path = inside(current)
                .ok_or(Fault::Wrong("leads out of the archive".to_owned(), DO_NOT_USE_IT))?;
            // `debugfs` takes a line for each.
            if path.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
                let what = "has a line break in its name".to_owned();
                return Err(Fault::Wrong(what, "make the archive without it"));
            }
            if kind == EntryType::Directory {
                times.push((path.clone(), modified(&entry)));
            }
            self.add(&path, &mut entry)?;
            // A link may claim any size.
            let blocks = entry.size().checked_next_multiple_of(4096).unwrap_or(u64::MAX);
            self.bytes = self.bytes.saturating_add(blocks.saturating_add(4096).max(LEAST));
        }
        // Now that nothing is put there any more.
        for (path, time) in times {
            File::open(self.root.join(path))?.set_modified(time)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, entry: &mut Entry<impl Read>) -> Result<(), Fault> {
        let member = told(entry)?;
        let kind = entry.header().entry_type();
        let full = self.root.join(path);
        if kind == EntryType::Directory {
            self.folder(path)?;
            // Whoever is not root needs some of it himself.
            fs::set_permissions(&full, Permissions::from_mode(member.mode & 0o777 | 0o700))?;
            self.members.insert(path.to_owned(), member);
            return Ok(());
        }
        self.folder(path.parent().unwrap_or(Path::new("")))?;
        // The last one of a name counts.
        self.members.remove(path);
        match fs::remove_file(&full) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let target = entry.link_name_bytes().unwrap_or_default().into_owned();
        let target = Path::new(OsStr::from_bytes(&target));
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut file = File::create_new(&full)?;
                if sparse::copy(entry, &mut file)? < entry.size() {
                    return Err(Fault::Broken(io::ErrorKind::UnexpectedEof.into()));
                }
                file.set_permissions(Permissions::from_mode(member.mode & 0o777 | 0o600))?;
                file.set_modified(modified(entry))?;
            }
            EntryType::Symlink => symlink(target, &full)?,
            EntryType::Link => return self.link(target, path),
            EntryType::Char | EntryType::Block | EntryType::Fifo => {}
            other => {
                let what = format!("is a {other:?}, which no file system has");
                return Err(Fault::Wrong(what, DO_NOT_USE_IT));
            }
        }
        self.members.insert(path.to_owned(), member);
        Ok(())
    }

    /// A second name for what is there.
    fn link(&mut self, target: &Path, path: &Path) -> Result<(), Fault> {
        let wrong = |what: &str| {
            Fault::Wrong(format!("is a link to {}, which {what}", target.display()), DO_NOT_USE_IT)
        };
        let target = inside(target).ok_or_else(|| wrong("leads out of the archive"))?;
        let folders = target.parent().unwrap_or(Path::new("")).ancestors();
        let is_folder = |path: &Path| {
            self.root.join(path).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
        };
        match self.members.get(&target).filter(|member| member.device.is_some()) {
            Some(device) => drop(self.members.insert(path.to_owned(), device.clone())),
            None if folders.into_iter().all(is_folder) && self.has(&target) => {
                fs::hard_link(self.root.join(&target), self.root.join(path))?;
            }
            None => return Err(wrong("is not in it")),
        }
        Ok(())
    }

    /// Makes a folder, and those above it.
    fn folder(&mut self, path: &Path) -> Result<(), io::Error> {
        let above: Vec<&Path> = path.ancestors().collect();
        for path in above.into_iter().rev() {
            let full = self.root.join(path);
            match full.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                // Nothing is put through a link: it may lead anywhere.
                Ok(_) => return Err(rustix::io::Errno::NOTDIR.into()),
                Err(_) => {
                    fs::create_dir(&full)?;
                    fs::set_permissions(&full, Permissions::from_mode(0o755))?;
                    self.members.insert(path.to_owned(), UNTOLD);
                }
            }
        }
        Ok(())
    }
}

/// The path without `.` and a slash before it; `None` if it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

fn modified(entry: &Entry<impl Read>) -> SystemTime {
    let seconds = Duration::from_secs(entry.header().mtime().unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(seconds).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// What its header says.
fn told(entry: &mut Entry<impl Read>) -> Result<Member, Fault> {
    let header = entry.header();
    let number = |number: u64| {
        u32::try_from(number).map_err(|_| {
            let what = format!("belongs to {number}, and file systems know 32 bits");
            Fault::Wrong(what, "give it to somebody else")
        })
    };
    let (uid, gid) = (number(header.uid()?)?, number(header.gid()?)?);
    let mode = header.mode()? & 0o7777;
    // What is no device may have anything there.
    let major = || header.device_major().map(Option::unwrap_or_default);
    let minor = || header.device_minor().map(Option::unwrap_or_default);
    let device = match header.entry_type() {
        EntryType::Char => Some(Device::Character(major()?, minor()?)),
        EntryType::Block => Some(Device::Block(major()?, minor()?)),
        EntryType::Fifo => Some(Device::Pipe),
        _ => None,
    };
    let mut attributes = Vec::new();
    for extension in entry.pax_extensions()?.into_iter().flatten() {
        // The library takes a line break for the end of a value.
        let Ok(extension) = extension else {
            let what = "has an extended attribute with a line break".to_owned();
            return Err(Fault::Wrong(what, "make the archive without it"));
        };
        let key = extension.key().unwrap_or_default();
        if key.starts_with(HOLES) {
            let what = "has holes as pax archives tell of them".to_owned();
            return Err(Fault::Wrong(what, "make the archive without --sparse"));
        }
        if let Some(name) = key.strip_prefix(ATTRIBUTE) {
            attributes.push((name.to_owned(), extension.value_bytes().to_owned()));
        }
    }
    Ok(Member { uid, gid, mode, device, attributes })
}
