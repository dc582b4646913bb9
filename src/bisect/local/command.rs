//! Commands of the user, which may hang, and may print any amount.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use crate::bisect::Entry;

/// What takes so many times as long as the longest so far hangs.
const TOO_LONG: f64 = 4.0;
/// Nothing hangs before that.
const LEAST: Duration = Duration::from_secs(3600);
/// Between two looks at a command at work, at first and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));
/// No more is read of what was printed last.
const READ: u64 = 64 << 10;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Build,
    Measurement,
}

/// How a command ended.
pub enum Ended {
    /// It succeeded: the last that it printed, and how many seconds it took.
    Well(String, f64),
    /// It failed: the last that it complained of.
    Badly(String),
    /// It was ended after so long, in words.
    Late(String),
}

/// How long commands may take.
pub struct Patience {
    told: Option<Duration>,
    /// Seconds of the longest build and measurement so far.
    longest: [f64; 2],
}

impl Patience {
    /// As it was told, or from what was done before.
    pub fn new(told: Option<Duration>, journal: &[Entry]) -> Patience {
        let mut patience = Patience { told, longest: [0.0; 2] };
        for entry in journal {
            let kind = if entry.image.is_some() { Kind::Build } else { Kind::Measurement };
            patience.took(kind, entry.seconds.unwrap_or(0.0));
        }
        patience
    }

    /// That with another one.
    pub fn with(&self, kind: Kind) -> Duration {
        let learnt = TOO_LONG * self.longest[kind as usize];
        let learnt = Duration::try_from_secs_f64(learnt).unwrap_or(LEAST);
        self.told.unwrap_or(learnt.max(LEAST))
    }

    /// One took so many seconds.
    pub fn took(&mut self, kind: Kind, seconds: f64) {
        let longest = &mut self.longest[kind as usize];
        *longest = longest.max(seconds);
    }
}

/// Signals that end melbot: commands are in groups of their own, which no terminal tells of them.
pub struct Signals {
    caught: Arc<AtomicUsize>,
    ids: Vec<SigId>,
}

impl Signals {
    /// Catches them until this is dropped.
    pub fn catch() -> io::Result<Signals> {
        let mut signals = Signals { caught: Arc::default(), ids: Vec::new() };
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let caught = Arc::clone(&signals.caught);
            signals.ids.push(flag::register_usize(signal, caught, signal as usize)?);
        }
        Ok(signals)
    }

    /// Ends melbot if one of them came.
    fn obey(&self) -> io::Result<()> {
        match self.caught.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => low_level::emulate_default_handler(signal as i32),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            low_level::unregister(id);
        }
    }
}

/// What a command prints, which it and all that it starts hold locked.
pub const STDOUT: &str = "stdout";

/// Waits for the end of what a melbot that was killed left at work in the same checkout, after it said so; `false` if
/// it goes on for longer.
pub fn wait_for_leftovers(
    folder: &Path,
    within: Duration,
    signals: &Signals,
    tell: impl FnOnce(),
) -> io::Result<bool> {
    let file = match File::open(folder.join(STDOUT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    let began = Instant::now();
    let mut tell = Some(tell);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        if let Some(tell) = tell.take() {
            tell();
        }
        if began.elapsed() > within {
            return Ok(false);
        }
        signals.obey()?;
        thread::sleep(LOOK.1);
    }
}

/// What a command complains of.
pub const STDERR: &str = "stderr";

/// Runs a command, and ends it with all that it started after so long, or when melbot itself is to end. What it
/// prints is in `stdout` and `stderr` of the folder until it is kept elsewhere, or the next one begins.
pub fn run(
    command: &mut Command,
    folder: &Path,
    within: Duration,
    signals: &Signals,
) -> io::Result<Ended> {
    let open = |name: &str| {
        let mut options = File::options();
        options.create(true).truncate(true).read(true).write(true);
        options.open(folder.join(name))
    };
    let (mut stdout, mut stderr) = (open(STDOUT)?, open(STDERR)?);
    // Who has it locked still was told of, or is of another session than what was ended late.
    let _ = stdout.try_lock();
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let began = Instant::now();
    let mut child = command.process_group(0).spawn()?;
    let mut pause = LOOK.0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if signals.caught.load(Ordering::Relaxed) != 0 {
            kill(&mut child)?;
            signals.obey()?;
        }
        if began.elapsed() > within {
            kill(&mut child)?;
            return Ok(Ended::Late(words(within)));
        }
        thread::sleep(pause);
        pause = (2 * pause).min(LOOK.1);
    };
    // What goes on in the background is meant to.
    stdout.unlock()?;
    Ok(match status.success() {
        true => Ended::Well(end(&mut stdout)?, began.elapsed().as_secs_f64()),
        false => Ended::Badly(end(&mut stderr)?),
    })
}

fn kill(child: &mut Child) -> io::Result<()> {
    // It may have ended meanwhile.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait().map(drop)
}

fn end(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(READ)))?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes)?;
    // Who says nothing may have had no room for it.
    if bytes.is_empty() {
        file.write_all(b"\n")?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn words(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 120.0 => format!("{seconds:.0} seconds"),
        seconds => format!("{:.0} minutes", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_so_far_tells_what_hangs_and_an_hour_is_the_least() {
        let entry = |image: Option<&str>, hours: f64| Entry {
            image: image.map(str::to_owned),
            value: image.is_none().then_some(1.0),
            seconds: Some(3600.0 * hours),
            ..Entry::default()
        };
        let hours = |hours: u64| Duration::from_secs(3600 * hours);
        let journal = [entry(Some("1"), 0.1), entry(None, 2.0), entry(None, 1.0)];
        let mut patience = Patience::new(None, &journal);
        assert_eq!(patience.with(Kind::Build), hours(1));
        assert_eq!(patience.with(Kind::Measurement), hours(8));
        patience.took(Kind::Build, 7200.0);
        assert_eq!(patience.with(Kind::Build), hours(8));
        let told = Patience::new(Some(hours(1)), &journal);
        assert_eq!(told.with(Kind::Measurement), hours(1));
    }
}
