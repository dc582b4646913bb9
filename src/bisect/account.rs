//! What a search has come to.

use serde::Serialize;

use super::candidates::Described;
use super::entry::Check;
use super::session::Session;
use super::steps::{Outcome, Place, Step};
use super::subject::Alerted;
use crate::stats::robust;

/// Candidates that are listed at most.
const LISTED: usize = 10;

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It goes on.
    Searching,
    /// One commit did it, and measures so against its parent.
    Found,
    /// One commit is likeliest, but does not differ from its parent as the ends do.
    Unconfirmed,
    /// One of several commits.
    Among,
    /// The ends do not differ enough.
    NoGap,
}

/// The state of a search.
#[derive(Debug, Serialize)]
pub struct Account {
    /// What is measured, in words.
    pub metric: String,
    /// The alert that it began with.
    pub alert: Option<Alerted>,
    /// Full name of the older end, the good one but in a search for a repair.
    pub good: String,
    /// Full name of the newer end.
    pub bad: String,
    /// What the older end is called, and the newer one.
    pub ends: [&'static str; 2],
    /// Number of commits between them.
    pub commits: usize,
    /// Number of measurements.
    pub measurements: usize,
    /// Commits that cannot be measured.
    pub skipped: usize,
    /// Commits that make the same image as their parent.
    pub no_code_change: usize,
    /// Hours that builds and measurements took.
    pub hours: f64,
    /// From good to bad; absent before the ends are measured, and where the good one is 0.
    pub change_pct: Option<f64>,
    /// Distance of the ends in deviations of a measurement.
    pub distance: Option<f64>,
    /// How far it is.
    pub state: Stage,
    /// What to measure next.
    pub next: Option<String>,
    /// The likeliest forked off before the good end.
    pub aside: bool,
    /// Share of the culprit in the distance of the ends.
    pub share: Option<f64>,
    /// Measurements of each end that would show the distance.
    pub needed: Option<usize>,
    /// Those that hold the culprit with the certainty asked for, likeliest first.
    pub likeliest: Vec<Candidate>,
    /// How many those are.
    pub credible: usize,
    /// Everything that was measured, in the order of the commits.
    pub measured: Vec<Measured>,
    /// Why more of the config is run than the search began with.
    pub widened: Option<String>,
    /// The bad end without the culprit.
    pub reverted: Option<Reverted>,
    /// The culprit and its parent with another code layout.
    pub relaid: Option<Relaid>,
}

/// A commit that may have done it.
#[derive(Debug, Serialize)]
pub struct Candidate {
    /// Full name.
    pub commit: String,
    /// First line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// Probability that it did it.
    pub probability: f64,
    /// What was measured of it.
    pub values: Vec<f64>,
    /// It cannot be measured.
    pub skipped: bool,
}

/// What was measured of a commit.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Full name.
    pub commit: String,
    /// Its place among the commits in question, from 1; 0 is the older end.
    pub number: usize,
    /// First line of its message.
    pub subject: String,
    /// Results, in the order in which they came.
    pub values: Vec<f64>,
    /// Their median.
    pub median: Option<f64>,
    /// Why it cannot be measured.
    pub skip: Option<String>,
    /// Probability that it did it.
    pub probability: f64,
}

/// The bad end without the culprit.
#[derive(Debug, Serialize)]
pub struct Reverted {
    /// What was measured.
    pub values: Vec<f64>,
    /// Their median.
    pub median: Option<f64>,
    /// Why it could not be.
    pub failed: Option<String>,
}

/// The culprit and what it is set against, built with another code layout.
#[derive(Debug, Serialize)]
pub struct Relaid {
    /// What was measured without the culprit.
    pub before: Vec<f64>,
    /// What was measured with it.
    pub after: Vec<f64>,
    /// The step between their medians as a share of the distance of the ends.
    pub share: Option<f64>,
    /// Why they could not be measured.
    pub failed: Option<String>,
}

impl Account {
    /// Of a search as it is.
    pub fn of(session: &Session) -> Account {
        let search = &session.search;
        let commits = search.commits();
        let levels = search.levels();
        let step = search.step();
        let posterior = search.posterior();
        let credible = search.credible();
        let culprit = match &step {
            Step::Done(Outcome::Found(c) | Outcome::Unconfirmed(c)) => Some(*c),
            _ => None,
        };
        let listed = match culprit {
            Some(culprit) => vec![culprit.commit],
            // Before the ends are known, all are alike.
            None if levels.is_none() => Vec::new(),
            None => credible.iter().copied().take(LISTED).collect(),
        };
        let candidate = |at: usize| {
            let Described { commit, subject, author, .. } =
                session.described(Place::Commit(at)).clone();
            let values = search.values(Place::Commit(at)).to_vec();
            let skipped = search.is_skipped(at);
            Candidate { commit, subject, author, probability: posterior[at], values, skipped }
        };
        let count =
            |what: &dyn Fn(usize) -> bool| (0..commits.count()).filter(|at| what(*at)).count();
        Account {
            metric: session.subject.metric.clone(),
            alert: session.subject.alert.clone(),
            ends: session.subject.ends(),
            good: session.subject.good.clone(),
            bad: session.subject.bad.clone(),
            commits: commits.count(),
            measurements: search.measured(),
            skipped: count(&|at| search.is_skipped(at)),
            no_code_change: count(&|at| search.changes_no_code(at)),
            hours: session.hours(),
            change_pct: levels.and_then(|levels| levels.percent()),
            distance: levels.map(|levels| levels.distance()),
            state: stage(&step),
            next: match step {
                Step::Measure(place, _) => Some(session.name(place).to_owned()),
                Step::Done(_) => None,
            },
            aside: culprit.is_some_and(|culprit| commits.is_aside(culprit.commit)),
            share: culprit.map(|culprit| culprit.share),
            needed: match step {
                Step::Done(Outcome::NoGap { needed, .. }) => needed,
                _ => None,
            },
            likeliest: listed.into_iter().map(candidate).collect(),
            credible: credible.len(),
            measured: measured(session, &posterior),
            widened: session.widened().map(str::to_owned),
            reverted: culprit.and_then(|culprit| reverted(session, culprit.commit)),
            relaid: culprit.and_then(|culprit| relaid(session, culprit.commit)),
        }
    }

    /// How long builds and measurements took, if that is known: `40 minutes`.
    pub fn spent(&self) -> Option<String> {
        match self.hours {
            hours if hours <= 0.0 => None,
            hours if hours < 1.0 / 60.0 => Some("less than a minute".to_owned()),
            hours if hours < 1.5 => Some(format!("{:.0} minutes", (60.0 * hours).ceil())),
            hours => Some(format!("{hours:.1} hours")),
        }
    }

    /// The commit that did it, if it is known.
    pub fn culprit(&self) -> Option<&Candidate> {
        self.likeliest.first().filter(|_| self.state == Stage::Found)
    }

    /// What the search says, as a clause.
    pub fn verdict(&self) -> String {
        let share = self.share.map_or(0.0, |share| 100.0 * share);
        match self.state {
            Stage::Found if share < 75.0 => format!(
                "found, and confirmed against its parent; its step is {share:.0} % of the whole, so others did a part"
            ),
            Stage::Found => format!(
                "found, and confirmed against its parent; its step is {share:.0} % of the whole"
            ),
            Stage::Unconfirmed if self.aside => {
                "most likely, but it forked off before the good end: \
                 what it was made from was not measured"
                    .to_owned()
            }
            Stage::Unconfirmed => format!(
                "most likely, but against its parent it shows only {share:.0} % of the change: \
                 gradual, or several commits, or the luck of a build"
            ),
            Stage::Among => "one of these; what lies between them cannot be told apart".to_owned(),
            Stage::NoGap => match self.needed {
                Some(needed) => format!(
                    "the ends do not differ clearly; {needed} measurements of each would show it"
                ),
                None => "the ends do not differ enough to search between them; take a larger \
                         window, or a benchmark with less noise"
                    .to_owned(),
            },
            Stage::Searching if self.distance.is_none() => {
                "both ends are measured first".to_owned()
            }
            Stage::Searching => format!("searching; {} commits are in question", self.credible),
        }
    }

    /// How the ends differ, beside what the alert said.
    pub fn ends(&self) -> Option<String> {
        let distance = self.distance?;
        let Some(percent) = self.change_pct else {
            return Some(format!("the ends differ by {distance:.1} times the noise"));
        };
        let said = self
            .alert
            .as_ref()
            .map_or(String::new(), |alert| format!(" (the alert said {:+.1} %)", alert.change_pct));
        Some(format!("the ends differ by {percent:+.1} %{said}, {distance:.1} times the noise"))
    }
}

impl Account {
    /// As a sentence: why more of the config is run than at first.
    pub fn widening(&self) -> Option<String> {
        let why = self.widened.as_ref()?;
        Some(format!("More of the config is run than at first: {why}."))
    }

    /// What a commit that was measured is called in a list: its number, or what the older end is.
    pub fn place(&self, one: &Measured) -> String {
        if one.number == 0 { self.ends[0].to_owned() } else { one.number.to_string() }
    }
}

impl Reverted {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        match (&self.failed, self.median) {
            (Some(reason), _) => {
                format!("Without it the newer end cannot be measured: {reason}.")
            }
            (None, Some(median)) => format!(
                "The newer end without it measures {} (median of {}).",
                figure(median),
                self.values.len()
            ),
            (None, None) => "The newer end without it was not measured yet.".to_owned(),
        }
    }
}

impl Relaid {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        match (&self.failed, self.share) {
            (Some(reason), _) => {
                format!("With another code layout it cannot be measured: {reason}.")
            }
            (None, Some(share)) => format!(
                "With another code layout its step is {:.0} % of the whole{}.",
                100.0 * share,
                if share < 0.5 { ": it may be the luck of the layout" } else { "" }
            ),
            (None, None) => "With another code layout it was not measured yet.".to_owned(),
        }
    }
}

/// A result in five digits.
pub fn figure(value: f64) -> String {
    if value.abs() >= 1e12 {
        return format!("{value:.4e}");
    }
    let digits = match value.abs() {
        0.0 => 0,
        size => (4.0 - size.log10().floor()).clamp(0.0, 9.0) as usize,
    };
    format!("{value:.digits$}")
}

fn measured(session: &Session, posterior: &[f64]) -> Vec<Measured> {
    let search = &session.search;
    let places = std::iter::once(Place::Good).chain((0..posterior.len()).map(Place::Commit));
    let reason = |name: &str| -> Option<String> {
        let mut all = session.journal().iter().filter(|entry| entry.commit == name);
        all.find_map(|entry| entry.skip.clone())
    };
    places
        .enumerate()
        .filter_map(|(number, place)| {
            let values = search.values(place).to_vec();
            let commit = session.name(place).to_owned();
            let skip = reason(&commit);
            if values.is_empty() && skip.is_none() {
                return None;
            }
            let subject = session.described(place).subject.clone();
            let median = robust::median(&values);
            let probability = match place {
                Place::Good => 0.0,
                Place::Commit(at) => posterior[at],
            };
            Some(Measured { commit, number, subject, values, median, skip, probability })
        })
        .collect()
}

fn reverted(session: &Session, culprit: usize) -> Option<Reverted> {
    let mut found = Reverted { values: Vec::new(), median: None, failed: None };
    for revert in session.reverts(culprit) {
        match revert {
            Check::Value(value) => found.values.push(*value),
            Check::Failed(reason) => found.failed = Some(reason.clone()),
        }
    }
    found.median = robust::median(&found.values);
    (found.failed.is_some() || !found.values.is_empty()).then_some(found)
}

fn relaid(session: &Session, culprit: usize) -> Option<Relaid> {
    let mut found = Relaid { before: Vec::new(), after: Vec::new(), share: None, failed: None };
    for place in session.search.against(culprit) {
        let side =
            if place == Place::Commit(culprit) { &mut found.after } else { &mut found.before };
        for check in session.relaid(place) {
            match check {
                Check::Value(value) => side.push(*value),
                Check::Failed(reason) => found.failed = Some(reason.clone()),
            }
        }
    }
    found.share = session.search.levels().and_then(|levels| {
        let scaled = |values: &[f64]| robust::median(values).map(|value| levels.scaled(value));
        let step = scaled(&found.after)? - scaled(&found.before)?;
        Some(step * levels.noise / (levels.bad - levels.good)).filter(|share| share.is_finite())
    });
    (found.failed.is_some() || !found.before.is_empty()).then_some(found)
}

fn stage(step: &Step) -> Stage {
    match step {
        Step::Measure(..) => Stage::Searching,
        Step::Done(Outcome::Found(_)) => Stage::Found,
        Step::Done(Outcome::Unconfirmed(_)) => Stage::Unconfirmed,
        Step::Done(Outcome::Among(_)) => Stage::Among,
        Step::Done(Outcome::NoGap { .. }) => Stage::NoGap,
    }
}
