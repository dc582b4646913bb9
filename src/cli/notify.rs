//! `melbot notify`: sends the mails that wait.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::bail;
use clap::Args;

use super::{Ending, print};
use crate::lab::Lab;
use crate::notes;
use crate::notify::{Kind, Message, Outbox, Settings};

/// Send the mails of a lab that wait, because the server was down or there were too many
///
/// Clients send them by themselves whenever a step ends; this is for when none works. Exits with 1 if some
/// wait on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot notify --lab lab\n  \
    melbot notify --lab lab --test     does notify.toml work?\n\n\
    notify.toml of a lab:\n  \
    per_hour = 20                      # what is more goes into one mail\n  \
    [smtp]                             # needs a melbot built with --features smtp\n  \
    host = \"mail.example.org\"\n  \
    user = \"lab\"\n  \
    password_file = \"keys/mail\"\n  \
    from = \"lab@example.org\"\n  \
    to = [\"kernel@example.org\"]\n  \
    [hook]                             # or a program that reads the mail\n  \
    command = [\"sendmail\", \"kernel@example.org\"]")]
pub struct NotifyVerb {
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".")]
    lab: PathBuf,
    /// Send a mail to see whether it arrives
    #[arg(long)]
    test: bool,
}

impl NotifyVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        let Some(settings) = Settings::read(lab.folder())? else {
            bail!("{}: there is no notify.toml; see melbot notify --help", lab.folder().display());
        };
        let outbox = Outbox::of(lab.folder());
        if self.test {
            let time = notes::utc(SystemTime::now());
            outbox.put(&Message {
                problem: format!("test of {time}"),
                kind: Kind::Opened,
                subject: "[melbot] a test".to_owned(),
                body: format!("Somebody tried at {time} whether mails arrive. This one did.\n"),
                time,
            })?;
        }
        let flushed = outbox.flush(&settings, true);
        if let Some(fault) = &flushed.fault {
            super::warn(&fault.to_string());
        }
        print(&format!("{} sent, {} waiting\n", flushed.sent, flushed.waiting))?;
        Ok(if flushed.waiting == 0 { Ending::Fine } else { Ending::Found })
    }
}
