//! Commands on a shell that sits on the console: slow, and the last resort.
//!
//! The command travels as base64 in short lines, for a console has no way to say where data ends and
//! its terminal changes some bytes; the answer comes back as base64 between two marks, with a
//! checksum of what the machine read.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::{Exec, Remote, quoted};
use crate::lab::console::Console;
use crate::lab::error::LabError;
use crate::lab::process::Exit;

/// A terminal takes at most 4095 bytes of a line.
const LINE: usize = 512;
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
        self.type_line(&format!("base64 -d > {file}.in <<'{mark}'"));
        for line in base64(&input).as_bytes().chunks(LINE) {
            self.type_line(&String::from_utf8_lossy(line));
        }
        self.type_line(&mark);
        self.type_line(&format!(
            "{} < {file}.in > {file}.out 2> {file}.err; echo $? > {file}.status",
            quoted(remote.words)
        ));
        // The mark is put together by the shell, so that an echo of the command is none.
        self.type_line(&format!(
            "echo; echo '<'{mark}; cat {file}.status; for f in in out err; do cksum < {file}.$f; done; \
             base64 {file}.out; echo -; head -c 4096 {file}.err | base64; echo '>'{mark}; rm -f {file}.*"
        ));
        let (begin, end) = (format!("<{mark}"), format!(">{mark}"));
        let mut heard = Vec::new();
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
            if let Some((_, rest)) = text.split_once(&begin)
                && let Some((answer, _)) = rest.split_once(&end)
            {
                break answer.to_owned();
            }
        };
        let answer = parse(&answer).ok_or_else(|| {
            unreachable_by("the answer was garbled by other messages, or is no answer of a shell")
        })?;
        if answer.input != cksum(&input) {
            return Err(unreachable_by("what was typed did not arrive as it was"));
        }
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

struct Answer {
    status: i32,
    input: u32,
    output: Vec<u8>,
    complaint: String,
}

/// Reads what stands between the marks; `None` if a checksum is not that of what came.
fn parse(text: &str) -> Option<Answer> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let status = lines.next()?.parse().ok()?;
    let mut sum = || lines.next()?.split(' ').next()?.parse::<u32>().ok();
    let (input, output_sum, _) = (sum()?, sum()?, sum()?);
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
    let output = unbase64(&packed)?;
    let complaint = String::from_utf8_lossy(&unbase64(&complaint)?).into_owned();
    (cksum(&output) == output_sum).then_some(Answer { status, input, output, complaint })
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

/// The checksum of POSIX `cksum`.
fn cksum(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let mut sizes = Vec::new();
    while length > 0 {
        sizes.push(length as u8);
        length >>= 8;
    }
    let mut sum: u32 = 0;
    for byte in bytes.iter().chain(&sizes) {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04C1_1DB7 } else { sum << 1 };
        }
    }
    !sum
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
    fn checksums_are_those_of_cksum() {
        assert_eq!(cksum(b""), 4_294_967_295);
        assert_eq!(cksum(b"123456789"), 930_766_865);
    }

    #[test]
    fn a_garbled_answer_is_none() {
        let good = "\r\n3\r\n930766865 9\r\n930766865 9\r\n4294967295 0\r\nMTIzNDU2Nzg5\r\n-\r\n";
        let answer = parse(good).expect("an answer");
        assert_eq!((answer.status, answer.output.as_slice()), (3, &b"123456789"[..]));
        assert!(parse(&good.replace("MTIz", "MTI0")).is_none());
        assert!(parse(&good.replace("MTIz", "MTIz[ 1.0] usb")).is_none());
        assert!(parse("").is_none());
    }
}
