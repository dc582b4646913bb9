//! Dates as the notes have them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::civil;

/// A time as `2026-11-24T06:30:00Z`. A time before 1970 is given as its start.
pub fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(i64::try_from(days).unwrap_or(i64::MAX / 2));
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The same of milliseconds since 1970.
pub fn utc_of(milliseconds: i64) -> String {
    utc(UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)))
}

/// `true` for `2026-11-24` and `2026-11-24T06:30:00Z`.
pub fn is_date(text: &str) -> bool {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let numbers = |text: &str, separator: char, widths: [usize; 3]| -> Option<[u32; 3]> {
        let parts: Vec<&str> = text.split(separator).collect();
        let [a, b, c] = <[&str; 3]>::try_from(parts).ok()?;
        let number = |part: &str, width: usize| {
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok())?
        };
        Some([number(a, widths[0])?, number(b, widths[1])?, number(c, widths[2])?])
    };
    let day_is_one = numbers(day, '-', [4, 2, 2])
        .is_some_and(|[_, month, day]| (1..=12).contains(&month) && (1..=31).contains(&day));
    let time_is_one = time.is_none_or(|time| {
        time.strip_suffix('Z')
            .and_then(|time| numbers(time, ':', [2, 2, 2]))
            .is_some_and(|[hour, minute, second]| hour < 24 && minute < 60 && second <= 60)
    });
    day_is_one && time_is_one
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_in_utc() {
        let at = |seconds| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_795_356_471), "2026-11-22T14:07:51Z");
        assert!(is_date(&at(4_102_444_799)));
    }

    #[test]
    fn dates_are_told_from_other_text() {
        for good in ["2026-11-24", "2026-11-24T06:30:00Z"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "",
            "2026-13-01",
            "24.11.2026",
            "2026-11-24T",
            "2026-11-24 06:30",
            "2026-11-24T25:00:00Z",
            "+026-11-24",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
