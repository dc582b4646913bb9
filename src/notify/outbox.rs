//! Mails that wait, a file each.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::message::Message;
use super::settings::Settings;
use crate::lab::{LabError, json, write_whole};

/// A server that is down is left alone for so long.
const RETRY: Duration = Duration::from_secs(5 * 60);
const HOUR: Duration = Duration::from_secs(3600);

/// The mails of a lab that wait to be sent, and what was told before.
#[derive(Clone, Debug)]
pub struct Outbox {
    folder: PathBuf,
}

/// What came of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Mails that went.
    pub sent: usize,
    /// Messages that wait on.
    pub waiting: usize,
    /// Why they do.
    pub fault: Option<LabError>,
}

/// When mails went, and when sending failed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// Seconds since 1970, of the last hour.
    sent: Vec<u64>,
    failed: Option<u64>,
}

impl Outbox {
    /// Of a lab.
    pub fn of(lab: &Path) -> Outbox {
        Outbox { folder: lab.join("state").join("outbox") }
    }

    fn told(&self) -> PathBuf {
        self.folder.join("told")
    }

    /// Puts a message in. What was told before is not told again; `false` then.
    pub fn put(&self, message: &Message) -> Result<bool, LabError> {
        let told = self.told();
        fs::create_dir_all(&told).map_err(LabError::file(&told))?;
        let (path, name) = (self.folder.join(message.file()), message.file());
        if path.exists() || told.join(&name).exists() {
            return Ok(false);
        }
        write_whole(&path, &json(message)?)?;
        Ok(true)
    }

    /// What waits, the oldest first.
    pub fn waiting(&self) -> Vec<Message> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let is_mail = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".json") && !name.starts_with('.') && name != "record.json"
        };
        let mut messages: Vec<Message> = entries
            .map(|entry| entry.path())
            .filter(is_mail)
            .filter_map(|path| serde_json::from_str(&fs::read_to_string(path).ok()?).ok())
            .collect();
        messages
            .sort_by(|one, other| (&one.time, &one.subject).cmp(&(&other.time, &other.subject)));
        messages
    }

    /// Sends what may be sent now. `now` wants to hear of a server that was down a moment ago.
    pub fn flush(&self, settings: &Settings, now: bool) -> Flushed {
        self.flush_at(settings, SystemTime::now(), now)
    }

    fn flush_at(&self, settings: &Settings, time: SystemTime, now: bool) -> Flushed {
        let waiting = self.waiting();
        let mut done = Flushed { waiting: waiting.len(), ..Flushed::default() };
        if waiting.is_empty() {
            return done;
        }
        if let Err(error) = self.send(settings, waiting, (time, now), &mut done) {
            done.fault = Some(error);
        }
        done
    }

    fn send(
        &self,
        settings: &Settings,
        waiting: Vec<Message>,
        (time, now): (SystemTime, bool),
        done: &mut Flushed,
    ) -> Result<(), LabError> {
        // Whoever else sends right now sends these as well.
        let Some(_lock) = self.lock()? else { return Ok(()) };
        let mut record = self.record();
        let seconds = seconds(time);
        let recent =
            |then: &u64, within: Duration| seconds.saturating_sub(*then) < within.as_secs();
        record.sent.retain(|then| recent(then, HOUR));
        if !now && record.failed.is_some_and(|then| recent(&then, RETRY)) {
            return Ok(());
        }
        let channels = super::channels(settings)?;
        let left =
            settings.per_hour.max(1) as usize - record.sent.len().min(settings.per_hour as usize);
        for letter in letters(waiting, left) {
            for channel in &channels {
                if let Err(error) = channel.send(&letter) {
                    record.failed = Some(seconds);
                    self.keep(&record)?;
                    return Err(error);
                }
            }
            for message in &letter {
                let name = message.file();
                let to = self.told().join(&name);
                fs::rename(self.folder.join(&name), &to).map_err(LabError::file(&to))?;
            }
            done.sent += 1;
            done.waiting -= letter.len();
            record.sent.push(seconds);
            record.failed = None;
            self.keep(&record)?;
        }
        Ok(())
    }

    fn lock(&self) -> Result<Option<File>, LabError> {
        let path = self.folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(LabError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(LabError::file(&path)(error)),
        }
    }

    fn record(&self) -> Record {
        let text = fs::read_to_string(self.folder.join("record.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn keep(&self, record: &Record) -> Result<(), LabError> {
        let path = self.folder.join("record.json");
        let write = || fs::write(&path, serde_json::to_string(record)?);
        write().map_err(LabError::file(&path))
    }
}

/// A mail each as long as that many may go; the last one has all the rest. None if none may go.
fn letters(waiting: Vec<Message>, left: usize) -> Vec<Vec<Message>> {
    if left == 0 {
        return Vec::new();
    }
    let mut letters: Vec<Vec<Message>> = Vec::new();
    for message in waiting {
        let full = letters.len() == left;
        match letters.last_mut() {
            Some(last) if full => last.push(message),
            _ => letters.push(vec![message]),
        }
    }
    letters
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{Hook, Kind};

    fn message(problem: &str, kind: Kind) -> Message {
        Message {
            problem: problem.to_owned(),
            kind,
            time: "2026-11-25T18:00:00Z".to_owned(),
            subject: format!("[melbot] {problem}"),
            body: "text\n".to_owned(),
        }
    }

    /// A hook that adds what it reads to a file, as long as there is a server.
    fn in_lab() -> (tempfile::TempDir, Outbox, Settings) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = "test -e up && cat >> sent && echo ---- >> sent";
        let at = format!("cd {} && {script}", folder.path().display());
        let command = ["sh", "-c", &at].map(str::to_owned).to_vec();
        let settings =
            Settings { hook: Some(Hook { command }), per_hour: 3, ..Settings::default() };
        let outbox = Outbox::of(folder.path());
        (folder, outbox, settings)
    }

    #[test]
    fn a_mail_waits_for_the_server_and_goes_once() {
        let (folder, outbox, settings) = in_lab();
        assert_eq!(outbox.put(&message("a", Kind::Opened)), Ok(true));
        assert_eq!(outbox.put(&message("a", Kind::Opened)), Ok(false));
        let now = SystemTime::UNIX_EPOCH + 1000 * HOUR;
        let down = outbox.flush_at(&settings, now, false);
        assert!(down.sent == 0 && down.waiting == 1 && down.fault.is_some(), "{down:?}");
        fs::write(folder.path().join("up"), "").expect("writable");
        // Not at once again, and then it is sent.
        assert_eq!(outbox.flush_at(&settings, now + RETRY / 2, false).sent, 0);
        assert_eq!(outbox.flush_at(&settings, now + RETRY, false).sent, 1);
        assert_eq!(outbox.put(&message("a", Kind::Opened)), Ok(false), "it was told");
        assert_eq!(outbox.flush_at(&settings, now + RETRY, false), Flushed::default());
        assert_eq!(outbox.put(&message("a", Kind::Closed)), Ok(true));
    }

    #[test]
    fn a_storm_becomes_few_mails_and_none_is_lost() {
        let (folder, outbox, settings) = in_lab();
        fs::write(folder.path().join("up"), "").expect("writable");
        let now = SystemTime::UNIX_EPOCH + 1000 * HOUR;
        for number in 0..10 {
            outbox.put(&message(&format!("problem {number}"), Kind::Opened)).expect("writable");
        }
        let done = outbox.flush_at(&settings, now, false);
        assert_eq!((done.sent, done.waiting), (3, 0), "{done:?}");
        outbox.put(&message("late", Kind::Opened)).expect("writable");
        assert_eq!(outbox.flush_at(&settings, now + HOUR / 2, false).waiting, 1);
        assert_eq!(outbox.flush_at(&settings, now + HOUR, false).sent, 1);
        let sent = fs::read_to_string(folder.path().join("sent")).expect("there");
        assert_eq!(sent.matches("----\n").count(), 4);
        for number in 0..10 {
            assert!(sent.contains(&format!("problem {number}")), "{sent}");
        }
    }
}
