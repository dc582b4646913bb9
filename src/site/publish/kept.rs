//! Pages of the old site that need not be made again, and whole folders of them.
//!
//! The marker of a site has a line for each: the key of what it was made of, and its path. Where the
//! key is the same, so are the pages.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the old site was made of, and the new one is.
#[derive(Debug, Default)]
pub struct Kept {
    old: BTreeMap<String, String>,
    new: Mutex<BTreeMap<String, String>>,
}

impl Kept {
    /// Reads the lines of a marker.
    pub fn of_marker(marker: &str) -> Kept {
        let line = |line: &str| {
            let (key, path) = line.split_once(' ')?;
            Some((path.to_owned(), key.to_owned()))
        };
        Kept { old: marker.lines().skip(2).filter_map(line).collect(), new: Mutex::default() }
    }

    /// Notes the key of a page or folder of the new site; `true` if the old one has the same.
    pub fn note(&self, path: &str, key: &str) -> bool {
        self.made().insert(path.to_owned(), key.to_owned());
        self.old.get(path).is_some_and(|known| known == key)
    }

    /// Notes that the pages of a folder are those of the old site.
    pub fn note_all_in(&self, folder: &str) {
        let start = format!("{folder}/");
        let inside =
            self.old.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        self.made().extend(inside.map(|(path, key)| (path.clone(), key.clone())));
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // A thread that panicked left the map as it was.
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of the new site's marker.
    pub fn lines(&self) -> String {
        self.made().iter().map(|(path, key)| format!("{key} {path}\n")).collect()
    }
}

/// Puts a file, or all files of a folder, into a new place, as links where that can be, and counts
/// them.
pub fn take_over(old: &Path, new: &Path) -> io::Result<usize> {
    if fs::symlink_metadata(old)?.is_file() {
        if let Some(folder) = new.parent() {
            fs::create_dir_all(folder)?;
        }
        return super::link(old, new).map(|()| 1);
    }
    fs::create_dir_all(new)?;
    let mut files = 0;
    for entry in fs::read_dir(old)? {
        let entry = entry?;
        let (from, to) = (entry.path(), new.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files += take_over(&from, &to)?;
        } else if kind.is_file() {
            super::link(&from, &to)?;
            files += 1;
        }
    }
    Ok(files)
}
