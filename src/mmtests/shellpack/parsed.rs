//! What a parser found: samples and problems.

use super::words::{last_words, shorten};
use crate::mmtests::logs::{Logs, Text};
use crate::mmtests::printable::quote;
use crate::model::{OperationId, Problem, Samples, Severity};

/// More bad lines of one log than this are not listed one by one.
const MAX_COMPLAINTS: usize = 20;
/// Characters of a problem; what is longer quotes garbage.
const LONGEST: usize = 500;

/// What a person can do where nothing better is known.
const LOOK: &str = "look at the raw log; repeat the run if the benchmark failed";

/// What a person can do about a log without a result.
pub(super) const REPEAT: &str = "look at the raw log for the reason and repeat the run";

/// What a parser found.
#[derive(Debug, Default)]
pub struct Parsed {
    /// All samples, in the order of the logs.
    pub samples: Samples,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The folder or log that it was read from, as problems name it.
    pub path: String,
    /// When the last figure was written, in seconds since 1970, where a log tells.
    pub last: Option<f64>,
    /// `true` if the log that was read last breaks off: what would be added up over its last lines is not.
    pub is_cut: bool,
    complaints: usize,
}

impl Parsed {
    /// Reads a log of the benchmark; `None` if there is no such log. Damage is noted as a problem, and so
    /// is a last line that does not end: it is left out, lest half a number be taken for a whole one.
    pub fn read(&mut self, logs: &Logs, name: &str) -> Option<Text> {
        let (mut text, problem) = logs.read(name)?;
        self.is_cut = problem.is_some();
        self.problems.extend(problem);
        self.complaints = 0;
        if let Some((line, cut)) = text.cut_unended() {
            self.is_cut = true;
            self.complain((&text, line), format!("the log breaks off in \"{}\"", shorten(&cut)));
        }
        Some(text)
    }

    /// Adds a sample of an operation; a value that is not finite becomes a problem instead.
    #[inline]
    pub fn add(&mut self, at: (&Text, u64), operation: &str, interval: f64, value: f64) {
        let id = self.samples.operation(operation);
        self.add_to(at, id, interval, value);
    }

    /// As [`Parsed::add`], for an operation whose name is put together of these parts.
    #[inline]
    pub fn add_joined(&mut self, at: (&Text, u64), parts: &[&str], interval: f64, value: f64) {
        let id = self.samples.joined(parts);
        self.add_to(at, id, interval, value);
    }

    /// As [`Parsed::add`], for an operation that the ratio table shows.
    pub fn add_ratio(&mut self, at: (&Text, u64), operation: &str, interval: f64, value: f64) {
        let id = self.samples.ratio_operation(operation);
        self.add_to(at, id, interval, value);
    }

    /// As [`Parsed::add`], for an operation whose handle the parser keeps.
    #[inline]
    pub fn add_to(&mut self, at: (&Text, u64), id: OperationId, interval: f64, value: f64) {
        if !self.samples.add(id, interval, value) {
            self.complain(at, "a value that is no number, or beyond 1e100, was left out");
        }
    }

    /// As [`Parsed::add_to`]; samples are numbered from 1 in the order in which they come.
    #[inline]
    pub fn add_next(&mut self, at: (&Text, u64), id: OperationId, value: f64) {
        let number = self.samples.count(id) + 1;
        self.add_to(at, id, number as f64, value);
    }

    /// Notes operations with values below 0, where none can be: neither time nor rates, sizes or counts.
    pub(in crate::mmtests) fn note_negative(&mut self) {
        let below = |values: &[f64]| values.iter().copied().find(|value| *value < 0.0);
        let all = self.samples.series().iter();
        let odd: Vec<(String, f64)> =
            all.filter_map(|s| Some((s.operation.clone(), below(&s.values)?))).collect();
        let path = self.path.clone();
        for (operation, value) in odd {
            let what = format!("{operation} was {value:?}, which nothing of its kind can be");
            self.warn(&path, what, LOOK);
        }
    }

    /// Notes a line that was expected to hold a result and does not.
    pub fn complain(&mut self, (text, line): (&Text, u64), what: impl Into<String>) {
        if let Some(what) = self.limited(what.into()) {
            self.note(Severity::Warning, text.path(), Some(line), what, LOOK);
        }
    }

    /// What is to be said, as long as not too much was said of the same log.
    fn limited(&mut self, what: String) -> Option<String> {
        self.complaints += 1;
        match self.complaints {
            1..=MAX_COMPLAINTS => Some(what),
            n if n == MAX_COMPLAINTS + 1 => Some("there are more lines like these".to_owned()),
            _ => None,
        }
    }

    /// Notes what is wrong with a whole log or folder, and what to do about it.
    pub fn warn(&mut self, path: &str, what: impl Into<String>, remedy: &str) {
        if let Some(what) = self.limited(what.into()) {
            self.note(Severity::Warning, path, None, what, remedy);
        }
    }

    /// Notes a line that lacks what it was expected to hold, such as a `rate`.
    pub fn missing_in(&mut self, at: (&Text, u64), content: &str, what: &str) {
        self.complain(at, format!("no {what} in \"{}\"", shorten(content)));
    }

    /// Notes a log that holds no result, with its last line, which mostly is the error message.
    pub fn missing(&mut self, text: &Text, what: &str, remedy: &str) {
        self.warn(text.path(), format!("no {what}, {}", last_words(text)), remedy);
    }

    /// As [`Parsed::warn`], where the whole benchmark gave no data for this reason.
    pub fn fail(&mut self, path: &str, what: impl Into<String>, remedy: &str) {
        self.note(Severity::Error, path, None, what.into(), remedy);
    }

    fn note(
        &mut self,
        severity: Severity,
        path: &str,
        line: Option<u64>,
        what: String,
        remedy: &str,
    ) {
        // Parsers quote logs.
        let what = quote(&what, LONGEST);
        let (path, remedy) = (path.to_owned(), remedy.to_owned());
        self.problems.push(Problem { severity, path, line, what, remedy });
    }

    /// Adds what MMTests' own log says of a failure, and whether anything was measured at all.
    pub(in crate::mmtests) fn finish(&mut self, logs: &Logs) {
        let nothing = self.samples.is_empty();
        if let Some(text) = self.read(logs, "mmtests.log") {
            self.repeat_fatal(&text, nothing);
        }
        if nothing && !self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            self.fail(logs.path(), "nothing was measured: no log holds a result", LOOK);
        }
    }

    fn repeat_fatal(&mut self, text: &Text, nothing: bool) {
        let severity = if nothing { Severity::Error } else { Severity::Warning };
        let fatal = text.lines_with("FATAL").filter(|(_, line)| line.starts_with("FATAL"));
        for (line, content) in fatal.take(MAX_COMPLAINTS) {
            let what = format!("the benchmark gave up: {}", shorten(content));
            let remedy = "mend this on the test machine and repeat the run";
            self.note(severity, text.path(), Some(line), what, remedy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parsers_quote_can_be_shown() {
        let mut out = Parsed::default();
        out.warn("log", format!("a\u{1b}[2J\u{7f}{}", "b".repeat(9999)), LOOK);
        assert!(!out.problems[0].what.contains(char::is_control));
        assert!(out.problems[0].what.chars().count() <= LONGEST + 1);
    }

    #[test]
    fn complaints_about_one_log_are_limited() {
        let text = Text::new("log", Vec::new());
        let mut out = Parsed::default();
        for line in 1..=1000 {
            out.complain((&text, line), "bad");
        }
        assert_eq!(out.problems.len(), MAX_COMPLAINTS + 1);
    }
}
