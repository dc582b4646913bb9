//! Files that are there whole or not at all, whoever is killed meanwhile.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;

use super::error::LabError;

/// Writes a file beside its place, and renames it there when it is on the disk. Of two who do so at once one may
/// fail: whoever writes has a lock, or is the only one.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    write(path, bytes, 0o666)
}

/// The same for what only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    write(path, bytes, 0o600)
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> Result<Vec<u8>, LabError> {
    serde_json::to_vec(value).map_err(|error| {
        LabError::new(format!("it is no JSON: {error}"), "tell the authors of melbot")
    })
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), LabError> {
    let written = || -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        // Hidden, so that nobody takes it for one of the files in its folder.
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".new");
        let new = path.with_file_name(hidden);
        let mut file: File =
            File::options().create(true).truncate(true).write(true).mode(mode).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    written().map_err(LabError::file(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.toml");
        write_whole(&path, b"one").expect("it is written");
        write_private(&path, b"two").expect("it is written");
        assert_eq!(fs::read(&path).expect("it is there"), b"two");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
        let error = write_whole(&folder.path().join("none/a"), b"").expect_err("no such folder");
        assert!(error.what.contains("none/a"), "{error}");
    }
}
