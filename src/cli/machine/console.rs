//! `melbot machine console`: what a machine says, while it says it.

use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Args;

use super::Named;
use crate::cli::{print, warn};
use crate::lab::console;

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// So much of what was said before is shown.
const BEFORE: u64 = 4096;

/// Show the console of a machine as it goes on, with the time of each line
///
/// Lines that are typed are sent to it, unless a client works on the machine, which owns its console
/// then. Ctrl-C ends it.
#[derive(Debug, Args)]
pub struct Attach {
    #[command(flatten)]
    named: Named,
    /// Print what there is, and do not wait for more
    #[arg(long)]
    no_follow: bool,
}

impl Attach {
    pub fn run(self) -> anyhow::Result<()> {
        let machine = self.named.open()?;
        let path = console::log_file(&machine.console_folder());
        if self.no_follow {
            let text = fs::read(&path).unwrap_or_default();
            return print(&plain(&text));
        }
        let owned = match machine.own_console() {
            Ok(owned) => owned,
            Err(error) => {
                warn(&format!("only to read: {}", error.what));
                None
            }
        };
        let (sender, typed) = mpsc::channel();
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut at = fs::metadata(&path).map_or(0, |log| log.len().saturating_sub(BEFORE));
        loop {
            at = follow(&path, at)?;
            for line in typed.try_iter() {
                if let Some(console) = &owned {
                    console.send(format!("{line}\n").as_bytes());
                }
            }
            thread::sleep(LOOK);
        }
    }
}

/// Prints what was added; a log that is shorter was put aside.
fn follow(path: &std::path::Path, at: u64) -> anyhow::Result<u64> {
    let Ok(mut log) = File::open(path) else { return Ok(0) };
    let size = log.metadata()?.len();
    let at = if size < at { 0 } else { at };
    log.seek(SeekFrom::Start(at))?;
    let mut more = Vec::new();
    log.take(1 << 20).read_to_end(&mut more)?;
    print(&plain(&more))?;
    io::stdout().flush()?;
    Ok(at + more.len() as u64)
}

/// A machine must not be able to play with the terminal of who looks at it.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}
