//! Small helpers for lines of words and numbers.

use crate::mmtests::logs::Text;
use crate::mmtests::printable::quote;

/// The words of a line, as [`str::split_ascii_whitespace`] has them; that takes twice as long.
#[inline]
pub(in crate::mmtests) fn words(line: &str) -> Words<'_> {
    Words { line, at: 0 }
}

/// See [`words`].
pub(in crate::mmtests) struct Words<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Iterator for Words<'l> {
    type Item = &'l str;

    #[inline]
    fn next(&mut self) -> Option<&'l str> {
        let bytes = self.line.as_bytes();
        let mut start = self.at;
        while is_space(*bytes.get(start)?) {
            start += 1;
        }
        let mut end = start + 1;
        while bytes.get(end).is_some_and(|byte| !is_space(*byte)) {
            end += 1;
        }
        self.at = end;
        self.line.get(start..end)
    }
}

impl<'l> Words<'l> {
    /// What follows the words that were taken.
    #[inline]
    pub fn rest(&self) -> &'l str {
        self.line.get(self.at..).unwrap_or_default()
    }
}

#[inline]
fn is_space(byte: u8) -> bool {
    byte <= b' ' && byte.is_ascii_whitespace()
}

/// Word number `n` of a line, from 0.
#[inline]
pub(super) fn word(line: &str, n: usize) -> Option<&str> {
    words(line).nth(n)
}

/// What stands before the first of these bytes, which is of ASCII, and what behind it, as [`str::split_once`]
/// has it.
#[inline]
pub(in crate::mmtests) fn halves(line: &str, byte: u8) -> Option<(&str, &str)> {
    let at = find(line.as_bytes(), byte)?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

/// Where a byte is. Mostly it is so near that a look at one byte after the other finds it before
/// [`memchr::memchr`] is called.
#[inline]
fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    const NEAR: usize = 16;
    let mut at = 0;
    while at < NEAR {
        if *bytes.get(at)? == byte {
            return Some(at);
        }
        at += 1;
    }
    Some(NEAR + memchr::memchr(byte, &bytes[NEAR..])?)
}

/// What stands before, between and behind these bytes, which are of ASCII, as [`str::split`] has it.
#[inline]
pub(super) fn parts(line: &str, byte: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let part = rest?;
        let halves = halves(part, byte);
        rest = halves.map(|(_, behind)| behind);
        Some(halves.map_or(part, |(before, _)| before))
    })
}

/// What follows this text at the start of a line, as [`str::strip_prefix`] has it. That calls a function
/// where a look at a few bytes does, and most lines are asked several times how they start.
#[inline(always)]
pub(in crate::mmtests) fn after<'l>(line: &'l str, start: &str) -> Option<&'l str> {
    let (found, rest) = line.as_bytes().split_at_checked(start.len())?;
    (found == start.as_bytes()).then(|| line.get(line.len() - rest.len()..)).flatten()
}

/// Word number `n` of a line, from 0, as a number.
#[inline]
pub(in crate::mmtests) fn number_at(line: &str, n: usize) -> Option<f64> {
    word(line, n).and_then(number)
}

/// A finite number.
#[inline]
pub(in crate::mmtests) fn number(word: &str) -> Option<f64> {
    decimal(word.as_bytes(), 0).or_else(|| any_number(word))
}

/// A number of at most 15 digits, with or without a point among them, times a power of ten.
///
/// Both the digits and the power of ten are exact, so their quotient is the number nearest to what is
/// written, as [`str::parse`] has it (Clinger 1990, "How to Read Floating Point Numbers Accurately").
#[inline]
fn decimal(word: &[u8], exponent: i32) -> Option<f64> {
    static POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    if word.len() > 16 {
        return None;
    }
    // How many digits there are, and how many of them before the point.
    let (mut number, mut digits, mut whole) = (0_i64, 0_i32, None);
    for byte in word {
        match byte.wrapping_sub(b'0') {
            digit @ 0..=9 => {
                number = number * 10 + i64::from(digit);
                digits += 1;
            }
            _ if *byte == b'.' && whole.is_none() => whole = Some(digits),
            _ => return None,
        }
    }
    // At most 15 digits and decimals.
    let decimals = digits - whole.unwrap_or(digits) - exponent;
    let power = POWERS.get(decimals.unsigned_abs() as usize)?;
    let number = number as f64;
    (1..=15).contains(&digits).then(|| match decimals {
        // Most are whole numbers, and a division takes longer than all else.
        0 => number,
        1.. => number / power,
        _ => number * power,
    })
}

fn any_number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A number times a power of ten. The point is moved, not the number multiplied: 0.0566 times 1000 is
/// 56.6, without the dust of binary fractions.
pub(super) fn scaled(word: &str, exponent: i32) -> Option<f64> {
    if let Some(value) = decimal(word.as_bytes(), exponent) {
        return Some(value);
    }
    number(word)?;
    any_number(&format!("{word}e{exponent}"))
}

/// A thousand times a number: milliseconds as microseconds, for one.
pub(super) fn thousandfold(word: &str) -> Option<f64> {
    scaled(word, 3)
}

/// A number with commas between groups of three digits, as in `1,064,997`.
pub(super) fn grouped(word: &str) -> Option<f64> {
    let Some((first, groups)) = halves(word, b',') else { return number(word) };
    let whole = halves(groups, b'.').map_or(groups, |(whole, _)| whole);
    let three = |group: &str| match group.as_bytes() {
        [a, b, c] => a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit(),
        _ => false,
    };
    if first.len() > 3 || !parts(whole, b',').all(three) {
        return None;
    }
    let mut digits = [0; 32];
    let mut length = 0;
    for byte in word.as_bytes() {
        if *byte != b',' {
            *digits.get_mut(length)? = *byte;
            length += 1;
        }
    }
    let digits = digits.get(..length)?;
    decimal(digits, 0).or_else(|| any_number(str::from_utf8(digits).ok()?))
}

/// A number after an opening parenthesis, as in `(29.10`.
pub(super) fn in_parentheses(word: &str) -> Option<f64> {
    number(word.strip_prefix('(')?.trim_end_matches(')'))
}

/// A number after a colon, as in `total:246`.
pub(super) fn after_colon(word: &str) -> Option<f64> {
    number(word.split_once(':')?.1)
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
    use proptest::prelude::*;

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
    fn numbers_in_their_wrappings() {
        assert_eq!(thousandfold("0.2150"), Some(215.0));
        assert_eq!(thousandfold("0.0566"), Some(56.6));
        assert_eq!(thousandfold("1e3"), None);
        assert_eq!(grouped("1,064,997"), Some(1_064_997.0));
        assert_eq!(grouped("17,000.5"), Some(17_000.5));
        assert_eq!(grouped("12.5"), Some(12.5));
        assert_eq!([grouped("37,77"), grouped("1064,997"), grouped(",")], [None; 3]);
        assert_eq!(in_parentheses("(29.10"), Some(29.1));
        assert_eq!(after_colon("total:246"), Some(246.0));
        assert_eq!(after_colon("total"), None);
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_library(word in "[0-9]{0,17}|[+-]?[0-9]{0,9}[.]?[0-9]{0,9}|.{0,6}") {
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            prop_assert_eq!(bits(number(&word)), bits(any_number(&word)));
        }

        #[test]
        fn scaled_numbers_are_those_of_the_library(
            word in "[0-9]{0,17}|[+-]?[0-9]{0,9}[.]?[0-9]{0,9}|.{0,6}",
            exponent in -3..=3_i32,
        ) {
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            let expected = number(&word).and_then(|_| any_number(&format!("{word}e{exponent}")));
            prop_assert_eq!(bits(scaled(&word, exponent)), bits(expected));
        }

        #[test]
        fn words_are_those_of_the_library(line in "[a-c \t\u{b}\u{c}\r\u{a0}é]{0,12}", n in 0..6_usize) {
            let expected: Vec<&str> = line.split_ascii_whitespace().collect();
            prop_assert_eq!(words(&line).collect::<Vec<_>>(), expected);
            prop_assert_eq!(word(&line, n), line.split_ascii_whitespace().nth(n));
        }

        #[test]
        fn starts_are_those_of_the_library(line in "[ab é]{0,4}.{0,20}[ab é]{0,4}", start in "[ab é]{0,3}") {
            prop_assert_eq!(after(&line, &start), line.strip_prefix(&*start));
            prop_assert_eq!(halves(&line, b'a'), line.split_once('a'));
            prop_assert_eq!(parts(&line, b'a').collect::<Vec<_>>(), line.split('a').collect::<Vec<_>>());
        }
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(shorten(" \u{1b}[31mred\t"), "[31mred");
        assert_eq!(shorten(&"é".repeat(500)).chars().count(), 121);
        assert_eq!(last_words(&Text::new("", b"a\nb\n\n".to_vec())), "it ends with \"b\"");
        assert_eq!(last_words(&Text::new("", Vec::new())), "it is empty");
    }
}
