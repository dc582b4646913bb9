//! The whole calculation of one verdict, in words and numbers.

use serde::Serialize;

use super::alert::Window;
use super::effect::{Effect, bare, interval, signed};
use super::judged::{Judged, JudgedSeries, Standing, standing};
use super::measured::SeriesKey;
use super::words::{counted, figure, probability};
use crate::analysis::changes::{ChangeComparison, ChangeVerdict, Note, Scale, Settings};

/// One verdict, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Which operation, and where.
    #[serde(flatten)]
    pub key: SeriesKey,
    /// The two kernels.
    pub window: Window,
    /// Name and value of each step, in the order of the calculation; a value may be a sentence.
    pub steps: Vec<(String, String)>,
    /// Why it was flagged, or was not.
    pub sentence: String,
}

/// Explains the comparison at this kernel; absent if the series has none there.
pub fn explain(
    judged: &Judged,
    series: &JudgedSeries,
    kernel: usize,
    settings: &Settings,
) -> Option<Explanation> {
    let comparison = series.across(judged.tree(), kernel)?;
    let view = View { judged, series, comparison, effect: series.effect(comparison), settings };
    let name = |kernel: Option<usize>| kernel.map_or("", |kernel| judged.name(kernel)).to_owned();
    let window = Window {
        last_good: name(comparison.parent),
        first_bad: name(Some(comparison.kernel)),
        commits: None,
    };
    Some(Explanation {
        key: series.key.clone(),
        window,
        steps: view.steps(),
        sentence: view.sentence(),
    })
}

struct View<'v> {
    judged: &'v Judged,
    series: &'v JudgedSeries,
    comparison: &'v ChangeComparison,
    effect: Effect,
    settings: &'v Settings,
}

impl View<'_> {
    fn steps(&self) -> Vec<(String, String)> {
        let c = self.comparison;
        let noise = &self.series.verdicts.noise;
        let mut steps: Vec<(String, String)> = Vec::new();
        let mut step = |name: &str, value: String| steps.push((name.to_owned(), value));
        step("Operation", self.operation());
        if let Some(parent) = c.parent {
            step("Measured before", self.measured(parent));
            step("Measured after", self.measured(c.kernel));
            step("Level before", self.level(c.levels.0, c.kernels.0, c.boots.0));
            step("Level after", self.level(c.levels.1, c.kernels.1, c.boots.1));
            step("Effect", self.size());
        } else {
            step("Measured", self.measured(c.kernel));
        }
        step(
            "Noise",
            format!(
                "{} % between iterations of one kernel, {} % from kernel to kernel that more \
                 iterations do not reduce; together {} % on the level of a kernel; {:.0} degrees of \
                 freedom with what other series lend",
                small(noise.boot),
                small(noise.jitter),
                small(noise.kernel),
                noise.df
            ),
        );
        step(
            "Bad iterations",
            format!(
                "{} % of the iterations of this series are taken for outliers",
                small(noise.contamination)
            ),
        );
        if c.parent.is_some() {
            step("Bayes factor", self.factor());
            step("Prior", self.prior());
            step("Posterior", self.posterior());
            step("Thresholds", self.thresholds());
        }
        step("Detectable", detectable(self.series));
        for note in &self.series.verdicts.notes {
            step("Note", self.note(note));
        }
        steps
    }

    fn operation(&self) -> String {
        let unit = if self.series.unit.is_empty() {
            String::new()
        } else {
            format!(" in {}", self.series.unit)
        };
        format!("{}{unit}, {}", self.series.key.operation, self.series.direction.phrase())
    }

    fn measured(&self, kernel: usize) -> String {
        let counts = self.series.samples.get(&kernel).cloned().unwrap_or_default();
        let total: usize = counts.iter().sum();
        let (least, most) = (counts.iter().min().copied(), counts.iter().max().copied());
        let each = match (least, most) {
            (Some(least), Some(most)) if least == most => format!("{least} each"),
            (Some(least), Some(most)) => format!("{least} to {most} each"),
            _ => "none".to_owned(),
        };
        format!(
            "{}: {} with {} ({each})",
            self.judged.name(kernel),
            counted(counts.len(), "iteration"),
            counted(total, "sample")
        )
    }

    fn level(&self, level: f64, kernels: usize, boots: usize) -> String {
        format!(
            "{} from {} of {} at the same level",
            figure(level),
            counted(boots, "iteration"),
            counted(kernels, "kernel")
        )
    }

    fn size(&self) -> String {
        let coverage = 100.0 * self.settings.coverage;
        let way = if self.effect.is_worse() { "worse" } else { "better" };
        let scale = match self.series.verdicts.scale {
            Scale::Log => "log ratio",
            Scale::Identity => "share of the typical magnitude",
        };
        format!(
            "{} of the value, {coverage:.0} % interval {}; {way} ({scale} {:+.4})",
            signed(self.effect.value_pct),
            interval(self.effect.value_interval),
            self.effect.log
        )
    }

    fn factor(&self) -> String {
        let ln = self.comparison.ln_bayes_factor;
        let (size, says) = match ln {
            ln if ln >= 0.0 => (ln, "for a change"),
            _ => (-ln, "for no change"),
        };
        let times = match size.exp() {
            x if x > 1e6 => "over a million".to_owned(),
            x if x > 100.0 => format!("{x:.0}"),
            x => format!("{x:.1}"),
        };
        format!("{times} to 1 {says}, from this operation alone (ln {ln:.1})")
    }

    fn prior(&self) -> String {
        let shared = self.series.verdicts.noise.shared;
        format!(
            "{} that it changed in this direction, learnt from how often anything changes here and \
             lent by the other operations of the benchmark ({:.0} % of the noise is common to them)",
            probability(self.comparison.lent),
            100.0 * shared
        )
    }

    fn posterior(&self) -> String {
        format!(
            "{} that it changed in this direction; local false-discovery rate {}",
            probability(self.comparison.probability),
            probability(self.comparison.lfdr)
        )
    }

    fn thresholds(&self) -> String {
        let s = self.settings;
        format!(
            "at least {} % of effect, a local false-discovery rate of at most {}, and at most {} on \
             average over all alerts; an interval without 0; more than one boot at both levels",
            bare(100.0 * s.min_effect),
            s.max_lfdr,
            s.false_share
        )
    }

    fn note(&self, note: &Note) -> String {
        match note {
            Note::NoData => "no usable sample".to_owned(),
            Note::OneKernel => "only one kernel was measured".to_owned(),
            Note::IdentityScale => {
                "has values of 0 or less: differences are shares of the typical magnitude"
                    .to_owned()
            }
            Note::LeftOut(count) => format!("{} left out: not finite", counted(*count, "sample")),
        }
    }

    /// Why it was flagged, or what kept it from that: the first reason that holds.
    fn sentence(&self) -> String {
        let c = self.comparison;
        let s = self.settings;
        let way = if self.effect.is_worse() { "worse" } else { "better" };
        let size = self.effect.words();
        let least = 100.0 * s.min_effect;
        match standing(c) {
            Some(Standing::Regression | Standing::Improvement) => {
                return format!(
                    "Flagged as {way}: {size} stands out from noise of {} % with probability {}.",
                    small(self.series.verdicts.noise.kernel),
                    probability(c.probability)
                );
            }
            None if c.parent.is_none() => {
                return "Not flagged: there is no earlier kernel to set it against.".to_owned();
            }
            None => {
                return format!(
                    "Not flagged: no change; the interval lies within ± {} %.",
                    bare(100.0 * s.equivalence)
                );
            }
            Some(Standing::Suspect { .. } | Standing::Inconclusive) => {}
        }
        let why = if let ChangeVerdict::Suspect { .. } = c.verdict {
            let single: Vec<&str> = c.single().map(|kernel| self.judged.name(kernel)).collect();
            format!(
                "only suspect: the level of {} rests on a single iteration; run it again",
                single.join(" and of ")
            )
        } else if c.drifting {
            "it is part of a gradual change that began earlier, and is reported there".to_owned()
        } else if c.effect.abs() < s.min_effect.ln_1p() {
            format!(
                "{size} is less than the {} % that are worth an alert, and not certain enough to call it no change",
                bare(least)
            )
        } else if c.lfdr > s.max_lfdr {
            format!(
                "that it is noise has probability {}, more than the {} allowed",
                probability(c.lfdr),
                s.max_lfdr
            )
        } else if c.interval.0 <= 0.0 && c.interval.1 >= 0.0 {
            "other operations say that something changed, but the interval of this one holds 0: it \
             does not say in which direction"
                .to_owned()
        } else {
            format!(
                "that it is noise has probability {}; together with the more certain ones more than {} of the alerts would be false",
                probability(c.lfdr),
                s.false_share
            )
        };
        let needed = match c.verdict {
            ChangeVerdict::Inconclusive { boots_needed: Some(boots) } => {
                format!(" {} of each kernel would tell.", counted(boots as usize, "iteration"))
            }
            ChangeVerdict::Inconclusive { boots_needed: None } => {
                " No feasible number of iterations would tell: it is too noisy.".to_owned()
            }
            _ => String::new(),
        };
        format!("Not flagged: {why}.{needed}")
    }
}

/// `3 iterations show ≥ 2.1 %, 5 show ≥ 1.6 %`.
fn detectable(series: &JudgedSeries) -> String {
    let table = series.verdicts.detectable.iter().filter(|row| [3, 5, 8].contains(&row.boots));
    let rows: Vec<String> = table
        .map(|row| format!("{} show ≥ {} %", row.boots, bare(100.0 * row.effect.exp_m1())))
        .collect();
    format!("iterations of each of two kernels: {}", rows.join(", "))
}

/// A ratio in percent, with enough digits to be told from 0.
fn small(ratio: f64) -> String {
    let percent = 100.0 * ratio;
    if percent.abs() < 1.0 { format!("{percent:.2}") } else { format!("{percent:.1}") }
}
