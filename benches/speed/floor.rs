//! The least that any reader has to do: open all files that melbot reads, and decompress them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

/// Bytes of all logs below a folder, each run read by one of rayon's threads as melbot does it.
pub fn read_everything(root: &Path) -> u64 {
    runs(root).par_iter().map(|run| read_run(run)).sum()
}

/// Folders that hold an activity file.
fn runs(root: &Path) -> Vec<PathBuf> {
    let mut runs: Vec<PathBuf> = WalkDir::new(root)
        .max_depth(4)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_name() == "mmtests-activity")
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .collect();
    runs.sort();
    runs
}

fn read_run(run: &Path) -> u64 {
    let files = WalkDir::new(run).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| read_file(entry.path()).ok()).sum()
}

fn read_file(path: &Path) -> io::Result<u64> {
    let mut bytes = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            flate2::read::MultiGzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
        }
        _ => bytes = fs::read(path)?,
    }
    Ok(bytes.len() as u64)
}
