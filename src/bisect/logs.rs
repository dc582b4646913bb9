//! What builds and measurements of a search printed, and the runs that came home.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Folder of what commands printed.
const LOGS: &str = "logs";
/// Folder of the runs that measurements left behind.
pub const RUNS: &str = "runs";
/// Of what is longer the end is kept.
const LONGEST: u64 = 4 << 20;
/// A commit in the names of files.
const ABBREVIATED: usize = 12;

/// A log of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Start of the name of the commit that was checked out.
    pub commit: String,
    /// Which it is, in words.
    pub label: String,
    /// A file, or the folder of a run, in that of the search.
    pub path: PathBuf,
}

/// Keeps the files of what a command printed, unless that is nothing.
pub fn keep(folder: &Path, printed: [&str; 2], what: &str, commit: &str) -> io::Result<()> {
    let logs = folder.join(LOGS);
    fs::create_dir_all(&logs)?;
    let number =
        1 + fs::read_dir(&logs)?.flatten().filter_map(|e| number(&e.path())).max().unwrap_or(0);
    for name in printed {
        let path = folder.join(name);
        // Who says nothing has an end of line there.
        let length = fs::metadata(&path)?.len();
        let log = logs.join(format!("{number:04}-{commit:.ABBREVIATED$}-{what}.{name}.txt"));
        if length > LONGEST {
            let mut from = File::open(&path)?;
            from.seek(SeekFrom::Start(length - LONGEST))?;
            io::copy(&mut from.take(LONGEST), &mut File::create(&log)?)?;
            fs::remove_file(&path)?;
        } else if length > 1 {
            fs::rename(&path, &log)?;
        }
    }
    Ok(())
}

fn number(log: &Path) -> Option<usize> {
    log.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

/// All that a search has, in the order in which it came.
pub fn all(folder: &Path) -> Vec<Log> {
    let mut found = Vec::new();
    for (part, depth) in [(LOGS, 1), (RUNS, 3)] {
        let mut files = WalkDir::new(folder.join(part))
            .min_depth(1)
            .max_depth(depth)
            .sort_by_file_name()
            .into_iter();
        while let Some(entry) = files.next() {
            let Ok(entry) = entry else { continue };
            let Ok(path) = entry.path().strip_prefix(folder) else { continue };
            let Some((commit, label)) = entry.file_name().to_str().and_then(|n| told(part, n))
            else {
                continue;
            };
            if entry.file_type().is_dir() {
                files.skip_current_dir();
            }
            found.push(Log { commit, label, path: path.to_owned() });
        }
    }
    found
}

/// The commit in the name of a log or a run, and what it is called: `0012-<commit>-build.stderr.txt`, `0012-<commit>-relaid`
/// and, in a lab, `<commit>-3`.
fn told(part: &str, name: &str) -> Option<(String, String)> {
    let is_commit =
        |word: &str| word.len() == ABBREVIATED && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words: Vec<&str> = name.trim_end_matches(".txt").split('-').collect();
    let (commit, label) = match words.as_slice() {
        [number, commit, rest @ ..] if is_commit(commit) => {
            let what = if part == RUNS { "run " } else { "" };
            let rest = rest.join(" ").replace(".stdout", "").replace('.', " ");
            (commit, format!("{what}{} {rest}", number.trim_start_matches('0')))
        }
        [commit, rest @ ..] if part == RUNS && is_commit(commit) => {
            (commit, format!("run {}", rest.join(" ")))
        }
        _ => return None,
    };
    Some(((*commit).to_owned(), label.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_numbered_and_told_apart_by_their_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (what, stdout, stderr) in [
            ("build", "\n", "x.c:1: error".to_owned()),
            ("measurement", "1.5\n", "x".repeat(5 << 20) + "end"),
        ] {
            fs::write(folder.join("stdout"), stdout).expect("writable");
            fs::write(folder.join("stderr"), stderr).expect("writable");
            keep(folder, ["stdout", "stderr"], what, commit).expect("writable");
        }
        for run in [
            "0001-0123456789ab-without/iter-0",
            "m/config-a/fedcba987654-2/iter-0",
            "m/config-a/other",
        ] {
            fs::create_dir_all(folder.join(RUNS).join(run)).expect("writable");
        }
        let told: Vec<(String, String)> =
            all(folder).into_iter().map(|log| (log.commit, log.label)).collect();
        let ours = |label: &str| ("0123456789ab".to_owned(), label.to_owned());
        assert_eq!(
            told,
            [
                ours("1 build stderr"),
                ours("2 measurement stderr"),
                ours("2 measurement"),
                ours("run 1 without"),
                ("fedcba987654".to_owned(), "run 2".to_owned()),
            ]
        );
        let cut = fs::read_to_string(folder.join("logs/0002-0123456789ab-measurement.stderr.txt"));
        let cut = cut.expect("readable");
        assert!(cut.len() == 4 << 20 && cut.ends_with("xend"));
    }
}
