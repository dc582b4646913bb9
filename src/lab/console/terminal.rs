//! Programs that work on a terminal only, such as `ipmitool sol activate` and `console`.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Stdio;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::program::Program;
use crate::lab::process;

/// Starts a program on a terminal of its own, which passes bytes on as they are.
pub fn start(words: &[String]) -> io::Result<Program> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOCTTY.bits().cast_signed())
        .open(OsStr::from_bytes(name.as_bytes()))?;
    let mut settings = tcgetattr(&theirs)?;
    settings.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &settings)?;
    let mut command = process::command(words);
    command.stdin(Stdio::from(theirs.try_clone()?));
    command.stdout(Stdio::from(theirs.try_clone()?));
    command.stderr(Stdio::from(theirs));
    let ours = File::from(ours);
    Program::start_at(&mut command, ours.try_clone()?, ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::console::Line as _;

    #[test]
    fn a_program_that_wants_a_terminal_has_one() {
        let words = ["sh", "-c", "tty; read line; echo got $line"].map(str::to_owned);
        let mut program = start(&words).expect("it starts");
        program.write(b"it\n").expect("it reads");
        let mut said = Vec::new();
        let mut buffer = [0; 100];
        // At its end, reading is an error.
        while let Ok(count) = program.read(&mut buffer) {
            said.extend_from_slice(&buffer[..count]);
        }
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.starts_with("/dev/pts/") && said.ends_with("got it\n"), "{said:?}");
    }
}
