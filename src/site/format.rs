//! Numbers, times and counts as the pages write them.

use crate::model::civil;

/// Shown where there is no figure.
pub const NOTHING: &str = "–";
/// Larger values are written with an exponent.
const MAX_PLAIN: f64 = 1e15;

/// A measured value, with commas between thousands from 10,000 on.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value.abs() >= MAX_PLAIN {
        return minus(format!("{value:.3e}"));
    }
    let text = rounded(value.abs(), decimals.min(9));
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.as_str(), None),
    };
    let mut shown = String::with_capacity(text.len() + 6);
    if value < 0.0 && text.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        shown.push('−');
    }
    push_grouped(&mut shown, whole);
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// The same as `format!("{value:.decimals$}")` of a value that is not negative, at most nine decimals.
///
/// A page has thousands of numbers, and to round exactly takes long arithmetic. It is needed only
/// where the number is so near the middle of two that the error of a product could decide.
fn rounded(value: f64, decimals: usize) -> String {
    let power = 10_u64.pow(decimals as u32);
    let scaled = value * power as f64;
    let whole = scaled as u64;
    let rest = scaled - whole as f64;
    if scaled >= 1e9 || (rest - 0.5).abs() < 1e-6 {
        return format!("{value:.decimals$}");
    }
    let mut number = whole + u64::from(rest > 0.5);
    // From the last digit to the first: ten digits and a point at most.
    let mut text = [b'0'; 12];
    let mut start = text.len();
    let mut put = |byte: u8| {
        start -= 1;
        text[start] = byte;
    };
    for _ in 0..decimals {
        put(b'0' + (number % 10) as u8);
        number /= 10;
    }
    if decimals > 0 {
        put(b'.');
    }
    loop {
        put(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text[start..].iter().map(|byte| char::from(*byte)).collect()
}

fn push_grouped(shown: &mut String, digits: &str) {
    let group = digits.len() > 4;
    for (at, digit) in digits.chars().enumerate() {
        if group && at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
}

fn minus(text: String) -> String {
    text.replace('-', "−")
}

/// A value of any size in about four digits.
pub fn brief(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    number(value, decimals)
}

/// A count.
pub fn count(value: usize) -> String {
    number(value as f64, 0)
}

/// A count with its noun: `1 run`, `2 runs`.
pub fn counted(value: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A change in percent with its sign.
pub fn signed_percent(value: f64) -> String {
    let size = percent(value);
    match value {
        _ if size.starts_with("0.0") => size,
        _ if value > 0.0 => format!("+{size}"),
        _ => format!("−{size}"),
    }
}

/// The size of a change in percent.
pub fn percent(value: f64) -> String {
    format!("{} %", bare_percent(value))
}

fn bare_percent(value: f64) -> String {
    let size = value.abs();
    number(size, if size < 100.0 { 1 } else { 0 })
}

/// An interval in percent, low end first.
pub fn interval((low, high): (f64, f64)) -> String {
    let end = |value: f64| {
        let size = bare_percent(value);
        match value {
            _ if size == "0.0" => size,
            _ if value > 0.0 => format!("+{size}"),
            _ => format!("−{size}"),
        }
    };
    format!("[{}, {}]", end(low), end(high))
}

/// Seconds as hours, minutes and seconds.
pub fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// Seconds since 1970 as date and time in UTC.
pub fn time(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", second / 3600, second / 60 % 60)
}

/// Seconds since 1970 as a date in UTC.
pub fn day(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    format!("{year}-{month:02}-{day:02}")
}

/// The same with a capital letter at its start.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// A word for the shell.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+:,=%".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_rounded_as_by_the_library(
            value in prop_oneof![
                0.0..2e9,
                0.0..10.0,
                (0..2_000_000_u32).prop_map(|n| f64::from(n) / 8.0),
                (0..2_000_000_u32, 0..7).prop_map(|(n, s)| f64::from(n) / 10_f64.powi(s)),
                (0..9_u32).prop_map(|n| 1.0 - 10_f64.powi(-(n as i32)) / 2.0),
            ],
            decimals in 0..10_usize,
        ) {
            prop_assert_eq!(rounded(value, decimals), format!("{value:.decimals$}"));
        }
    }

    #[test]
    fn numbers_can_be_read() {
        assert_eq!(number(4598.8, 1), "4598.8");
        assert_eq!(number(30438.5, 2), "30,438.50");
        assert_eq!(number(-1234567.0, 0), "−1,234,567");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(number(f64::NAN, 1), "–");
        assert_eq!(number(1e90, 2), "1.000e90");
        let brief = [0.0, 0.1234, 7.008, 31.26, 1234.5, 71490.0].map(super::brief);
        assert_eq!(brief, ["0", "0.123", "7.01", "31.3", "1234", "71,490"]);
    }

    #[test]
    fn changes_have_a_sign_unless_they_are_none() {
        assert_eq!(signed_percent(-1.94), "−1.9 %");
        assert_eq!(signed_percent(0.04), "0.0 %");
        assert_eq!(signed_percent(1234.5), "+1234 %");
        assert_eq!(interval((-1.25, 0.0)), "[−1.2, 0.0]");
    }

    #[test]
    fn days_are_counted_right() {
        assert_eq!(time(0), "1970-01-01 00:00 UTC");
        assert_eq!(time(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(time(1_782_259_199), "2026-06-23 23:59 UTC");
        assert_eq!(day(-1), "1969-12-31");
        assert_eq!(duration(3_725), "1 h 2 min");
    }

    #[test]
    fn names_of_results_cannot_leave_their_word_in_the_shell() {
        assert_eq!(quoted("kernbench/Elapsed-4@6.9"), "kernbench/Elapsed-4@6.9");
        assert_eq!(quoted("a'; rm -rf ~"), r"'a'\''; rm -rf ~'");
        assert_eq!(quoted("-x"), "'-x'");
        assert_eq!(quoted(""), "''");
    }
}
