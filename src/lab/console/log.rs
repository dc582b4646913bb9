//! What a console said, on disk: with the time of each line, and rotated.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::notes;

/// A file is put aside when it is larger.
const LARGEST: u64 = 16 << 20;
/// So many are kept beside the one that is written.
const KEPT: u32 = 4;

/// A log that is written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    size: u64,
    at_start: bool,
    rotated: bool,
}

impl Log {
    /// Opens it, to write at its end. Where it is not rotated, it ends when it is full.
    pub fn open(path: &Path, rotated: bool) -> io::Result<Log> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let size = file.metadata()?.len();
        Ok(Log { path: path.to_owned(), file, size, at_start: true, rotated })
    }

    /// Writes what came now.
    pub fn write(&mut self, bytes: &[u8], now: SystemTime) -> io::Result<()> {
        if self.size > LARGEST {
            if !self.rotated {
                return Ok(());
            }
            self.rotate()?;
        }
        let mut text = Vec::with_capacity(bytes.len() + 32);
        for byte in bytes.iter().filter(|byte| **byte != b'\r') {
            if self.at_start {
                text.extend_from_slice(notes::utc(now).as_bytes());
                text.push(b' ');
            }
            text.push(*byte);
            self.at_start = *byte == b'\n';
        }
        self.size += text.len() as u64;
        self.file.write_all(&text)
    }

    /// Ends a line that has begun, so that what comes next stands by itself.
    pub fn end_line(&mut self, now: SystemTime) -> io::Result<()> {
        if self.at_start { Ok(()) } else { self.write(b"\n", now) }
    }

    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..KEPT).rev() {
            let _ = fs::rename(numbered(number), numbered(number + 1));
        }
        fs::rename(&self.path, numbered(1))?;
        self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_line_has_the_time_of_its_start() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("console.log");
        let mut log = Log::open(&path, true).expect("writable");
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        log.write(b"one\r\ntw", at(0)).expect("writable");
        log.write(b"o\nthree", at(60)).expect("writable");
        log.end_line(at(61)).expect("writable");
        let text = fs::read_to_string(&path).expect("there");
        assert_eq!(
            text,
            "1970-01-01T00:00:00Z one\n1970-01-01T00:00:00Z two\n1970-01-01T00:01:00Z three\n"
        );
    }

    #[test]
    fn a_full_log_is_put_aside_and_only_so_many_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("console.log");
        let mut log = Log::open(&path, true).expect("writable");
        for _ in 0..7 {
            log.size = LARGEST + 1;
            log.write(b"x\n", SystemTime::UNIX_EPOCH).expect("writable");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1 + KEPT as usize);
    }
}
