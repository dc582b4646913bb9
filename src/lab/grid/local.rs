//! The lab's own grid: a lease is a file, and a lock on another one makes changes to it one by one.
//!
//! Leases expire, so that a controller that never comes back keeps no machine for ever.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Grid, GridError, Lease};
use crate::lab::error::LabError;
use crate::lab::whole::{json, write_whole};
use crate::notes;

/// The leases of one machine.
#[derive(Clone, Debug)]
pub struct LocalGrid {
    /// Where they are kept.
    pub folder: PathBuf,
}

impl LocalGrid {
    fn file(&self) -> PathBuf {
        self.folder.join("lease.json")
    }

    /// Nobody else changes the lease as long as this lives.
    fn lock(&self) -> Result<File, GridError> {
        let path = self.folder.join("lease.lock");
        fs::create_dir_all(&self.folder).map_err(LabError::file(&self.folder))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(LabError::file(&path))?;
        file.lock().map_err(LabError::file(&path))?;
        Ok(file)
    }

    fn read(&self) -> Result<Option<Lease>, GridError> {
        let path = self.file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LabError::file(&path)(error).into()),
        };
        let lease = serde_json::from_str(&text).map_err(|error| {
            LabError::new(
                format!("{}: no lease: {error}", path.display()),
                "see that nobody works on the machine, and remove the file",
            )
        })?;
        Ok(Some(lease))
    }

    fn write(&self, lease: &Lease) -> Result<(), GridError> {
        Ok(write_whole(&self.file(), &json(lease)?)?)
    }

    fn reserve_at(
        &self,
        now: SystemTime,
        owner: &str,
        reason: &str,
        time: Duration,
    ) -> Result<Lease, GridError> {
        let _lock = self.lock()?;
        match self.read()? {
            Some(held) if held.owner != owner && live(&held, now) => {
                return Err(GridError::Held(held));
            }
            _ => {}
        }
        let until = Some(seconds(now + time));
        let lease = Lease { owner: owner.to_owned(), reason: reason.to_owned(), until };
        self.write(&lease)?;
        Ok(lease)
    }

    fn renew_at(&self, now: SystemTime, owner: &str, time: Duration) -> Result<Lease, GridError> {
        let _lock = self.lock()?;
        match self.read()? {
            // One that expired and that nobody took is still ours.
            Some(held) if held.owner == owner => {
                let lease = Lease { until: Some(seconds(now + time)), ..held };
                self.write(&lease)?;
                Ok(lease)
            }
            Some(held) if live(&held, now) => Err(GridError::Held(held)),
            _ => Err(GridError::Gone { owner: owner.to_owned() }),
        }
    }
}

impl Grid for LocalGrid {
    fn holder(&self) -> Result<Option<Lease>, GridError> {
        let now = SystemTime::now();
        Ok(self.read()?.filter(|lease| live(lease, now)))
    }

    fn reserve(&self, owner: &str, reason: &str, time: Duration) -> Result<Lease, GridError> {
        self.reserve_at(SystemTime::now(), owner, reason, time)
    }

    fn renew(&self, owner: &str, time: Duration) -> Result<Lease, GridError> {
        self.renew_at(SystemTime::now(), owner, time)
    }

    fn release(&self, owner: &str) -> Result<(), GridError> {
        let _lock = self.lock()?;
        match self.read()? {
            Some(held) if held.owner == owner => {
                let path = self.file();
                Ok(fs::remove_file(&path).map_err(LabError::file(&path))?)
            }
            _ => Ok(()),
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn live(lease: &Lease, now: SystemTime) -> bool {
    lease.until.is_none_or(|until| until > seconds(now))
}

/// When a lease ends, for people.
pub(super) fn until(seconds: Option<u64>) -> String {
    let time = |seconds| notes::utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    seconds.map_or(String::new(), |seconds| format!(" until {}", time(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const HOUR: Duration = Duration::from_secs(3600);

    fn grid() -> (tempfile::TempDir, LocalGrid, SystemTime) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let grid = LocalGrid { folder: folder.path().join("state/ivor") };
        (folder, grid, SystemTime::UNIX_EPOCH + 1000 * HOUR)
    }

    #[test]
    fn a_machine_is_lent_to_one_at_a_time() {
        let (_folder, grid, now) = grid();
        let lease = grid.reserve_at(now, "ann", "", HOUR).expect("it is free");
        assert_eq!(grid.reserve_at(now, "bob", "", HOUR), Err(GridError::Held(lease)));
        grid.reserve_at(now, "ann", "", HOUR).expect("she has it");
        grid.release("bob").expect("no harm");
        grid.release("ann").expect("she has it");
        grid.release("ann").expect("no harm");
        grid.reserve_at(now, "bob", "", HOUR).expect("it is free");
    }

    #[test]
    fn a_lease_ends_by_itself_and_whoever_had_it_is_told() {
        let (_folder, grid, now) = grid();
        grid.reserve_at(now, "ann", "", HOUR).expect("it is free");
        let later = now + 2 * HOUR;
        grid.renew_at(later, "ann", HOUR).expect("nobody took it");
        let later = later + 2 * HOUR;
        let bobs = grid.reserve_at(later, "bob", "", HOUR).expect("hers has ended");
        assert_eq!(grid.renew_at(later, "ann", HOUR), Err(GridError::Held(bobs)));
        grid.release("ann").expect("no harm");
        grid.renew_at(later, "bob", HOUR).expect("it is still his");
        grid.release("bob").expect("he has it");
        assert!(matches!(grid.renew_at(later, "bob", HOUR), Err(GridError::Gone { .. })));
    }

    #[test]
    fn of_many_at_once_one_gets_it() {
        let (_folder, grid, now) = grid();
        let got: usize = thread::scope(|scope| {
            let all: Vec<_> = (0..16)
                .map(|who| {
                    let grid = &grid;
                    scope.spawn(move || grid.reserve_at(now, &format!("{who}"), "", HOUR).is_ok())
                })
                .collect();
            all.into_iter().filter_map(|thread| thread.join().ok()).filter(|got| *got).count()
        });
        assert_eq!(got, 1);
    }
}
