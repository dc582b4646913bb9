//! Consoles. One owner reads a console and logs all of it; everybody else reads the log.

mod classify;
mod conserver;
mod log;
mod program;
mod source;
mod terminal;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::error::LabError;
use log::Log;

pub use classify::{Kind, Watch, classify};
pub use conserver::Conserver;
pub use source::{Line, Source};

/// Name of the log in the folder of a console.
pub const LOG: &str = "console.log";
/// So many lines are told with a problem.
const TAIL: usize = 40;
/// A line is looked at when it has so many bytes, ended or not.
const LONGEST_LINE: usize = 4096;
/// A program that cannot open a console says so and ends within that.
const GREETED: Duration = Duration::from_millis(400);
/// Waits before a lost console is opened again.
const REOPEN: [u64; 4] = [1, 2, 5, 15];

/// Something that a console said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What it means.
    pub kind: Kind,
    /// The line, without control characters.
    pub line: String,
}

/// A console that this process owns, read by a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
    typed: Sender<Option<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    /// Held by the owner.
    #[expect(dead_code, reason = "it is there to be let go at the end")]
    lock: File,
}

#[derive(Debug)]
struct Shared {
    heard: Mutex<Heard>,
    changed: Condvar,
    stop: AtomicBool,
}

/// What was heard so far.
#[derive(Debug)]
struct Heard {
    sightings: Vec<Sighting>,
    /// The last lines.
    tail: VecDeque<String>,
    /// When the last byte came.
    last: Instant,
    /// How often there was nothing to read.
    idle: u64,
    watch: Watch,
    /// The log of this boot.
    boot: Option<Log>,
    /// Bytes for whoever listens.
    listened: Option<Vec<u8>>,
    /// Why it cannot be read now.
    fault: Option<String>,
    /// It is there, said or not.
    open: bool,
}

impl Console {
    /// Begins to own a console; its log is in `folder`.
    pub fn open(source: Source, folder: &Path) -> Result<Console, LabError> {
        let path = folder.join(LOG);
        let mut log = Log::open(&path, true).map_err(LabError::file(&path))?;
        let lock = lock(folder)?;
        let shared = Arc::new(Shared {
            heard: Mutex::new(Heard {
                sightings: Vec::new(),
                tail: VecDeque::new(),
                last: Instant::now(),
                idle: 0,
                watch: Watch::default(),
                boot: None,
                listened: None,
                fault: None,
                open: false,
            }),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let (typed, queue) = mpsc::channel();
        let for_thread = Arc::clone(&shared);
        let reader = thread::spawn(move || for_thread.own(&source, &mut log, &queue));
        Ok(Console { shared, typed, reader: Some(reader), lock })
    }

    /// Types on it.
    pub fn send(&self, bytes: &[u8]) {
        // The thread lives as long as this does.
        let _ = self.typed.send(Some(bytes.to_vec()));
    }

    /// All that was sent has been read, and nothing more is sent for now.
    pub fn rest(&self) {
        let _ = self.typed.send(None);
    }

    /// A boot is going to be asked for: the next banner is its, and what comes is also logged in a
    /// file of its own. Gives the number from which its sightings count.
    pub fn begin_boot(&self, file: &Path) -> Result<usize, LabError> {
        self.settle();
        let mut heard = self.heard();
        heard.watch.expect_boot();
        heard.last = Instant::now();
        heard.tail.clear();
        heard.boot = Some(Log::open(file, false).map_err(LabError::file(file))?);
        Ok(heard.sightings.len())
    }

    /// Goes on with the file of a boot that was begun before.
    pub fn resume_boot(&self, file: &Path) -> Result<(), LabError> {
        self.heard().boot = Some(Log::open(file, false).map_err(LabError::file(file))?);
        Ok(())
    }

    /// Waits until everything that was said until now has been read.
    pub fn settle(&self) {
        let began = Instant::now();
        let mut heard = self.heard();
        let before = heard.idle;
        while heard.idle < before + 2 && began.elapsed() < Duration::from_secs(5) {
            heard = self.wait(heard, Duration::from_millis(500));
        }
    }

    /// What was seen since this number.
    pub fn sightings(&self, since: usize) -> Vec<Sighting> {
        self.heard().sightings.get(since..).unwrap_or_default().to_vec()
    }

    /// How many sightings there were.
    pub fn count(&self) -> usize {
        self.heard().sightings.len()
    }

    /// How long nothing has been said.
    pub fn silence(&self) -> Duration {
        self.heard().last.elapsed()
    }

    /// The last lines.
    pub fn tail(&self) -> Vec<String> {
        self.heard().tail.iter().cloned().collect()
    }

    /// Why it cannot be read now, if it cannot.
    pub fn fault(&self) -> Option<String> {
        self.heard().fault.clone()
    }

    /// Waits until it is open; `false` if there is a fault before, or nothing in all this time.
    pub fn opens(&self, within: Duration) -> bool {
        let began = Instant::now();
        let mut heard = self.heard();
        while !heard.open && heard.fault.is_none() && began.elapsed() < within {
            heard = self.wait(heard, Duration::from_millis(100));
        }
        heard.open
    }

    /// Begins to collect all that is said.
    pub fn listen(&self) {
        self.heard().listened = Some(Vec::new());
    }

    /// Waits for more to be said, and gives what came since [`Console::listen`] or the last call.
    pub fn listened(&self, within: Duration) -> Vec<u8> {
        let mut heard = self.heard();
        if heard.listened.as_ref().is_some_and(Vec::is_empty) {
            heard = self.wait(heard, within);
        }
        heard.listened.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, heard: MutexGuard<'a, Heard>, within: Duration) -> MutexGuard<'a, Heard> {
        let waited = self.shared.changed.wait_timeout(heard, within);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn lock(folder: &Path) -> Result<File, LabError> {
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(LabError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::new(
            format!("{}: another melbot owns this console", folder.display()),
            "wait for it to end, or read its log with melbot machine console",
        )),
        Err(TryLockError::Error(error)) => Err(LabError::file(&path)(error)),
    }
}

impl Shared {
    /// Reads until it is told to stop; opens the console again where it was lost.
    fn own(&self, source: &Source, log: &mut Log, typed: &Receiver<Option<Vec<u8>>>) {
        let mut failures = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let ended = match source.open() {
                Ok(mut line) => {
                    if !source.greets() {
                        self.heard().opened();
                    }
                    self.read(line.as_mut(), log, typed, &mut failures)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                let mut heard = self.heard();
                heard.fault = Some(heard.why(&error));
                heard.open = false;
                heard.idle += 1;
                self.changed.notify_all();
                drop(heard);
                let wait = REOPEN[failures.min(REOPEN.len() - 1)];
                failures += 1;
                self.pause(Duration::from_secs(wait));
            }
        }
        let _ = log.end_line(SystemTime::now());
    }

    fn read(
        &self,
        line: &mut dyn Line,
        log: &mut Log,
        typed: &Receiver<Option<Vec<u8>>>,
        failures: &mut usize,
    ) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let mut begun = Vec::new();
        let mut greeted: Option<Instant> = None;
        while !self.stop.load(Ordering::Relaxed) {
            for bytes in typed.try_iter() {
                match bytes {
                    Some(bytes) => line.write(&bytes)?,
                    None => line.rest(),
                }
            }
            let count = line.read(&mut buffer)?;
            let now = SystemTime::now();
            let mut heard = self.heard();
            // What it says before it ends is no greeting.
            if !heard.open && greeted.is_some_and(|since| since.elapsed() > GREETED) {
                heard.opened();
            }
            if count == 0 {
                heard.idle += 1;
                // A question such as `login:` ends no line.
                if let Some(kind) = unended(&begun) {
                    heard.see(kind, &begun);
                    begun.clear();
                }
            } else {
                if heard.open {
                    *failures = 0;
                }
                greeted.get_or_insert_with(Instant::now);
                log.write(&buffer[..count], now)?;
                heard.take(&buffer[..count], &mut begun, now)?;
            }
            self.changed.notify_all();
        }
        Ok(())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self, time: Duration) {
        let began = Instant::now();
        while began.elapsed() < time && !self.stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What a line means that has not ended.
fn unended(begun: &[u8]) -> Option<Kind> {
    classify(&String::from_utf8_lossy(begun)).filter(|kind| *kind == Kind::Login)
}

impl Heard {
    fn opened(&mut self) {
        (self.open, self.fault) = (true, None);
    }

    /// A program that ends has most often said why.
    fn why(&self, error: &io::Error) -> String {
        match self.tail.back() {
            _ if error.kind() != io::ErrorKind::UnexpectedEof => error.to_string(),
            Some(last) => format!("it ended after {last:?}"),
            None => "it ended at once".to_owned(),
        }
    }

    fn take(&mut self, bytes: &[u8], begun: &mut Vec<u8>, now: SystemTime) -> io::Result<()> {
        self.last = Instant::now();
        if let Some(boot) = &mut self.boot {
            boot.write(bytes, now)?;
        }
        if let Some(listened) = &mut self.listened {
            listened.extend_from_slice(bytes);
        }
        for byte in bytes {
            if *byte != b'\n' && begun.len() < LONGEST_LINE {
                begun.push(*byte);
                continue;
            }
            let text = String::from_utf8_lossy(begun).into_owned();
            if let Some(kind) = self.watch.line(&text) {
                self.see(kind, begun);
            }
            if self.tail.len() == TAIL {
                self.tail.pop_front();
            }
            self.tail.push_back(shown(&text));
            begun.clear();
        }
        Ok(())
    }

    fn see(&mut self, kind: Kind, line: &[u8]) {
        // A storm of oopses says no more than its beginning.
        const MOST: usize = 10_000;
        if self.sightings.len() < MOST || kind.ends_run() {
            self.sightings.push(Sighting { kind, line: shown(&String::from_utf8_lossy(line)) });
        }
    }
}

/// Without control characters, and not too long.
fn shown(line: &str) -> String {
    line.trim_end().chars().filter(|c| !c.is_control()).take(400).collect()
}

/// Where the log of a console is.
pub fn log_file(folder: &Path) -> PathBuf {
    folder.join(LOG)
}
