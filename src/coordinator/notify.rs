//! Tells people of kernels, by the outbox of the lab.

use std::time::SystemTime;

use super::desk::Desk;
use crate::lab::LabError;
use crate::notes;
use crate::notify::{Kind, Message, Outbox, Settings};

/// Puts a mail where it waits to be sent. The same name is the same mail, and is sent once.
pub fn tell(desk: &Desk, name: &str, subject: &str, body: String) -> Result<(), LabError> {
    let message = Message {
        problem: name.to_owned(),
        kind: Kind::Opened,
        time: notes::utc(SystemTime::now()),
        subject: format!("[melbot] {subject}"),
        body,
    };
    Outbox::of(&desk.lab).put(&message).map(drop)
}

/// Sends what waits and may be sent; the error is why not. Where nobody is to be told it waits.
pub fn deliver(desk: &Desk) -> Result<(), LabError> {
    let Some(settings) = Settings::read(&desk.lab)? else { return Ok(()) };
    Outbox::of(&desk.lab).flush(&settings, false).fault.map_or(Ok(()), Err)
}
