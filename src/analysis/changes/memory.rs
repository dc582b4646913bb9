//! What was found about groups before, so that only those are weighed that changed.
//!
//! A group is judged by its own data and by what is learnt from all, which is told in steps (see
//! [`steps`](super::steps)). Where both are bit for bit what they were, so is what is found. What was
//! found is known by a hash of all that goes into it, the code that judges included, so nothing here
//! is ever out of date, and forgetting it costs nothing but time.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Names the code that judges; see `build.rs`.
const JUDGING: &str = env!("MELBOT_JUDGING");
/// Bytes of a key.
const KEY: usize = 16;
/// Bytes of the length of an entry.
const LENGTH: usize = 8;

/// Names what something was found from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Key([u8; KEY]);

impl Key {
    /// The hash of all that goes into a finding.
    pub fn of(inputs: &impl Serialize) -> Key {
        let mut hasher = blake3::Hasher::new();
        hasher.update(JUDGING.as_bytes());
        // Numbers and lists of them: there is nothing among them that cannot be written.
        hasher.update(&postcard::to_allocvec(inputs).unwrap_or_default());
        let mut key = [0; KEY];
        hasher.finalize_xof().fill(&mut key);
        Key(key)
    }
}

/// Findings by what they were made from.
#[derive(Debug, Default)]
pub struct Memory {
    /// Of earlier times.
    known: HashMap<Key, Vec<u8>>,
    /// What was asked for this time.
    asked: HashMap<Key, Vec<u8>>,
    /// Some of it was not known.
    learnt: bool,
}

impl Memory {
    /// Reads what [`Memory::to_bytes`] wrote. Of broken bytes the whole entries are taken.
    pub fn from_bytes(mut bytes: &[u8]) -> Memory {
        let mut memory = Memory::default();
        while let Some((key, rest)) = bytes.split_first_chunk()
            && let Some((length, rest)) = rest.split_first_chunk::<LENGTH>()
            && let Ok(length) = usize::try_from(u64::from_le_bytes(*length))
            && let Some((entry, rest)) = rest.split_at_checked(length)
        {
            memory.known.insert(Key(*key), entry.to_vec());
            bytes = rest;
        }
        memory
    }

    /// What was asked for since, to be read at the next time; none if that is what was read.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.learnt && self.known.is_empty() {
            return None;
        }
        let mut entries: Vec<(&Key, &Vec<u8>)> = self.asked.iter().collect();
        entries.sort_unstable();
        let mut bytes = Vec::new();
        for (key, entry) in entries {
            bytes.extend_from_slice(&key.0);
            bytes.extend_from_slice(&(entry.len() as u64).to_le_bytes());
            bytes.extend_from_slice(entry);
        }
        Some(bytes)
    }

    /// What was found from this, if it was.
    pub(super) fn take(&mut self, key: Key) -> Option<Vec<u8>> {
        self.known.remove(&key).or_else(|| self.asked.get(&key).cloned())
    }

    /// Keeps what was found: for the first time, or once more.
    pub(super) fn keep(&mut self, key: Key, found: Entry) {
        self.learnt |= found.is_new;
        self.asked.insert(key, found.bytes);
    }
}

/// A finding as it is kept.
pub struct Entry {
    bytes: Vec<u8>,
    is_new: bool,
}

/// What is remembered, if it suits; else what is found now.
pub fn recall<T: Serialize + DeserializeOwned>(
    remembered: Option<Vec<u8>>,
    suits: impl FnOnce(&T) -> bool,
    find: impl FnOnce() -> T,
) -> (T, Entry) {
    if let Some(bytes) = remembered
        && let Some(found) = postcard::from_bytes(&bytes).ok().filter(suits)
    {
        return (found, Entry { bytes, is_new: false });
    }
    let found = find();
    // As above: there is nothing that cannot be written. Were it not so, it would be found again.
    let bytes = postcard::to_allocvec(&found).unwrap_or_default();
    (found, Entry { bytes, is_new: true })
}
