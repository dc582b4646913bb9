//! Running commands on machines, and moving files there and back.
//!
//! A driver has to run one command; everything else is made of that. Words of a command are never
//! put together by a caller: a driver quotes each of them where a shell is in between.

mod serial;
mod ssh;

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use walkdir::WalkDir;

use super::error::LabError;
use super::process::{Exit, last_line};

pub use serial::SerialExec;
pub use ssh::SshExec;

/// Answers of commands are short.
const MAX_TEXT: u64 = 1 << 20;

/// A command for a machine.
pub struct Remote<'a> {
    /// Program and arguments.
    pub words: &'a [&'a str],
    /// What it reads.
    pub input: &'a mut (dyn Read + Send),
    /// Where its output goes.
    pub output: &'a mut dyn Write,
    /// More output than that is an error.
    pub limit: u64,
    /// It may take so long.
    pub within: Duration,
}

/// A way to run commands.
pub trait Exec: Send + Sync {
    /// Runs a command and waits for it to end. An error: nobody knows how far it came, or the machine
    /// cannot be reached.
    fn run(&self, remote: &mut Remote) -> Result<Exit, LabError>;

    /// The machine is going to be switched or has been: forget connections to it.
    fn reset(&self) {}
}

/// Runs a command that has to succeed; gives what it printed.
pub fn text(exec: &dyn Exec, words: &[&str], within: Duration) -> Result<String, LabError> {
    let mut output = Vec::new();
    let mut remote =
        Remote { words, input: &mut io::empty(), output: &mut output, limit: MAX_TEXT, within };
    let exit = exec.run(&mut remote)?;
    succeeded(&exit, words)?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// Copies a file or the content of a folder there; the folder is made. `.git` and `work` stay here.
pub fn push(exec: &dyn Exec, from: &Path, to: &str, within: Duration) -> Result<(), LabError> {
    text(exec, &["mkdir", "-p", to], within)?;
    let broken = LabError::file(from);
    // A pipe, so that no second copy of it is held in memory or on disk.
    let (mut reader, writer) = io::pipe().map_err(broken)?;
    let words = ["tar", "-xf", "-", "-C", to];
    std::thread::scope(|scope| {
        let packed = scope.spawn(move || pack(from, writer));
        let mut remote = Remote {
            words: &words,
            input: &mut reader,
            output: &mut io::sink(),
            limit: MAX_TEXT,
            within,
        };
        let exit = exec.run(&mut remote);
        drop(reader);
        let packed = packed.join().unwrap_or_else(|_| Err(io::Error::other("not packed")));
        succeeded(&exit?, &words)?;
        packed.map_err(LabError::file(from))
    })
}

/// Times and owners of the controller mean nothing there.
fn pack(from: &Path, to: impl Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    archive.mode(tar::HeaderMode::Deterministic);
    archive.follow_symlinks(false);
    if from.is_dir() {
        for entry in WalkDir::new(from).min_depth(1).sort_by_file_name() {
            let entry = entry.map_err(io::Error::other)?;
            let inside = entry.path().strip_prefix(from).map_err(io::Error::other)?;
            // Neither history nor earlier results are wanted there.
            if ![".git", "work"].iter().any(|own| inside.starts_with(own)) {
                archive.append_path_with_name(entry.path(), inside)?;
            }
        }
    } else {
        archive.append_path_with_name(from, from.file_name().unwrap_or_default())?;
    }
    archive.into_inner()?.flush()
}

/// The error of a command that failed.
pub fn succeeded(exit: &Exit, words: &[&str]) -> Result<(), LabError> {
    if exit.success() {
        return Ok(());
    }
    let status = exit.status.map_or("a signal".to_owned(), |status| format!("status {status}"));
    // Scripts of melbot's own are longer than what they complain of.
    let short =
        |word: &&str| if word.contains('\n') { "…".to_owned() } else { (*word).to_owned() };
    let shown = words.iter().map(short).collect::<Vec<_>>().join(" ");
    Err(LabError::new(
        format!("{shown} ended with {status}: {}", last_line(&exit.complaint)),
        "run it by hand with melbot machine exec",
    ))
}

/// One line for a POSIX shell that runs these words and nothing else.
pub fn quoted(words: &[&str]) -> String {
    let quote = |word: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=+,@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_sees_the_words_as_they_are() {
        let words =
            ["printf", "%s|", "plain", "", "two words", "it's", "$(id)", "a\nb", "`x`", "-n", "*"];
        let output = Command::new("sh").args(["-c", &quoted(&words)]).output().expect("runs");
        let expected = "plain||two words|it's|$(id)|a\nb|`x`|-n|*|";
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
