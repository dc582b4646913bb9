//! Mails, which wait on disk until they are sent.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::desk::Desk;
use crate::lab::{LabError, process};

/// Where mails wait.
const OUTBOX: &str = "outbox";
/// Where they are kept.
const SENT: &str = "sent";
const WITHIN: Duration = Duration::from_secs(120);

/// A mail, head and body.
pub fn mail(desk: &Desk, subject: &str, body: &str) -> String {
    let clean: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut text = format!("Subject: [melbot] {clean}\n");
    let to: Vec<&str> = desk.settings.notify.to.iter().map(String::as_str).collect();
    if !to.is_empty() {
        text += &format!("To: {}\n", to.join(", "));
    }
    text + "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
            Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n"
        + body
}

/// Puts a mail where it waits to be sent. The same name is the same mail, and is sent once.
pub fn write(desk: &Desk, name: &str, text: &str) -> Result<(), LabError> {
    if desk.state(SENT).join(name).exists() {
        return Ok(());
    }
    let outbox = desk.state(OUTBOX);
    let path = outbox.join(name);
    let new = outbox.join(format!(".{name}"));
    let write = || -> io::Result<()> {
        fs::create_dir_all(&outbox)?;
        fs::write(&new, text)?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, &path)
    };
    write().map_err(LabError::file(&path))
}

/// Sends what waits; the error is the first that could not be sent, which waits on.
pub fn deliver(desk: &Desk) -> Result<usize, LabError> {
    let command = &desk.settings.notify.command;
    let mut waiting: Vec<PathBuf> = fs::read_dir(desk.state(OUTBOX))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.'))
        .collect();
    waiting.sort();
    let sent = desk.state(SENT);
    fs::create_dir_all(&sent).map_err(LabError::file(&sent))?;
    for path in &waiting {
        if !command.is_empty() {
            let mut input = fs::File::open(path).map_err(LabError::file(path))?;
            let exit = process::run(
                process::command(command).current_dir(&desk.lab),
                &mut input,
                &mut io::sink(),
                1 << 20,
                WITHIN,
            )?;
            if !exit.success() {
                return Err(LabError::new(
                    format!(
                        "{} failed: {}",
                        command.join(" "),
                        process::last_line(&exit.complaint)
                    ),
                    "correct command in [notify]; mails wait in state/outbox",
                ));
            }
        }
        let kept = sent.join(path.file_name().unwrap_or_default());
        fs::rename(path, &kept).map_err(LabError::file(&kept))?;
    }
    Ok(waiting.len())
}
