//! Small helpers for lines of words and numbers.

use crate::mmtests::logs::Text;
use crate::mmtests::printable::quote;

/// Word number `n` of a line, from 0.
pub(super) fn word(line: &str, n: usize) -> Option<&str> {
    line.split_ascii_whitespace().nth(n)
}

/// Word number `n` of a line, from 0, as a number.
pub(super) fn number_at(line: &str, n: usize) -> Option<f64> {
    word(line, n).and_then(number)
}

/// A finite number.
pub(super) fn number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|value: &f64| value.is_finite())
}

/// MMTests' name of an operation: `metric[-factor]…`, where `_` is an absent factor.
pub(super) fn operation(metric: &str, factors: &[&str]) -> String {
    let mut name = metric.to_owned();
    for factor in factors.iter().filter(|factor| **factor != "_") {
        name.push('-');
        name.push_str(factor);
    }
    name
}

/// What to say of a log without a result: its last line, which mostly is the error message.
pub(super) fn last_words(text: &Text) -> String {
    match text.as_str().lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("it ends with \"{}\"", shorten(line)),
        None => "it is empty".to_owned(),
    }
}

/// The start of a line, without control characters, fit to be quoted.
pub(super) fn shorten(line: &str) -> String {
    quote(line, 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_factors_leave_no_trace() {
        assert_eq!(operation("tcpstream", &["send", "64"]), "tcpstream-send-64");
        assert_eq!(operation("usecs-op", &["_", "_"]), "usecs-op");
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(number("00015"), Some(15.0));
        assert_eq!(number("inf"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(shorten(" \u{1b}[31mred\t"), "[31mred");
        assert_eq!(shorten(&"é".repeat(500)).chars().count(), 121);
        assert_eq!(last_words(&Text::new("", b"a\nb\n\n".to_vec())), "it ends with \"b\"");
        assert_eq!(last_words(&Text::new("", Vec::new())), "it is empty");
    }
}
