//! Names the code that reads logs, so that a store written by other code is not taken for current,
//! and the code that judges and that makes pages, so that what other code made is not either.

use std::path::Path;
use std::{env, fs};

/// What decides how a log becomes a record of the store.
const READING: &[&str] = &["src/mmtests", "src/model", "src/stats", "src/store"];

/// What else decides how records become verdicts.
const JUDGING: &[&str] = &["src/analysis"];

/// What else decides how those become pages.
const SHOWING: &[&str] = &["src/notes", "src/site", "templates", "assets"];

fn main() {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, folders) in [("READING", READING), ("JUDGING", JUDGING), ("SHOWING", SHOWING)] {
        for folder in folders {
            println!("cargo::rerun-if-changed={folder}");
            add(Path::new(folder), &mut hash);
        }
        println!("cargo::rustc-env=MELBOT_{name}={version}-{hash:016x}");
    }
}

/// FNV-1a over all files, in the order of their names.
fn add(path: &Path, hash: &mut u64) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| add(entry, hash));
    } else if let Ok(bytes) = fs::read(path) {
        for byte in bytes {
            *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
