//! An ext4 image of what was unpacked.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::slice;
use std::time::Duration;

use super::tree::{Device, Tree};
use crate::lab::error::LabError;
use crate::lab::process;

/// Copying a system takes seconds; a busy machine needs longer.
const WITHIN: Duration = Duration::from_secs(1800);

/// Makes an image of `size` MiB. `scratch` is a folder for what that takes.
pub fn make(tree: &Tree, scratch: &Path, image: &Path, size: u64) -> Result<(), LabError> {
    let mut command = process::for_root("mke2fs");
    command.env("LC_ALL", "C").args(["-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d"]);
    process::text(command.arg(&tree.root).arg(image).arg(format!("{size}M")), WITHIN)
        .map_err(told)?;
    let script = script(tree, scratch)?;
    let mut command = process::for_root("debugfs");
    command.env("LC_ALL", "C").args(["-w", "-f", "-"]).arg(image);
    let exit =
        process::run(&mut command, &mut script.as_slice(), &mut io::sink(), u64::MAX, WITHIN)?;
    // It says its version first, and how it went nowhere else.
    match exit.complaint.lines().skip(1).find(|line| !line.trim().is_empty()) {
        None if exit.success() => Ok(()),
        line => Err(told(LabError::new(
            format!("debugfs failed: {}", process::last_line(line.unwrap_or_default())),
            "see that e2fsprogs is 1.46 or newer",
        ))),
    }
}

/// What they only say in words, and what is to be done.
const SAID: [(&str, &str); 2] = [
    ("No space left on device", "make room on the disk, and do it again"),
    ("Could not allocate", "say a larger size in [deploy], or leave it out"),
];

fn told(error: LabError) -> LabError {
    match SAID.iter().find(|(said, _)| error.what.contains(said)) {
        Some((_, remedy)) => LabError { remedy: (*remedy).to_owned(), ..error },
        None => error,
    }
}

/// What `debugfs` has to do so that all is as the archive says.
fn script(tree: &Tree, scratch: &Path) -> Result<Vec<u8>, LabError> {
    let mut script = Script(Vec::new());
    let mut values = 0;
    for (path, member) in &tree.members {
        let inside = Path::new("/").join(path);
        let is = match member.device {
            Some(device) => {
                let folder = inside.parent().unwrap_or(Path::new("/"));
                script.line("cd", &[folder.as_os_str()]);
                let (letter, numbers) = letter(device);
                let mut words = vec![inside.file_name().unwrap_or_default(), OsStr::new(letter)];
                words.extend(numbers.iter().map(OsStr::new));
                script.line("mknod", &words);
                Is { uid: 0, gid: 0, mode: kind(device) }
            }
            // What that is like in the image depends on the version of `mke2fs`.
            None if path.as_os_str().is_empty() => {
                Is { uid: u32::MAX, gid: u32::MAX, mode: FOLDER }
            }
            // As `mke2fs` took it.
            None => Is::of(&tree.root.join(path))?,
        };
        let mut set = |field: &str, value: String| {
            let words = [inside.as_os_str(), OsStr::new(field), OsStr::new(&value)];
            script.line("set_inode_field", &words);
        };
        if is.uid != member.uid {
            set("uid", member.uid.to_string());
        }
        if is.gid != member.gid {
            set("gid", member.gid.to_string());
        }
        let mode = is.mode & KIND | member.mode;
        if is.mode != mode && is.mode & KIND != LINK {
            set("mode", format!("0{mode:o}"));
        }
        for (name, value) in &member.attributes {
            let file = scratch.join(format!("value-{values}"));
            values += 1;
            fs::write(&file, value).map_err(LabError::file(&file))?;
            let words = [OsStr::new("-f"), file.as_os_str(), inside.as_os_str(), OsStr::new(name)];
            script.line("ea_set", &words);
        }
    }
    Ok(script.0)
}

/// Bits of a mode that say what a file is.
const KIND: u32 = 0o170_000;
/// A folder, which nobody may use.
const FOLDER: u32 = 0o040_000;
/// A symbolic link, whose permissions are of no use.
const LINK: u32 = 0o120_000;

/// What is in the image so far.
struct Is {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl Is {
    fn of(path: &Path) -> Result<Is, LabError> {
        let metadata = path.symlink_metadata().map_err(LabError::file(path))?;
        Ok(Is { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() })
    }
}

fn kind(device: Device) -> u32 {
    match device {
        Device::Character(..) => 0o020_000,
        Device::Block(..) => 0o060_000,
        Device::Pipe => 0o010_000,
    }
}

/// As `mknod` wants to be told.
fn letter(device: Device) -> (&'static str, Vec<String>) {
    match device {
        Device::Character(major, minor) => ("c", vec![major.to_string(), minor.to_string()]),
        Device::Block(major, minor) => ("b", vec![major.to_string(), minor.to_string()]),
        Device::Pipe => ("p", Vec::new()),
    }
}

/// Lines for `debugfs`. Whatever is in a word, it stays one.
struct Script(Vec<u8>);

impl Script {
    fn line(&mut self, command: &str, words: &[&OsStr]) {
        self.0.extend_from_slice(command.as_bytes());
        for word in words {
            self.0.extend_from_slice(b" \"");
            for byte in word.as_bytes() {
                // In quotes, one that belongs to it stands there twice.
                self.0.extend_from_slice(if *byte == b'"' {
                    b"\"\""
                } else {
                    slice::from_ref(byte)
                });
            }
            self.0.push(b'"');
        }
        self.0.push(b'\n');
    }
}
