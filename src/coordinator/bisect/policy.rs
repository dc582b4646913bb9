//! Which alerts are bisected without anybody asking, and when. No I/O.

use std::str::FromStr as _;

use chrono::{DateTime, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;

use super::seen::Seen;

/// `[bisect]` of coordinator.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auto {
    /// Searches begin by themselves.
    pub auto: bool,
    /// Least severity of the alert.
    pub severity: Least,
    /// Least probability of the change.
    pub certainty: f64,
    /// Another machine has to have seen the same.
    pub corroborated: bool,
    /// Hours a week, on each machine, that such searches may take.
    pub hours_per_week: f64,
    /// Hours of the day in which their measurements begin; at any time where it is left out.
    pub night: Option<Night>,
    /// What is found, whoever began the search, is built and measured with another code layout at last.
    pub layout: bool,
}

impl Default for Auto {
    fn default() -> Auto {
        Auto {
            auto: false,
            severity: Least::Notable,
            certainty: 0.95,
            corroborated: false,
            hours_per_week: 24.0,
            night: None,
            layout: false,
        }
    }
}

/// A severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Least {
    /// All of them.
    Minor,
    /// From 3 % of a benchmark on.
    Notable,
    /// From 10 % on.
    Severe,
}

impl Least {
    fn word(self) -> &'static str {
        match self {
            Least::Minor => "minor",
            Least::Notable => "notable",
            Least::Severe => "severe",
        }
    }
}

/// Hours of the day by the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Night {
    from: NaiveTime,
    to: NaiveTime,
    zone: Tz,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    from: String,
    to: String,
    #[serde(default)]
    zone: Option<String>,
}

impl TryFrom<Written> for Night {
    type Error = String;

    fn try_from(written: Written) -> Result<Night, String> {
        let time = |text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| format!("{text:?} is no time of the day, such as 22:00"))
        };
        let zone = written.zone.as_deref().unwrap_or("UTC");
        let zone = Tz::from_str(zone).map_err(|_| format!("there is no time zone {zone:?}"))?;
        let night = Night { from: time(&written.from)?, to: time(&written.to)?, zone };
        if night.from == night.to {
            return Err("a night that ends when it begins is none; leave it out".to_owned());
        }
        Ok(night)
    }
}

impl Night {
    /// `true` if it is night, at a time in milliseconds since 1970.
    pub fn is(&self, time: i64) -> bool {
        let Some(time) = DateTime::from_timestamp_millis(time) else { return false };
        let time = time.with_timezone(&self.zone).time();
        match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        }
    }

    /// As people write it.
    pub fn text(&self) -> String {
        format!("{} to {} ({})", self.from.format("%H:%M"), self.to.format("%H:%M"), self.zone)
    }
}

/// What else is known of an alert and its machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// There is a search for it, and how far that is.
    pub search: Option<&'static str>,
    /// Why the lab cannot search for it.
    pub unable: Option<String>,
    /// Alert of the search that the machine is busy with.
    pub busy: Option<String>,
    /// Hours that searches of the policy took on the machine in the last seven days.
    pub hours: f64,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// What the policy says of an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// A search begins.
    Now,
    /// It qualifies, but not right now, and why.
    Later(String),
    /// It does not qualify, and why.
    No(Vec<String>),
}

impl Auto {
    /// Whether an alert is bisected by itself.
    pub fn says(&self, alert: &Seen, known: &Known) -> Says {
        let why_not = self.why_not(alert, known);
        if !why_not.is_empty() {
            return Says::No(why_not);
        }
        if let Some(other) = &known.busy {
            return Says::Later(format!("{} is busy with bisect {other}", alert.machine));
        }
        match self.wait(known.hours, known.now) {
            Some(why) => Says::Later(why),
            None => Says::Now,
        }
    }

    /// Why no measurement of a search of the policy may begin now.
    pub fn wait(&self, hours: f64, now: i64) -> Option<String> {
        if hours >= self.hours_per_week {
            return Some(format!(
                "{hours:.1} of {} hours of this week are used up",
                self.hours_per_week
            ));
        }
        let night = self.night.filter(|night| !night.is(now))?;
        Some(format!("measurements begin from {}", night.text()))
    }

    fn why_not(&self, alert: &Seen, known: &Known) -> Vec<String> {
        let mut why = Vec::new();
        let mut no = |so: bool, what: String| {
            if so {
                why.push(what);
            }
        };
        no(alert.turn != "regression", format!("it is no regression: {}", alert.turn));
        no(alert.over, "it is over".to_owned());
        no(alert.state != "new", format!("people said {}", alert.state));
        no(alert.role != "own", format!("it is a {} of another one", alert.role));
        let least = self.severity;
        let class = match alert.class.as_str() {
            "severe" => Least::Severe,
            "notable" => Least::Notable,
            _ => Least::Minor,
        };
        no(class < least, format!("it is {}, and {} is wanted", class.word(), least.word()));
        let certainty = alert.members.first().map_or(0.0, |member| member.probability);
        no(
            certainty < self.certainty,
            format!("its probability is {certainty:.3}, and {} is wanted", self.certainty),
        );
        let agrees = alert.witnesses.iter().any(|witness| witness.says == "agrees");
        no(self.corroborated && !agrees, "no other machine has seen the same".to_owned());
        no(known.search.is_some(), format!("its search is {}", known.search.unwrap_or_default()));
        why.extend(known.unable.clone());
        why
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen::{Effect, Member, Window, Witness};
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
    }

    fn auto(text: &str) -> Auto {
        toml::from_str(text).expect("valid")
    }

    fn alert() -> Seen {
        let witness = |machine: &str, says: &str| Witness {
            machine: machine.to_owned(),
            says: says.to_owned(),
        };
        Seen {
            id: "k3v9x2ma".to_owned(),
            machine: "ivor".to_owned(),
            config: "network-netperf".to_owned(),
            run_path: "ivor/network-netperf".to_owned(),
            benchmark: "netperf-udp".to_owned(),
            turn: "regression".to_owned(),
            window: Window { last_good: "6.8".to_owned(), first_bad: "6.9".to_owned() },
            severity: 12.0,
            class: "severe".to_owned(),
            members: vec![Member {
                operation: "send-1024".to_owned(),
                effect: Effect { value_pct: -12.0, value_interval: (-13.0, -11.0) },
                probability: 0.99,
            }],
            witnesses: vec![witness("ivy", "agrees"), witness("iris", "cannot_tell")],
            role: "own".to_owned(),
            state: "new".to_owned(),
            over: false,
            title: String::new(),
        }
    }

    #[test]
    fn a_night_goes_on_past_midnight_by_the_clock_on_the_wall() {
        let Some(night) =
            auto("night = { from = \"22:00\", to = \"06:00\", zone = \"Europe/Prague\" }").night
        else {
            panic!("it was said")
        };
        for (time, is) in [
            // Winter, an hour ahead of UTC.
            ("2027-01-10T20:59:00Z", false),
            ("2027-01-10T21:00:00Z", true),
            ("2027-01-11T04:59:00Z", true),
            ("2027-01-11T05:00:00Z", false),
            // Summer, two.
            ("2027-07-10T20:00:00Z", true),
            ("2027-07-11T04:00:00Z", false),
            // The night in which the clock jumps from 02:00 to 03:00.
            ("2027-03-28T01:30:00Z", true),
            ("2027-03-28T03:59:00Z", true),
            ("2027-03-28T04:00:00Z", false),
        ] {
            assert_eq!(night.is(at(time)), is, "{time}");
        }
        let Some(lunch) = auto("night = { from = \"12:00\", to = \"13:00\" }").night else {
            panic!("it was said")
        };
        assert!(lunch.is(at("2027-01-10T12:30:00Z")) && !lunch.is(at("2027-01-10T13:00:00Z")));
        for wrong in ["{ from = \"25:00\", to = \"6:00\" }", "{ from = \"6:00\", to = \"6:00\" }"] {
            assert!(toml::from_str::<Auto>(&format!("night = {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_alert_that_qualifies_waits_for_its_machine_its_hours_and_the_night() {
        let auto = auto("hours_per_week = 10\nnight = { from = \"22:00\", to = \"06:00\" }");
        let night = at("2027-01-10T23:00:00Z");
        let known = Known { now: night, hours: 9.9, ..Known::default() };
        assert_eq!(auto.says(&alert(), &known), Says::Now);
        for (known, says) in [
            (Known { busy: Some("x".to_owned()), ..known.clone() }, "ivor is busy with bisect x"),
            (Known { hours: 10.0, ..known.clone() }, "10.0 of 10 hours of this week are used up"),
            (
                Known { now: at("2027-01-10T12:00:00Z"), ..known.clone() },
                "measurements begin from 22:00 to 06:00 (UTC)",
            ),
        ] {
            assert_eq!(auto.says(&alert(), &known), Says::Later(says.to_owned()));
        }
    }

    #[test]
    fn whatever_speaks_against_a_search_is_said() {
        let auto = auto("corroborated = true\nseverity = \"severe\"\ncertainty = 0.99");
        let known = Known::default();
        assert_eq!(auto.says(&alert(), &known), Says::Now);
        let unsure = || {
            let mut alert = alert();
            alert.members[0].probability = 0.98;
            alert
        };
        for (alert, known, says) in [
            (Seen { turn: "improvement".to_owned(), ..alert() }, known.clone(), "no regression"),
            (Seen { over: true, ..alert() }, known.clone(), "it is over"),
            (Seen { state: "acknowledged".to_owned(), ..alert() }, known.clone(), "people said"),
            (Seen { role: "backport".to_owned(), ..alert() }, known.clone(), "a backport of"),
            (Seen { class: "notable".to_owned(), ..alert() }, known.clone(), "it is notable, and"),
            (unsure(), known.clone(), "probability is 0.980"),
            (Seen { witnesses: Vec::new(), ..alert() }, known.clone(), "no other machine"),
            (alert(), Known { search: Some("over"), ..known.clone() }, "its search is over"),
            (alert(), Known { unable: Some("no tree".to_owned()), ..known.clone() }, "no tree"),
        ] {
            let Says::No(why) = auto.says(&alert, &known) else { panic!("{says}") };
            assert!(why.len() == 1 && why[0].contains(says), "{why:?}: {says}");
        }
    }
}
