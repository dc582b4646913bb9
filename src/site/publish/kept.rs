//! Folders of the old site whose pages need not be made again.
//!
//! The marker of a site has a line for every such folder: the key of what its pages were made of, and
//! its path. Where the key is the same, so are the pages.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What the old site was made of, and the new one is.
#[derive(Debug, Default)]
pub struct Kept {
    old: HashMap<String, String>,
    new: Mutex<BTreeMap<String, String>>,
}

impl Kept {
    /// Reads the lines of a marker.
    pub fn of_marker(marker: &str) -> Kept {
        let line = |line: &str| {
            let (key, folder) = line.split_once(' ')?;
            Some((folder.to_owned(), key.to_owned()))
        };
        Kept { old: marker.lines().skip(2).filter_map(line).collect(), new: Mutex::default() }
    }

    /// Notes the key of a folder of the new site; `true` if the old one has the same.
    pub fn note(&self, folder: &str, key: &str) -> bool {
        // A thread that panicked left the map as it was.
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.insert(folder.to_owned(), key.to_owned());
        self.old.get(folder).is_some_and(|known| known == key)
    }

    /// The lines of the new site's marker.
    pub fn lines(&self) -> String {
        let new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.iter().map(|(folder, key)| format!("{key} {folder}\n")).collect()
    }
}

/// Puts all files of a folder into a new one, as links where that can be, and counts them.
pub fn take_over(old: &Path, new: &Path) -> io::Result<usize> {
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
