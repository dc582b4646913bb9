//! Commands on a shell that sits on the console: slow, and the last resort.
//!
//! The command travels as base64 in short lines, for a console has no way to say where data ends and
//! its terminal changes some bytes; the answer comes back as base64 between two marks. Both are packed by
//! gzip, whose checksum tells what a line lost or the kernel wrote in between.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};

use super::{Exec, Remote, quoted};
use crate::lab::console::Console;
use crate::lab::error::LabError;
use crate::lab::process::Exit;

/// A terminal takes at most 4095 bytes of a line.
const LINE: usize = 512;
/// Of what a command complains of, the machine sends no more.
const MAX_COMPLAINT: u64 = 4096;
/// More cannot be typed in a reasonable time.
const MAX_INPUT: u64 = 16 << 20;

/// The shell on a console.
#[derive(Debug)]
pub struct SerialExec {
    console: Arc<Console>,
    number: AtomicU64,
}

impl SerialExec {
    /// On this console.
    pub fn new(console: Arc<Console>) -> SerialExec {
        SerialExec { console, number: AtomicU64::new(0) }
    }

    /// No text of another command holds it.
    fn mark(&self) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!("melbot{}x{number}", now.as_nanos())
    }

    fn type_line(&self, line: &str) {
        self.console.send(line.as_bytes());
        self.console.send(b"\n");
    }
}

impl Exec for SerialExec {
    fn run(&self, remote: &mut Remote) -> Result<Exit, LabError> {
        let began = Instant::now();
        let mut input = Vec::new();
        remote
            .input
            .take(MAX_INPUT + 1)
            .read_to_end(&mut input)
            .map_err(|error| unreachable_by(&format!("input: {error}")))?;
        if input.len() as u64 > MAX_INPUT {
            return Err(unreachable_by("more than 16 MiB are too much for a console"));
        }
        let mark = self.mark();
        let file = format!("/tmp/{mark}");
        self.console.listen();
        // Ends what somebody typed, and stops the terminal from saying everything twice.
        self.type_line("");
        self.type_line("stty -echo 2>/dev/null");
        self.type_line(&format!("base64 -d > {file}.gz <<'{mark}'"));
        let packed = gzip(&input).map_err(|error| unreachable_by(&format!("input: {error}")))?;
        for line in base64(&packed).as_bytes().chunks(LINE) {
            self.type_line(&String::from_utf8_lossy(line));
        }
        self.type_line(&mark);
        // What did not arrive whole is given to no command.
        self.type_line(&format!(
            "gzip -dc < {file}.gz > {file}.in 2> /dev/null && {{ {} < {file}.in > {file}.out 2> {file}.err; \
             echo $? > {file}.status; }}",
            quoted(remote.words)
        ));
        // The mark is put together by the shell, so that an echo of the command is none.
        self.type_line(&format!(
            "echo; echo '<'{mark}; sleep 1; cat {file}.status 2> /dev/null || echo damaged; \
             gzip -c < {file}.out | base64; echo -; head -c 4096 {file}.err | gzip -c | base64; \
             echo '>'{mark}; rm -f {file}.*"
        ));
        let (begin, end) = (format!("<{mark}"), format!(">{mark}"));
        let mut heard = Vec::new();
        let mut read = false;
        // Half as much again for base64, and the kernel may say something in between.
        let most = remote.limit.saturating_mul(3) / 2 + (1 << 20);
        let answer = loop {
            let Some(left) = remote.within.checked_sub(began.elapsed()) else {
                // What hangs there is told to stop.
                self.console.send(&[3]);
                return Err(unreachable_by(&format!("no answer in {} s", remote.within.as_secs())));
            };
            heard.extend(self.console.listened(left.min(Duration::from_secs(1))));
            if heard.len() as u64 > most {
                self.console.send(&[3]);
                return Err(unreachable_by("it says more than it may"));
            }
            let text = String::from_utf8_lossy(&heard);
            let Some((_, rest)) = text.split_once(&begin) else { continue };
            if !std::mem::replace(&mut read, true) {
                self.console.rest();
            }
            if let Some((answer, _)) = rest.split_once(&end) {
                break answer.to_owned();
            }
        };
        if answer.trim_start().starts_with(DAMAGED) {
            return Err(unreachable_by("what was typed did not arrive as it was"));
        }
        let answer = parse(&answer, remote.limit).ok_or_else(|| {
            unreachable_by("the answer was garbled by other messages, or is no answer of a shell")
        })?;
        if answer.output.len() as u64 > remote.limit {
            return Err(unreachable_by("it printed more than it may"));
        }
        remote
            .output
            .write_all(&answer.output)
            .map_err(|error| unreachable_by(&format!("output: {error}")))?;
        Ok(Exit { status: Some(answer.status), complaint: answer.complaint })
    }
}

fn unreachable_by(what: &str) -> LabError {
    LabError::new(
        format!("the shell on the console: {what}"),
        "look with melbot machine console whether a shell is there",
    )
}

/// What the shell says of a command whose input did not arrive.
const DAMAGED: &str = "damaged";

struct Answer {
    status: i32,
    output: Vec<u8>,
    complaint: String,
}

/// Reads what stands between the marks; `None` if it is not whole. Of the output one byte more than
/// the limit is unpacked.
fn parse(text: &str, limit: u64) -> Option<Answer> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let status = lines.next()?.parse().ok()?;
    let mut packed = String::new();
    let mut complaint = String::new();
    let mut after = false;
    for line in lines {
        match line {
            "-" => after = true,
            _ if after => complaint.push_str(line),
            _ => packed.push_str(line),
        }
    }
    let output = gunzip(&unbase64(&packed)?, limit.saturating_add(1))?;
    let complaint = gunzip(&unbase64(&complaint)?, MAX_COMPLAINT)?;
    Some(Answer { status, output, complaint: String::from_utf8_lossy(&complaint).into_owned() })
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    GzEncoder::new(bytes, Compression::default()).read_to_end(&mut packed)?;
    Ok(packed)
}

/// `None` if the checksum in it is not that of what is in it.
fn gunzip(packed: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            let padding = digit > chunk.len();
            text.push(if padding { '=' } else { char::from(DIGITS[value as usize]) });
        }
    }
    text
}

/// `None` if there is anything else in it.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for chunk in digits.chunks(4) {
        let mut bits = 0;
        for digit in chunk {
            bits = bits << 6 | DIGITS.iter().position(|known| known == digit)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        bytes.extend(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went() {
        assert_eq!(base64(b"light work."), "bGlnaHQgd29yay4=");
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(83)).collect();
            assert_eq!(unbase64(&base64(&bytes)), Some(bytes));
        }
        assert_eq!(unbase64("[   1.0] oops"), None);
    }

    #[test]
    fn a_garbled_answer_is_none() {
        let packed = base64(&gzip(b"123456789").expect("into memory"));
        let good = format!("\r\n3\r\n{packed}\r\n-\r\n{packed}\r\n");
        let answer = parse(&good, 100).expect("an answer");
        assert_eq!((answer.status, answer.output.as_slice()), (3, &b"123456789"[..]));
        assert_eq!(answer.complaint, "123456789");
        let (start, rest) = packed.split_at(16);
        for bad in
            [format!("{start}[ 1.0] usb{rest}"), start.to_owned(), packed.replacen('z', "", 1)]
        {
            let text = format!("3\n{bad}\n-\n{packed}\n");
            assert!(bad == packed || parse(&text, 100).is_none(), "{bad}");
        }
        assert!(parse("", 100).is_none());
    }
}
