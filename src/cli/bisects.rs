//! The searches for commits that lie beside results.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bisect::{self, Account, Session, SessionError, logs, mail};
use crate::mmtests::printable;
use crate::model::{Problem, Severity};
use crate::site::Bisect;

/// The folders of searches in that of the results, in the order of their names.
pub fn folders(results: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(results.join(bisect::FOLDER)) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths.filter(|path| Session::is_one(path)).collect();
    found.sort();
    found
}

/// Names everything that the pages of searches are made of.
pub fn stamp(results: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    for folder in folders(results) {
        hasher.update(folder.as_os_str().as_encoded_bytes());
        for file in Session::files(&folder) {
            // Absent is as good as empty: a search that has not begun.
            let whole = fs::metadata(&file).is_ok_and(|metadata| metadata.is_file());
            let bytes = if whole { fs::read(file).unwrap_or_default() } else { Vec::new() };
            hasher.update(blake3::hash(&bytes).as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// Opens a search.
pub fn open(folder: &Path) -> Result<Bisect, SessionError> {
    let session = Session::open(folder)?;
    let account = Account::of(&session);
    let mail = mail(&account, &[]);
    let name = folder.file_name().map_or_else(String::new, printable);
    Ok(Bisect { name, account, mail, logs: logs::all(folder) })
}

/// Opens all of them; what cannot be opened is a problem.
pub fn open_all(results: &Path) -> (Vec<Bisect>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut open = |folder: PathBuf| match open(&folder) {
        Ok(search) => Some(search),
        Err(error) => {
            problems.push(Problem {
                severity: Severity::Warning,
                path: folder.strip_prefix(results).unwrap_or(&folder).display().to_string(),
                line: None,
                what: format!("a search that cannot be shown: {error}"),
                remedy: "put the file back, or move the folder away".to_owned(),
            });
            None
        }
    };
    (folders(results).into_iter().filter_map(&mut open).collect(), problems)
}
