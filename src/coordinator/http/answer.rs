//! Answers.

use std::fs::File;
use std::io::{self, Write};

use super::request::Refusal;

/// What an answer holds.
#[derive(Debug)]
pub enum Body {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, and its size.
    File(File, u64),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Kind of what it holds.
    pub content_type: &'static str,
    /// More lines of its head.
    pub headers: Vec<(&'static str, String)>,
    /// What it holds.
    pub body: Body,
}

impl Answer {
    /// Some text.
    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Answer {
        let body = Body::Bytes(text.into().into_bytes());
        Answer { status, content_type, headers: Vec::new(), body }
    }

    /// A page.
    pub fn page(text: String) -> Answer {
        Answer::text(200, "text/html; charset=utf-8", text)
    }

    /// JSON.
    pub fn json(status: u16, value: &serde_json::Value) -> Answer {
        Answer::text(status, "application/json", value.to_string() + "\n")
    }

    /// Why not, as JSON.
    pub fn refused(status: u16, why: &str) -> Answer {
        Answer::json(status, &serde_json::json!({ "error": why }))
    }

    /// The same, with another line in its head.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it; without its body if only its head was asked for.
    pub fn send(self, to: &mut impl Write, only_head: bool) -> io::Result<()> {
        let length = match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, length) => *length,
        };
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n\
             Connection: close\r\nX-Content-Type-Options: nosniff\r\n\
             Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n",
            self.status,
            phrase(self.status),
            self.content_type
        );
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            head += &format!("{name}: {value}\r\n");
        }
        to.write_all((head + "\r\n").as_bytes())?;
        if !only_head {
            match self.body {
                Body::Bytes(bytes) => to.write_all(&bytes)?,
                Body::File(file, length) => {
                    io::copy(&mut io::Read::take(file, length), to)?;
                }
            }
        }
        to.flush()
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::refused(refusal.0, refusal.1)
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
