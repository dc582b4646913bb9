//! When something is due: cron expressions in a time zone, caught up once.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use serde::Deserialize;

/// Times that come again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct Times {
    cron: Cron,
    zone: Tz,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    cron: String,
    #[serde(default)]
    zone: Option<String>,
}

impl TryFrom<Written> for Times {
    type Error = String;

    fn try_from(written: Written) -> Result<Times, String> {
        let cron = Cron::from_str(&written.cron)
            .map_err(|error| format!("cron {:?}: {error}", written.cron))?;
        let zone = written.zone.as_deref().unwrap_or("UTC");
        let zone = Tz::from_str(zone).map_err(|_| format!("there is no time zone {zone:?}"))?;
        Ok(Times { cron, zone })
    }
}

impl Times {
    /// The first of these times after that one, both in milliseconds since 1970.
    pub fn after(&self, time: i64) -> Option<i64> {
        let time: DateTime<Utc> = DateTime::from_timestamp_millis(time)?;
        let next = self.cron.find_next_occurrence(&time.with_timezone(&self.zone), false).ok()?;
        Some(next.timestamp_millis())
    }

    /// The last of these times that has come, if one has since `seen`. However many were missed, that is
    /// one.
    pub fn due(&self, seen: i64, now: i64) -> Option<i64> {
        let mut last = None;
        let mut time = seen;
        // A month of minutes is more than anybody misses before it is the same.
        for _ in 0..50_000 {
            match self.after(time).filter(|next| *next <= now && *next > time) {
                Some(next) => (last, time) = (Some(next), next),
                None => break,
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, zone: &str) -> Times {
        let zone = Some(zone.to_owned());
        Times::try_from(Written { cron: cron.to_owned(), zone }).expect("valid")
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
    }

    fn said(time: i64) -> String {
        DateTime::from_timestamp_millis(time).expect("in range").format("%FT%TZ").to_string()
    }

    /// The next times, in UTC.
    fn next(times: &Times, from: &str, count: usize) -> Vec<String> {
        let mut time = at(from);
        let mut found = Vec::new();
        for _ in 0..count {
            time = times.after(time).expect("there is always another one");
            found.push(said(time));
        }
        found
    }

    #[test]
    fn the_17th_of_every_month_is_at_six_by_the_clock_on_the_wall() {
        let times = times("0 6 17 * *", "Europe/Prague");
        assert_eq!(
            next(&times, "2027-02-20T00:00:00Z", 3),
            // Summer time begins on March 28th.
            ["2027-03-17T05:00:00Z", "2027-04-17T04:00:00Z", "2027-05-17T04:00:00Z"]
        );
    }

    #[test]
    fn a_leap_day_comes_when_there_is_one() {
        let times = times("0 0 29 2 *", "UTC");
        assert_eq!(
            next(&times, "2027-01-01T00:00:00Z", 2),
            ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]
        );
    }

    #[test]
    fn months_end_on_their_own_days() {
        let last = times("0 12 L * *", "UTC");
        assert_eq!(
            next(&last, "2028-01-15T00:00:00Z", 3),
            ["2028-01-31T12:00:00Z", "2028-02-29T12:00:00Z", "2028-03-31T12:00:00Z"]
        );
        // A 31st that is not there does not come.
        let thirty_first = times("0 12 31 * *", "UTC");
        assert_eq!(
            next(&thirty_first, "2027-03-01T00:00:00Z", 3),
            ["2027-03-31T12:00:00Z", "2027-05-31T12:00:00Z", "2027-07-31T12:00:00Z"]
        );
    }

    #[test]
    fn an_hour_that_is_skipped_or_comes_twice_is_one_time() {
        // On March 28th 2027, 02:30 does not exist in Prague; on October 31st there are two.
        let times = times("30 2 * * *", "Europe/Prague");
        let spring = next(&times, "2027-03-27T03:00:00Z", 2);
        assert_eq!(spring[1], "2027-03-29T00:30:00Z");
        assert!(spring[0].starts_with("2027-03-28T01:"), "{spring:?}");
        let autumn = next(&times, "2027-10-30T12:00:00Z", 2);
        assert!(autumn[0].starts_with("2027-10-31T0"), "{autumn:?}");
        assert_eq!(autumn[1], "2027-11-01T01:30:00Z", "{autumn:?}");
    }

    #[test]
    fn what_was_missed_is_caught_up_once() {
        let times = times("0 6 17 * *", "UTC");
        let seen = at("2027-01-17T06:00:00Z");
        assert_eq!(times.due(seen, at("2027-02-17T05:59:59Z")), None);
        assert_eq!(times.due(seen, at("2027-02-17T06:00:00Z")), Some(at("2027-02-17T06:00:00Z")));
        // Down over three of them: the last one counts, and is over when it was seen to.
        let back = at("2027-04-20T10:00:00Z");
        let due = times.due(seen, back).expect("three were missed");
        assert_eq!(said(due), "2027-04-17T06:00:00Z");
        assert_eq!(times.due(due, back), None);
        // A clock that was set back makes nothing due again.
        assert_eq!(times.due(due, at("2027-03-01T00:00:00Z")), None);
    }
}
