//! Mails by a program, such as `sendmail -t` or a script that talks to a chat.

use std::time::Duration;

use super::message::{Message, Thread, letter, thread};
use super::{Channel, Hook};
use crate::lab::{LabError, process};

/// A program that takes longer hangs.
const WITHIN: Duration = Duration::from_secs(60);

pub struct HookChannel(pub Hook);

impl Channel for HookChannel {
    fn send(&self, messages: &[Message]) -> Result<(), LabError> {
        let (subject, body) = letter(messages);
        let thread = match thread(messages) {
            Some(Thread::Is(id)) => format!("Message-ID: {id}\n"),
            Some(Thread::Answers(id)) => format!("In-Reply-To: {id}\nReferences: {id}\n"),
            None => String::new(),
        };
        let text = format!("Subject: {subject}\n{thread}\n{body}");
        let mut command = process::command(&self.0.command);
        let (mut input, mut output) = (text.as_bytes(), std::io::sink());
        let exit = process::run(&mut command, &mut input, &mut output, 1 << 20, WITHIN)?;
        if exit.success() {
            return Ok(());
        }
        Err(LabError::new(
            format!("the [hook] of notify.toml failed: {}", process::last_line(&exit.complaint)),
            "run it by hand; the mail waits",
        ))
    }
}
