//! Passwords in files.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::error::LabError;

/// A password is not longer.
const LONGEST: u64 = 4096;

/// The first line of a file that nobody but its owner may read.
pub fn secret(path: &Path) -> Result<String, LabError> {
    let mut file = fs::File::open(path).map_err(|error| {
        LabError::new(
            format!("{}: {error}", path.display()),
            "write the password into its first line, and chmod 600 it, or correct password_file",
        )
    })?;
    let mode = file.metadata().map_err(LabError::file(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(LabError::new(
            format!("{}: others may read this password (mode {:o})", path.display(), mode & 0o777),
            format!("chmod 600 {}", path.display()),
        ));
    }
    let mut text = String::new();
    file.by_ref().take(LONGEST).read_to_string(&mut text).map_err(LabError::file(path))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(LabError::new(
            format!("{}: its first line is empty", path.display()),
            "write the password there",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bmc");
        fs::write(&path, "calvin\nmore\n").expect("writable");
        let allow = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        allow(0o640).expect("ours");
        let error = secret(&path).expect_err("the group may read it");
        assert!(error.what.contains("mode 640") && error.remedy.contains("chmod 600"), "{error}");
        allow(0o600).expect("ours");
        assert_eq!(secret(&path).as_deref(), Ok("calvin"));
        fs::write(&path, "\n").expect("writable");
        assert!(secret(&path).is_err(), "empty");
    }
}
