//! What is said about an operation of one kernel against another: the vocabulary of pages and tables.
//!
//! The numbers come from the engine of `changes/`; `judging` brings them here.

use serde::Serialize;

use super::alerts::{counted, interval, probability, signed};

/// What is said about one operation of one kernel, against its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// It is worse, and by more than noise explains.
    Regressed,
    /// It is better, and by more than noise explains.
    Improved,
    /// It looks changed, but a level rests on a single iteration.
    Suspect,
    /// Any change is smaller than would matter.
    NoChange,
    /// The data decide neither.
    Inconclusive,
    /// It is the baseline itself.
    Baseline,
    /// One of the two was not measured.
    NotMeasured,
}

/// Why nothing could be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// That it is noise is too likely.
    Noise,
    /// Too small for an alert, not certain enough for "no change".
    Small,
    /// A part of a gradual change that is reported where it began.
    Drift,
    /// Something changed, but not certainly in this direction.
    Direction,
    /// Both columns are runs of the same kernel, which are judged together.
    SameKernel,
    /// The two have no kernel in common that both were made from, or lie in different folders.
    Unrelated,
}

/// A verdict with its reasons. Figures are rounded to what is shown: what nobody can see must not
/// make a page another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The verdict.
    pub kind: VerdictKind,
    /// Change of the level in percent of the old one, positive where better.
    pub effect: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Probability of a change in the direction of the effect.
    pub probability: Option<f64>,
    /// Iterations that the two levels rest on, also those of other kernels at the same level.
    pub boots: (usize, usize),
    /// Iterations of each kernel, in all, that would decide it; only of what is undecided.
    pub boots_needed: Option<u32>,
    /// Why it is undecided.
    pub reason: Option<Reason>,
    /// The alert that tells more.
    pub alert: Option<String>,
}

impl Verdict {
    /// A verdict without figures.
    pub fn bare(kind: VerdictKind) -> Verdict {
        Verdict {
            kind,
            effect: None,
            interval: None,
            probability: None,
            boots: (0, 0),
            boots_needed: None,
            reason: None,
            alert: None,
        }
    }

    /// The verdict of a baseline about itself, and of all before they are judged.
    pub fn baseline(measured: bool) -> Verdict {
        Verdict::bare(if measured { VerdictKind::Baseline } else { VerdictKind::NotMeasured })
    }

    /// `true` for what changed.
    pub fn is_change(&self) -> bool {
        matches!(self.kind, VerdictKind::Regressed | VerdictKind::Improved)
    }

    /// `true` where a level rests on a single iteration: no statistics can help.
    pub fn cannot_be_judged(&self) -> bool {
        self.kind == VerdictKind::Inconclusive && self.boots.0.min(self.boots.1) < 2
    }

    /// One sentence that says why.
    pub fn sentence(&self) -> String {
        let size = self.size();
        let p = self.probability.map_or(String::new(), probability);
        let (before, after) = self.boots;
        let rests = format!("levels from {before} and {} ", counted(after, "iteration"));
        let rests = rests.trim_end();
        match self.kind {
            VerdictKind::Regressed => format!("worse: {size}, probability {p}; {rests}"),
            VerdictKind::Improved => format!("better: {size}, probability {p}; {rests}"),
            VerdictKind::Suspect => format!(
                "suspect: {size}, but a level rests on a single iteration; run that kernel again"
            ),
            VerdictKind::NoChange => {
                format!("no change: {size}, too small to matter; {rests}")
            }
            VerdictKind::Inconclusive => format!("undecided: {}", self.undecided(&size, rests)),
            VerdictKind::Baseline => "baseline".to_owned(),
            VerdictKind::NotMeasured => "not measured on both sides".to_owned(),
        }
    }

    fn size(&self) -> String {
        match (self.effect, self.interval) {
            (Some(effect), Some(ends)) => format!("{} {}", signed(effect), interval(ends)),
            (Some(effect), None) => signed(effect),
            (None, _) => "no figure".to_owned(),
        }
    }

    fn undecided(&self, size: &str, rests: &str) -> String {
        let why = match self.reason {
            Some(Reason::SameKernel) => {
                return "both are runs of the same kernel, and are judged together".to_owned();
            }
            Some(Reason::Unrelated) | None => {
                return "nothing was measured of a kernel that both were made from".to_owned();
            }
            _ if self.cannot_be_judged() => {
                return "a single iteration; at least 2 on each side tell a change from noise"
                    .to_owned();
            }
            Some(Reason::Noise) => format!(
                "that it is noise has probability {}",
                probability(1.0 - self.probability.unwrap_or(0.0))
            ),
            Some(Reason::Small) => {
                "less than is worth an alert, and not certain enough for no change".to_owned()
            }
            Some(Reason::Drift) => {
                "part of a gradual change that began earlier, and is reported there".to_owned()
            }
            Some(Reason::Direction) => "it does not say in which direction".to_owned(),
        };
        let needed = match self.boots_needed {
            Some(boots) => format!("; {} of each kernel would tell", iterations(boots)),
            None => String::new(),
        };
        format!("{size}; {why}; {rests}{needed}")
    }
}

fn iterations(boots: u32) -> String {
    counted(boots as usize, "iteration")
}
