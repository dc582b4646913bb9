//! What a search has come to, in words and as data.

use serde::Serialize;

use crate::bisect::{Outcome, Place, Session, Step, subject};
use crate::cli::paper::{Ink, Paper};

/// Candidates that are listed at most.
const LISTED: usize = 10;

/// The state of a search.
#[derive(Debug, Serialize)]
pub struct Account {
    metric: String,
    good: String,
    bad: String,
    commits: usize,
    measurements: usize,
    skipped: usize,
    /// From good to bad; absent before the ends are measured.
    change_pct: Option<f64>,
    /// Distance of the ends in deviations of a measurement.
    distance: Option<f64>,
    /// `searching`, `found`, `unconfirmed`, `among` or `no gap`.
    state: &'static str,
    /// What to measure next.
    next: Option<String>,
    /// Share of the culprit in the distance of the ends.
    share: Option<f64>,
    /// Measurements of each end that would show the distance.
    needed: Option<usize>,
    /// Those that hold the culprit with the certainty asked for, likeliest first.
    likeliest: Vec<Candidate>,
    /// How many those are.
    credible: usize,
}

#[derive(Debug, Serialize)]
struct Candidate {
    commit: String,
    subject: String,
    author: String,
    probability: f64,
    values: Vec<f64>,
    skipped: bool,
}

impl Account {
    /// Of a search as it is.
    pub fn of(session: &Session) -> Account {
        let search = &session.search;
        let commits = search.commits();
        let channel = search.channel();
        let step = search.step();
        let posterior = search.posterior();
        let credible = search.credible();
        let listed = match &step {
            Step::Done(Outcome::Found(c) | Outcome::Unconfirmed(c)) => vec![c.commit],
            _ => credible.iter().copied().take(LISTED).collect(),
        };
        let candidate = |at: usize| {
            let commit = commits.name(at).to_owned();
            let (subject, author) = subject(&session.subject.tree, &commit);
            let values = search.values(Place::Commit(at)).to_vec();
            let skipped = search.is_skipped(at);
            Candidate { commit, subject, author, probability: posterior[at], values, skipped }
        };
        Account {
            metric: session.subject.metric.clone(),
            good: session.subject.good.clone(),
            bad: session.subject.bad.clone(),
            commits: commits.count(),
            measurements: search.measured(),
            skipped: (0..commits.count()).filter(|at| search.is_skipped(*at)).count(),
            change_pct: channel.map(|channel| channel.percent()),
            distance: channel.map(|channel| channel.distance()),
            state: state(&step),
            next: match step {
                Step::Measure(place, _) => Some(session.name(place).to_owned()),
                Step::Done(_) => None,
            },
            share: match step {
                Step::Done(Outcome::Found(c) | Outcome::Unconfirmed(c)) => Some(c.share),
                _ => None,
            },
            needed: match step {
                Step::Done(Outcome::NoGap { needed, .. }) => needed,
                _ => None,
            },
            likeliest: listed.into_iter().map(candidate).collect(),
            credible: credible.len(),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut paper = Paper::new();
        let heading = if self.metric.is_empty() { "bisect" } else { self.metric.as_str() };
        let heading = paper.ink(Ink::Strong, heading);
        paper.line(&format!(
            "{heading}: {} commits between {:.12} (good) and {:.12} (bad)",
            self.commits, self.good, self.bad
        ));
        let left_out = match self.skipped {
            0 => String::new(),
            n => format!(", {n} left out"),
        };
        let ends = match (self.change_pct, self.distance) {
            (Some(percent), Some(distance)) => {
                format!("; the ends differ by {percent:+.1} %, {distance:.1} times the noise")
            }
            _ => String::new(),
        };
        paper.line(&format!("{} measurements{left_out}{ends}", self.measurements));
        paper.line("");
        self.verdict(&mut paper);
        for candidate in &self.likeliest {
            let probability = 100.0 * candidate.probability;
            let unmeasured = if candidate.skipped { " (cannot be measured)" } else { "" };
            paper.line(&format!(
                "  {probability:5.1} %  {:.12}  {}{unmeasured}",
                candidate.commit, candidate.subject
            ));
        }
        if let Some(next) = &self.next {
            paper.line("");
            paper.line(&format!("measure next: {next}"));
        }
        paper.finish()
    }

    fn verdict(&self, paper: &mut Paper) {
        let share = self.share.map_or(0.0, |share| 100.0 * share);
        let line = match self.state {
            "found" => {
                let part = match share {
                    share if share < 75.0 => {
                        format!("; its step is {share:.0} % of the whole, so others did a part")
                    }
                    share => format!("; its step is {share:.0} % of the whole"),
                };
                format!("found, and confirmed against its parent{part}:")
            }
            "unconfirmed" => format!(
                "most likely, but against its parent it shows only {share:.0} % of the change: \
                 gradual, or several commits, or the luck of a build:"
            ),
            "among" => "one of these; what lies between them cannot be told apart:".to_owned(),
            "no gap" => match self.needed {
                Some(needed) => format!(
                    "the ends do not differ clearly; {needed} measurements of each would show it"
                ),
                None => {
                    "the ends do not differ enough to search between them; take a larger window, \
                         or a benchmark with less noise"
                        .to_owned()
                }
            },
            _ if self.distance.is_none() => "measuring both ends first".to_owned(),
            _ => format!("searching; {} commits are in question:", self.credible),
        };
        paper.line(&line);
    }
}

fn state(step: &Step) -> &'static str {
    match step {
        Step::Measure(..) => "searching",
        Step::Done(Outcome::Found(_)) => "found",
        Step::Done(Outcome::Unconfirmed(_)) => "unconfirmed",
        Step::Done(Outcome::Among(_)) => "among",
        Step::Done(Outcome::NoGap { .. }) => "no gap",
    }
}
