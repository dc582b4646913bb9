//! What builds made, kept under its hash: the same content is kept once, and a name never means
//! another one later.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The name of a file's content.
pub fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

/// Where it is kept.
pub fn place(folder: &Path, hash: &str, suffix: &str) -> PathBuf {
    folder.join(format!("{hash}{suffix}"))
}

/// Keeps a file; gives its hash and its place. It is there as a whole or not at all.
pub fn keep(folder: &Path, made: &Path, suffix: &str) -> io::Result<(String, PathBuf)> {
    let hash = hash_of(made)?;
    let path = place(folder, &hash, suffix);
    if path.is_file() && hash_of(&path)? == hash {
        return Ok((hash, path));
    }
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("{hash}.part"));
    fs::copy(made, &part)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, &path)?;
    Ok((hash, path))
}
