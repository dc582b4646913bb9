//! QEMU's machine protocol: a line of JSON each way.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::error::LabError;

/// A monitor that does not answer for so long hangs.
const WITHIN: Duration = Duration::from_secs(20);

/// A connection to a running QEMU. It serves one at a time.
pub struct Monitor {
    stream: BufReader<UnixStream>,
}

/// Connects; `None` if no QEMU listens there.
pub fn connect(socket: &Path) -> Result<Option<Monitor>, LabError> {
    let stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(LabError::file(socket)(error)),
    };
    stream.set_read_timeout(Some(WITHIN)).map_err(LabError::file(socket))?;
    let mut monitor = Monitor { stream: BufReader::new(stream) };
    match monitor.greet() {
        Ok(()) => Ok(Some(monitor)),
        // It was just ending.
        Err(Failed::Gone) => Ok(None),
        Err(Failed::Other(what)) => Err(failed(what)),
    }
}

enum Failed {
    Gone,
    Other(String),
}

impl Monitor {
    fn greet(&mut self) -> Result<(), Failed> {
        self.answer(|line| line.get("QMP").is_some())?;
        self.ask("qmp_capabilities").map(drop)
    }

    /// Executes a command without arguments; gives what it returned.
    pub fn execute(&mut self, command: &str) -> Result<Value, LabError> {
        self.ask(command).map_err(|error| match error {
            Failed::Gone => failed(format!("QEMU ended during {command}")),
            Failed::Other(what) => failed(what),
        })
    }

    /// Ends QEMU, which may be gone before it has answered.
    pub fn quit(&mut self) -> Result<(), LabError> {
        match self.ask("quit") {
            Ok(_) | Err(Failed::Gone) => Ok(()),
            Err(Failed::Other(what)) => Err(failed(what)),
        }
    }

    fn ask(&mut self, command: &str) -> Result<Value, Failed> {
        let line = json!({ "execute": command }).to_string() + "\n";
        self.stream.get_mut().write_all(line.as_bytes()).map_err(kind)?;
        let answer =
            self.answer(|line| line.get("return").is_some() || line.get("error").is_some());
        match answer?.as_object_mut() {
            Some(answer) => match answer.remove("return") {
                Some(value) => Ok(value),
                None => {
                    Err(Failed::Other(format!("QEMU refuses {command}: {:?}", answer["error"])))
                }
            },
            None => Err(Failed::Other(format!("QEMU does not answer {command}"))),
        }
    }

    /// The next line of this kind; events stand between.
    fn answer(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value, Failed> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).map_err(kind)? == 0 {
                return Err(Failed::Gone);
            }
            match serde_json::from_str::<Value>(&line) {
                Ok(value) if wanted(&value) => return Ok(value),
                Ok(_) => {}
                Err(error) => return Err(Failed::Other(format!("QEMU says no JSON: {error}"))),
            }
        }
    }
}

fn kind(error: io::Error) -> Failed {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Failed::Gone,
        _ => Failed::Other(format!("QEMU's monitor: {error}")),
    }
}

fn failed(what: String) -> LabError {
    LabError::new(what, "end that QEMU by hand, and begin again")
}
