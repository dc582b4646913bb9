//! Requests over HTTP, with the system's `curl`.
//!
//! An HTTP client with TLS of our own would cost 16 CPU seconds of each build; a machine that reaches
//! controllers has `curl`, and it is asked a few times a minute.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::error::LabError;
use super::process::{self, last_line};

/// Seconds until there is a connection.
const REACHED: u64 = 30;
/// Seconds until an answer has to be there: Orthos waits for up to 60 s of its own before it gives one.
const WITHIN: u64 = 90;
/// Answers are short.
const MAX_ANSWER: u64 = 4 << 20;

/// Who is asked, and as whom.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address, such as `https://bmc.example.org`.
    pub url: String,
    /// Hash of the key that a server without a known certificate has to have: `sha256//…`.
    pub public_key: Option<String>,
    /// What is sent with each request.
    pub login: Login,
}

/// How a request says whose it is.
#[derive(Clone)]
pub enum Login {
    /// It does not.
    None,
    /// User and password.
    Basic(String, String),
    /// The value of a header.
    Header(String),
}

/// Secrets stay out of messages.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Login::None => "None",
            Login::Basic(..) => "Basic",
            Login::Header(_) => "Header",
        })
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// Nothing: it is a GET.
    None,
    /// A POST with JSON.
    Json(&'a Value),
    /// A POST as a form sends it.
    Form(&'a [(&'a str, &'a str)]),
    /// A POST with the bytes of a file.
    File(&'a Path),
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its content; null if it is no JSON.
    pub body: Value,
}

impl Server {
    /// Asks once. That the answer is an error is for the caller to see.
    pub fn ask(&self, path: &str, body: Body) -> Result<Answer, LabError> {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let mut options = Options::default();
        options.add("url", &url);
        options.add("connect-timeout", &REACHED.to_string());
        options.add("max-time", &WITHIN.to_string());
        options.add("write-out", "\n%{http_code}");
        options.add("proto", "=http,https");
        // The way out of the house does not lead to a controller.
        options.add("noproxy", "*");
        if let Some(key) = &self.public_key {
            options.add("pinnedpubkey", key);
            options.set("insecure");
        }
        match &self.login {
            Login::None => {}
            Login::Basic(user, password) => options.add("user", &format!("{user}:{password}")),
            Login::Header(value) => options.add("header", &format!("Authorization: {value}")),
        }
        match body {
            Body::None => {}
            Body::Json(value) => {
                options.add("header", "Content-Type: application/json");
                options.add("data-raw", &value.to_string());
            }
            Body::File(path) => {
                options.add("header", "Content-Type: application/octet-stream");
                options.add("data-binary", &format!("@{}", path.display()));
            }
            Body::Form(fields) => {
                let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
                options.add("data-raw", &pairs.collect::<Vec<_>>().join("&"));
            }
        }
        // Options go in by a pipe: everybody sees arguments. Nobody's own configuration takes part.
        let mut command = Command::new("curl");
        command.args(["--disable", "--silent", "--show-error", "--globoff", "--config", "-"]);
        let mut output = Vec::new();
        let within = Duration::from_secs(WITHIN + 5);
        let mut input = options.text.as_bytes();
        let exit = process::run(&mut command, &mut input, &mut output, MAX_ANSWER, within)?;
        if !exit.success() {
            return Err(LabError::new(
                format!("{url}: {}", last_line(&exit.complaint)),
                "see that it is the right address, that it is up, and that its key or certificate is known",
            ));
        }
        let text = String::from_utf8_lossy(&output);
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
        Ok(Answer {
            status: status.trim().parse().unwrap_or(0),
            body: serde_json::from_str(body).unwrap_or(Value::Null),
        })
    }
}

/// Every byte that might mean something is written as its number.
pub fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    text
}

/// A configuration of curl.
#[derive(Default)]
struct Options {
    text: String,
}

impl Options {
    fn set(&mut self, name: &str) {
        self.text += name;
        self.text.push('\n');
    }

    fn add(&mut self, name: &str, value: &str) {
        self.text += name;
        self.text += " = \"";
        for c in value.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                '\n' => self.text += "\\n",
                '\r' => self.text += "\\r",
                // It would end the value.
                '\0' => {}
                _ => self.text.push(c),
            }
        }
        self.text += "\"\n";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_an_option_of_its_own() {
        let mut options = Options::default();
        options.add("user", "a\"\noutput = \"/etc/passwd\\");
        assert_eq!(options.text, "user = \"a\\\"\\noutput = \\\"/etc/passwd\\\\\"\n");
    }

    #[test]
    fn no_value_becomes_a_parameter_of_its_own() {
        assert_eq!(encoded("a&fqdn=b c/ü"), "a%26fqdn%3Db%20c%2F%C3%BC");
    }

    #[test]
    fn secrets_are_not_printed() {
        let login = Login::Basic("root".into(), "calvin".into());
        assert_eq!(format!("{login:?}"), "Basic");
    }
}
