//! Where a console comes from.
//!
//! To add one, implement [`Line`] and open it in [`Source::open`].

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::program::Program;
use super::terminal;
use crate::lab::process;
use crate::lab::secret::secret;

/// How long a read waits for something to come.
pub(super) const WAIT: Duration = Duration::from_millis(100);
/// A console server that does not answer for so long is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// What is run before a console is opened has ended by then.
const BEFORE: Duration = Duration::from_secs(30);

/// An open connection to a console.
pub trait Line: Send {
    /// Reads what has come; 0 if nothing came for a moment. An error: the connection is lost.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Types on it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// All that was typed has been read, and nothing more is typed for now.
    fn rest(&mut self) {}
}

/// A console that can be opened.
#[derive(Clone, Debug)]
pub enum Source {
    /// The output and input of a program.
    Command(Vec<String>),
    /// A program that wants a terminal.
    Terminal {
        /// The password that it reads, which it would ask for if it could not.
        password_file: Option<PathBuf>,
        /// Run to its end first; it may fail.
        before: Vec<String>,
        /// The program.
        words: Vec<String>,
    },
    /// A port: `host:port`.
    Tcp(String),
    /// The serial port of QEMU.
    Qemu {
        /// What it said.
        file: PathBuf,
        /// What can be typed into.
        socket: PathBuf,
        /// Where to keep how far the file was read.
        position: PathBuf,
    },
}

impl Source {
    /// It says something as soon as it is open, whatever the machine does.
    pub fn greets(&self) -> bool {
        matches!(self, Source::Terminal { .. })
    }

    /// Opens it.
    pub fn open(&self) -> io::Result<Box<dyn Line>> {
        Ok(match self {
            Source::Command(words) => Box::new(Program::start(words)?),
            Source::Terminal { password_file, before, words } => {
                if let Some(path) = password_file {
                    secret(path).map_err(|error| io::Error::other(error.to_string()))?;
                }
                if !before.is_empty() {
                    let _ = process::text(&mut process::command(before), BEFORE);
                }
                Box::new(terminal::start(words)?)
            }
            Source::Tcp(address) => Box::new(connect(address)?),
            Source::Qemu { file, socket, position } => {
                Box::new(Serial::open(file, socket, position))
            }
        })
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no such host");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(WAIT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Line for TcpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match io::Read::read(self, buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if is_timeout(&error) => Ok(0),
            other => other,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

/// QEMU writes its serial port into a file whether somebody looks or not, so that nothing is missed
/// while melbot is away; the socket is only typed into.
struct Serial {
    path: PathBuf,
    socket: PathBuf,
    position: PathBuf,
    file: Option<File>,
    at: u64,
    typed: Option<UnixStream>,
}

impl Serial {
    fn open(path: &Path, socket: &Path, position: &Path) -> Serial {
        let kept = fs::read_to_string(position).ok();
        let at = kept.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let (path, socket) = (path.to_owned(), socket.to_owned());
        Serial { path, socket, position: position.to_owned(), file: None, at, typed: None }
    }

    /// The file, at the place where reading goes on. One that is shorter is another one.
    fn reopen(&mut self) -> io::Result<Option<&mut File>> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if metadata.len() < self.at {
            self.at = 0;
            self.file = None;
        }
        if self.file.is_none() {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.at))?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut())
    }

    /// What QEMU sends over the socket stands in the file as well; it would stop if nobody took it.
    fn drain(&mut self) {
        let mut nothing = [0; 4096];
        while let Some(socket) = &mut self.typed {
            match socket.read(&mut nothing) {
                Ok(1..) => {}
                Err(error) if is_timeout(&error) => break,
                _ => self.typed = None,
            }
        }
    }
}

impl Line for Serial {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.reopen()? {
            Some(file) => file.read(buffer)?,
            None => 0,
        };
        self.drain();
        if count == 0 {
            thread::sleep(WAIT);
            return Ok(0);
        }
        self.at += count as u64;
        fs::write(&self.position, self.at.to_string())?;
        Ok(count)
    }

    /// A socket that is full makes QEMU write characters into the file twice.
    fn rest(&mut self) {
        self.typed = None;
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.typed.is_none() {
            let socket = UnixStream::connect(&self.socket)?;
            socket.set_nonblocking(true)?;
            self.typed = Some(socket);
        }
        let mut rest = bytes;
        while let (Some(socket), false) = (&mut self.typed, rest.is_empty()) {
            match socket.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if is_timeout(&error) => thread::sleep(Duration::from_millis(5)),
                Err(error) => {
                    self.typed = None;
                    return Err(error);
                }
            }
            self.drain();
        }
        Ok(())
    }
}
