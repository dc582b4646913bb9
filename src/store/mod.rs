//! The store: what was read of each run, so that it is read only once.
//!
//! Of each run it holds the samples (`<key>.parquet`) and everything else condensed
//! (`<key>.record`: a hash, and what it is the hash of). The key is a hash of the run's path, the
//! fingerprint of its files and the code that read them: whatever changes, the key does, so an entry
//! is never out of date and needs no book-keeping. The record is renamed into place after the samples,
//! so an entry is whole or absent. Both are hashed, and what does not match its hash is read again
//! from the logs: disks fail, and half an entry may be left by a machine that lost its power.
//! Deleting the store loses nothing. What is made of all runs together may be remembered there, too
//! (`<name>.memory`, in the same form).

mod condense;
mod error;
mod numbers;
mod samples;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::mmtests::{External, FoundRun, read_run};
use crate::model::Run;

pub use error::StoreError;
pub use samples::{PartSummary, SampleRow, Samples, write_parquet};

/// Names the code that reads logs; see `build.rs`.
const READING: &str = env!("MELBOT_READING");

/// A store on disk, locked for this process until it is released.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    external: Option<External>,
    /// Fingerprint of the foreign parsers.
    parsers: Option<blake3::Hash>,
    lock: File,
}

/// A run out of the store.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Everything but the samples.
    pub run: Run,
    key: String,
    /// Hash of the samples on disk.
    samples: [u8; blake3::OUT_LEN],
    found: FoundRun,
    /// All that there is was read. Else the run is read again at the next time.
    pub is_settled: bool,
}

/// What the record of a run holds.
#[derive(Deserialize)]
struct Record {
    samples: [u8; blake3::OUT_LEN],
    run: Run,
}

/// See [`Record`].
#[derive(Serialize)]
struct RecordRef<'r> {
    samples: [u8; blake3::OUT_LEN],
    run: &'r Run,
}

/// Reads a run that is to be kept nowhere.
pub fn read_without(found: &FoundRun, external: Option<&External>) -> Run {
    condense::run(read_run(found, external)).0
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
        let parsers = external.as_ref().map(External::fingerprint);
        Ok(Store { dir, external, parsers, lock })
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
                let (Record { samples, run }, is_settled) = match self.record(&key) {
                    Some(record) => (record, true),
                    None => self.ingest(found, &key)?,
                };
                done(found);
                let (run, found) = (placed(run, found), found.clone());
                Ok(StoredRun { run, key, samples, found, is_settled })
            })
            .collect()
    }

    /// Lets other processes use the store. What was loaded stays valid: should another process
    /// remove samples, because their run has changed, they are read again.
    pub fn release(&self) -> Result<(), StoreError> {
        self.lock.unlock().map_err(StoreError::io(&self.dir))
    }

    /// Removes the entries of runs that are not among these, and what a killed process left.
    pub fn forget_others(&self, runs: &[StoredRun]) -> Result<(), StoreError> {
        let current: HashSet<&OsStr> = runs.iter().map(|run| OsStr::new(&run.key)).collect();
        for entry in fs::read_dir(&self.dir).map_err(StoreError::io(&self.dir))?.flatten() {
            let path = entry.path();
            let is_lock = path.file_name() == Some(OsStr::new("lock"));
            let is_memory = path.extension() == Some(OsStr::new("memory"));
            if !is_lock
                && !is_memory
                && !path.file_stem().is_some_and(|stem| current.contains(stem))
            {
                fs::remove_file(&path).map_err(StoreError::io(&path))?;
            }
        }
        Ok(())
    }

    /// The samples of a run, from its logs if the store has lost them. The store must have been
    /// released: it is locked meanwhile.
    pub fn samples(&self, stored: &StoredRun) -> Result<Samples, StoreError> {
        let path = self.samples_path(&stored.key);
        let whole = |bytes: &Vec<u8>| *blake3::hash(bytes).as_bytes() == stored.samples;
        if let Some(bytes) = fs::read(&path).ok().filter(whole) {
            return Samples::read(bytes, &stored.run);
        }
        self.lock.lock().map_err(StoreError::io(&self.dir))?;
        let mended = self.ingest(&stored.found, &stored.key);
        self.release()?;
        let bytes = fs::read(&path).map_err(StoreError::io(&path))?;
        Samples::read(bytes, &mended?.0.run)
    }

    /// What was remembered under this name, if it is there and whole.
    pub fn remembered(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.memory_path(name)).ok()?;
        whole(&bytes)?;
        bytes.drain(..HASH);
        Some(bytes)
    }

    /// Remembers something under this name, in place of what was. The store must have been released:
    /// it is locked meanwhile.
    pub fn remember(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.lock.lock().map_err(StoreError::io(&self.dir))?;
        let hash = blake3::hash(bytes).to_hex();
        replace(&self.memory_path(name), &[hash.as_bytes(), bytes])?;
        self.release()
    }

    fn memory_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.memory"))
    }

    fn key(&self, found: &FoundRun) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(READING.as_bytes());
        hasher.update(found.fingerprint.as_bytes());
        hasher.update(found.path.as_bytes());
        if let Some(parsers) = &self.parsers {
            hasher.update(b"\0");
            hasher.update(parsers.as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    fn samples_path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.parquet"))
    }

    fn record_path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.record"))
    }

    /// The record of a run, if it is there and whole.
    fn record(&self, key: &str) -> Option<Record> {
        let bytes = fs::read(self.record_path(key)).ok()?;
        let record = postcard::from_bytes(whole(&bytes)?).ok()?;
        self.samples_path(key).is_file().then_some(record)
    }

    /// Reads a run from its logs. Its record is kept if all that there is was read.
    fn ingest(&self, found: &FoundRun, key: &str) -> Result<(Record, bool), StoreError> {
        let read = read_run(found, self.external.as_ref());
        let is_settled = !read.refused;
        let (run, kept) = condense::run(read);
        let bytes = kept.parquet()?;
        let samples = *blake3::hash(&bytes).as_bytes();
        replace(&self.samples_path(key), &[&bytes])?;
        let record = RecordRef { samples, run: &run };
        let bytes = postcard::to_allocvec(&record)
            .map_err(|error| StoreError::Record(error.to_string()))?;
        let hash = blake3::hash(&bytes).to_hex();
        if is_settled {
            replace(&self.record_path(key), &[hash.as_bytes(), &bytes])?;
        }
        Ok((Record { samples, run }, is_settled))
    }
}

/// Hexadecimal digits of a hash.
const HASH: usize = 2 * blake3::OUT_LEN;

/// What follows a hash, if it is what was hashed.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (hash, rest) = bytes.split_at_checked(HASH)?;
    (blake3::Hash::from_hex(hash).ok()? == blake3::hash(rest)).then_some(rest)
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
fn replace(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished).map_err(StoreError::io(&unfinished))?;
    for part in parts {
        file.write_all(part).map_err(StoreError::io(path))?;
    }
    fs::rename(&unfinished, path).map_err(StoreError::io(path))
}
