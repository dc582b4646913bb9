//! `notify.toml` of a lab: who is told, and how.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::lab::LabError;

/// Name of the file.
const FILE: &str = "notify.toml";

/// How people are told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A program that gets each mail.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// A mail server.
    #[serde(default)]
    pub smtp: Option<Smtp>,
    /// At most so many mails in an hour; what is more goes into one that tells all of it.
    #[serde(default = "per_hour")]
    pub per_hour: u32,
    /// Where the lab's folder can be reached by readers, for links.
    #[serde(default)]
    pub link: Option<String>,
    /// The folder of the lab.
    #[serde(skip)]
    pub folder: PathBuf,
}

fn per_hour() -> u32 {
    20
}

/// A program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// It reads the mail, with its head, from standard input, as `sendmail -t` does.
    pub command: Vec<String>,
}

/// A mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port; else that of its kind of encryption.
    #[serde(default)]
    pub port: Option<u16>,
    /// Encryption.
    #[serde(default)]
    pub tls: Tls,
    /// File with the certificate of an authority that vouches for the server, in PEM; those that the system
    /// trusts do so anyway.
    #[serde(default)]
    pub authority: Option<PathBuf>,
    /// Who logs in.
    #[serde(default)]
    pub user: Option<String>,
    /// File that holds the password and nothing else.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Sender.
    pub from: String,
    /// Receivers.
    pub to: Vec<String>,
}

/// Encryption of the way to a mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// The connection becomes encrypted before anything is told (port 587).
    #[default]
    Starttls,
    /// It is encrypted from the beginning (port 465).
    Tls,
    /// Not at all (port 25): for a server on this machine.
    None,
}

impl Settings {
    /// Reads the file of a lab; `None` if it has none, and then nobody is told.
    pub fn read(lab: &Path) -> Result<Option<Settings>, LabError> {
        let path = lab.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LabError::file(&path)(error)),
        };
        let mut settings: Settings = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
            let what = format!("{}:{line}: {}", path.display(), error.message().trim());
            LabError::new(what, "correct it; docs/LAB.md lists what it may hold")
        })?;
        settings.folder = lab.to_owned();
        // A mistake is told now, not when there is something to tell.
        super::channels(&settings)?;
        Ok(Some(settings))
    }

    /// The file that it was read from.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}
