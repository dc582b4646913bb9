//! Mails by SMTP.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Encryption, TlsParameters};
use lettre::{SmtpTransport, Transport as _};

use super::Channel;
use super::message::{Message, Thread, letter, thread};
use super::settings::{Smtp, Tls};
use crate::lab::LabError;
use crate::model::with_causes;

/// A server that takes longer is down.
const WITHIN: Duration = Duration::from_secs(20);

/// How a certificate in PEM begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// What to do when a mail did not go.
const LATER: &str = "see notify.toml and the mail server; the mail waits";
/// What to do when the server is not who it should be.
const UNTRUSTED: &str = "nothing was sent: if the server is the right one, name the authority that vouches for it \
                         with authority = \"FILE\" in notify.toml, and call it by the name in its certificate; \
                         the mail waits";

/// A mail server, and who writes to whom.
pub struct SmtpChannel {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl SmtpChannel {
    /// As the settings of a lab have it.
    pub fn of(smtp: &Smtp, lab: &Path) -> Result<SmtpChannel, LabError> {
        let mailbox = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| {
                let what = format!("notify.toml: {text:?} is no address: {error}");
                LabError::new(what, "write it as jane@example.org")
            })
        };
        let encryption = |make: fn(TlsParameters) -> Encryption| {
            let mut builder = TlsParameters::builder(smtp.host.clone());
            if let Some(file) = &smtp.authority {
                builder = builder.add_root_certificate(authority(&lab.join(file))?);
            }
            builder.build().map(make).map_err(|error| {
                LabError::new(
                    format!("TLS to {}: {error}", smtp.host),
                    "correct host in notify.toml",
                )
            })
        };
        let (tls, port) = match smtp.tls {
            Tls::Starttls => (encryption(Encryption::Required)?, 587),
            Tls::Tls => (encryption(Encryption::Wrapper)?, 465),
            Tls::None => (Encryption::None, 25),
        };
        let mut builder = SmtpTransport::builder_dangerous(&smtp.host)
            .port(smtp.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(WITHIN));
        if let (Some(user), Some(file)) = (&smtp.user, &smtp.password_file) {
            let path = lab.join(file);
            let password = fs::read_to_string(&path).map_err(LabError::file(&path))?;
            builder =
                builder.credentials(Credentials::new(user.clone(), password.trim().to_owned()));
        }
        if smtp.to.is_empty() {
            return Err(LabError::new("notify.toml: to is empty", "name who gets the mails"));
        }
        Ok(SmtpChannel {
            transport: builder.build(),
            from: mailbox(&smtp.from)?,
            to: smtp.to.iter().map(mailbox).collect::<Result<_, _>>()?,
        })
    }
}

impl Channel for SmtpChannel {
    fn send(&self, messages: &[Message]) -> Result<(), LabError> {
        let (subject, body) = letter(messages);
        let mut mail = Mail::builder().from(self.from.clone()).subject(subject);
        for receiver in &self.to {
            mail = mail.to(receiver.clone());
        }
        mail = match thread(messages) {
            Some(Thread::Is(id)) => mail.message_id(Some(id)),
            Some(Thread::Answers(id)) => mail.in_reply_to(id.clone()).references(id),
            None => mail,
        };
        let mail = mail.header(ContentType::TEXT_PLAIN).body(body).map_err(|error| {
            LabError::new(format!("the mail cannot be written: {error}"), LATER)
        })?;
        self.transport.send(&mail).map(drop).map_err(|error| {
            let why = with_causes(&error);
            let remedy = if why.contains("certificate") { UNTRUSTED } else { LATER };
            LabError::new(format!("the mail server does not take it: {why}"), remedy)
        })
    }
}

/// The certificate in a file.
fn authority(path: &Path) -> Result<Certificate, LabError> {
    let pem = fs::read(path).map_err(LabError::file(path))?;
    // What holds none is taken for one of no certificates.
    let marked = pem.windows(PEM.len()).any(|bytes| bytes == PEM);
    Certificate::from_pem(&pem).ok().filter(|_| marked).ok_or_else(|| {
        LabError::new(
            format!("{}: there is no certificate in it", path.display()),
            "correct authority in notify.toml: a file in PEM, with BEGIN CERTIFICATE",
        )
    })
}
