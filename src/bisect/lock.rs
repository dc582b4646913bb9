//! One process at a time works on a search.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held as long as it is there.
#[derive(Debug)]
pub struct Lock(File);

/// Why it cannot be had.
#[derive(Debug)]
pub enum LockError {
    /// Another process has it.
    Busy,
    /// The file, and what is wrong with it.
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Takes that of a folder.
    pub fn of(folder: &Path) -> Result<Lock, LockError> {
        let path = folder.join("lock");
        let file = File::create(&path).map_err(|error| LockError::Io(path.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy),
            Err(TryLockError::Error(error)) => Err(LockError::Io(path, error)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would not do: a child that another thread is just starting has it for a moment as well.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
