//! Tells people what melbot cannot settle alone: one mail for a problem, and one when it is over.
//!
//! A [`Message`] goes into the [`Outbox`] on disk first and is sent from there, so that none is lost
//! while the mail server is down. It is sent by SMTP (feature `smtp`), to a program, or both.

mod hook;
mod message;
mod outbox;
mod settings;
#[cfg(feature = "smtp")]
mod smtp;

pub use message::{Kind, Message};
pub use outbox::{Flushed, Outbox};
pub use settings::{Hook, Settings, Smtp, Tls};

use crate::lab::LabError;

/// A way to people.
trait Channel {
    /// Sends one mail that tells all of these.
    fn send(&self, messages: &[Message]) -> Result<(), LabError>;
}

/// All ways that the settings name.
fn channels(settings: &Settings) -> Result<Vec<Box<dyn Channel>>, LabError> {
    let mut channels: Vec<Box<dyn Channel>> = Vec::new();
    if let Some(hook) = &settings.hook {
        channels.push(Box::new(hook::HookChannel(hook.clone())));
    }
    if let Some(smtp) = &settings.smtp {
        channels.push(mail(smtp, settings)?);
    }
    Ok(channels)
}

#[cfg(feature = "smtp")]
fn mail(smtp: &Smtp, settings: &Settings) -> Result<Box<dyn Channel>, LabError> {
    Ok(Box::new(smtp::SmtpChannel::of(smtp, &settings.folder)?))
}

#[cfg(not(feature = "smtp"))]
fn mail(_: &Smtp, settings: &Settings) -> Result<Box<dyn Channel>, LabError> {
    Err(LabError::new(
        format!("{}: this melbot was built without SMTP", settings.file().display()),
        "build it with --features smtp, or give mails to a program with [hook]",
    ))
}
