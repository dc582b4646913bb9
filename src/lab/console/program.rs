//! A program whose output is a console.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

use super::source::{Line, WAIT};
use crate::lab::process;

/// A program and a thread that reads from it.
pub struct Program {
    child: Child,
    input: Option<Box<dyn Write + Send>>,
    output: Receiver<Vec<u8>>,
    left: Vec<u8>,
}

impl Program {
    /// Starts one whose output and input are pipes.
    pub fn start(words: &[String]) -> io::Result<Program> {
        let mut command = process::command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = Program::spawn(&mut command)?;
        program.input =
            program.child.stdin.take().map(|input| Box::new(input) as Box<dyn Write + Send>);
        let stdout = program.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(program.reading(stdout))
    }

    /// Starts one that has this at its other end.
    pub fn start_at(
        command: &mut Command,
        from: impl Read + Send + 'static,
        to: impl Write + Send + 'static,
    ) -> io::Result<Program> {
        let mut program = Program::spawn(command)?;
        program.input = Some(Box::new(to));
        Ok(program.reading(from))
    }

    fn spawn(command: &mut Command) -> io::Result<Program> {
        let child = command.process_group(0).spawn()?;
        Ok(Program { child, input: None, output: mpsc::channel().1, left: Vec::new() })
    }

    fn reading(mut self, mut from: impl Read + Send + 'static) -> Program {
        let (sender, output) = mpsc::sync_channel(64);
        self.output = output;
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        self
    }
}

impl Line for Program {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            match self.output.recv_timeout(WAIT) {
                Ok(bytes) => self.left = bytes,
                Err(RecvTimeoutError::Timeout) => return Ok(0),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        let count = buffer.len().min(self.left.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(bytes)?;
        input.flush()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
