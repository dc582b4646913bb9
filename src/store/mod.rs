//! The store: what was read of each run, so that it is read only once.
//!
//! Of each run it holds the samples (`<key>.parquet`) and everything else condensed
//! (`<key>.json`). The key is a hash of the run's path, the fingerprint of its files and the code
//! that read them: whatever changes, the key does, so an entry is never out of date and needs no
//! book-keeping. The record is renamed into place after the samples, so an entry is whole or absent.
//! Deleting the store loses nothing.

mod condense;
mod error;
mod samples;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::mmtests::{External, FoundRun, read_run};
use crate::model::Run;

pub use error::StoreError;
pub use samples::{SampleRow, Samples, write_parquet};

/// Names the code that reads logs; see `build.rs`.
const READING: &str = env!("MELBOT_READING");

/// A store on disk, locked for this process until it is dropped.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    external: Option<External>,
    _lock: File,
}

/// A run out of the store.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Everything but the samples.
    pub run: Run,
    key: String,
}

impl Store {
    /// Opens or makes the store of a results folder below `dir`. Waits, after calling `waiting`,
    /// while another process uses it.
    pub fn open(
        dir: &Path,
        results: &Path,
        external: Option<External>,
        waiting: impl FnOnce(),
    ) -> Result<Store, StoreError> {
        let results = results.canonicalize().map_err(StoreError::io(results))?;
        let name = blake3::hash(results.as_os_str().as_encoded_bytes()).to_hex();
        let dir = dir.join(&name[..16]);
        fs::create_dir_all(&dir).map_err(StoreError::io(&dir))?;
        let lock_path = dir.join("lock");
        let lock = File::create(&lock_path).map_err(StoreError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(StoreError::io(&lock_path))?;
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&lock_path)(error)),
        }
        Ok(Store { dir, external, _lock: lock })
    }

    /// The runs, in the order given: read now where they are new or changed, else from the store.
    /// `done` is called after each.
    pub fn load(
        &self,
        found: &[FoundRun],
        done: impl Fn(&FoundRun) + Sync,
    ) -> Result<Vec<StoredRun>, StoreError> {
        found
            .par_iter()
            .map(|found| {
                let key = self.key(found);
                let run = match self.record(&key) {
                    Some(run) => run,
                    None => self.ingest(found, &key)?,
                };
                done(found);
                Ok(StoredRun { run: placed(run, found), key })
            })
            .collect()
    }

    /// Removes the entries of runs that are not among these, and what a killed process left.
    pub fn forget_others(&self, runs: &[StoredRun]) -> Result<(), StoreError> {
        let current: HashSet<&OsStr> = runs.iter().map(|run| OsStr::new(&run.key)).collect();
        for entry in fs::read_dir(&self.dir).map_err(StoreError::io(&self.dir))?.flatten() {
            let path = entry.path();
            let is_lock = path.file_name() == Some(OsStr::new("lock"));
            if !is_lock && !path.file_stem().is_some_and(|stem| current.contains(stem)) {
                fs::remove_file(&path).map_err(StoreError::io(&path))?;
            }
        }
        Ok(())
    }

    /// The samples of a run.
    pub fn samples(&self, stored: &StoredRun) -> Result<Samples, StoreError> {
        Samples::read(&self.samples_path(&stored.key), &stored.run)
    }

    fn key(&self, found: &FoundRun) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(READING.as_bytes());
        hasher.update(found.fingerprint.as_bytes());
        hasher.update(found.path.as_bytes());
        if let Some(external) = &self.external {
            hasher.update(b"\0");
            hasher.update(external.mmtests.as_os_str().as_encoded_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    fn samples_path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.parquet"))
    }

    /// The record of a run, if it is there and whole.
    fn record(&self, key: &str) -> Option<Run> {
        let bytes = fs::read(self.dir.join(format!("{key}.json"))).ok()?;
        let run = serde_json::from_slice(&bytes).ok()?;
        self.samples_path(key).is_file().then_some(run)
    }

    fn ingest(&self, found: &FoundRun, key: &str) -> Result<Run, StoreError> {
        let read = read_run(found, self.external.as_ref());
        let mut frame = condense::frame(&read.benchmarks)?;
        let run = condense::run(read, &frame)?;
        let path = self.samples_path(key);
        replace(&path, |file| Ok(samples::write(file, &mut frame)?))?;
        let path = self.dir.join(format!("{key}.json"));
        replace(&path, |file| {
            let bytes =
                serde_json::to_vec(&run).map_err(|error| StoreError::Record(error.to_string()))?;
            file.write_all(&bytes).map_err(StoreError::io(&path))
        })?;
        Ok(run)
    }
}

/// A record with what its place in the tree says about it, which may change without the run doing so.
fn placed(mut run: Run, found: &FoundRun) -> Run {
    run.machine.clone_from(&found.place.machine);
    run.config.clone_from(&found.place.config);
    run.name.clone_from(&found.place.name);
    run.path.clone_from(&found.path);
    run.problems.splice(0..0, found.problems.iter().cloned());
    run
}

/// Writes a file beside its place and renames it there when it is whole.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished).map_err(StoreError::io(&unfinished))?;
    write(&mut file)?;
    fs::rename(&unfinished, path).map_err(StoreError::io(path))
}
