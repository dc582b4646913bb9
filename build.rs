//! Names the code that reads logs, so that a store written by other code is not taken for current.

use std::path::Path;
use std::{env, fs};

/// What decides how a log becomes a record of the store.
const READING: &[&str] = &["src/mmtests", "src/model", "src/stats", "src/store"];

fn main() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for folder in READING {
        println!("cargo::rerun-if-changed={folder}");
        add(Path::new(folder), &mut hash);
    }
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=MELBOT_READING={version}-{hash:016x}");
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
