//! Did an operation change between two kernels?
//!
//! The unit of replication is the iteration: samples of one iteration share a boot, or at least a
//! state of the machine, and are not independent. Welch's test on the means of the iterations, with
//! the false-discovery rate of Benjamini and Hochberg held over all comparisons of a page.

use serde::Serialize;

use crate::model::{Direction, Operation};
use crate::stats::{difference, fdr, welch};

/// Expected share of false alerts among all alerts of a page.
pub const Q_LIMIT: f64 = 0.10;
/// Changes smaller than this, in percent, are not worth an alert.
pub const MINIMUM_EFFECT: f64 = 1.0;
/// "No change" means that the whole interval lies within this many percent.
pub const NO_CHANGE_MARGIN: f64 = 3.0;

/// What is said about one operation of one kernel, against its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// It is worse, and by more than noise explains.
    Regressed,
    /// It is better, and by more than noise explains.
    Improved,
    /// Any change is smaller than would matter.
    NoChange,
    /// The data decide neither.
    Inconclusive,
    /// It is the baseline itself.
    Baseline,
    /// One of the two was not measured.
    NotMeasured,
}

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The verdict.
    pub kind: VerdictKind,
    /// Change of the mean over iterations in percent, positive where better.
    pub effect: Option<f64>,
    /// 95 % interval of the effect.
    pub interval: Option<(f64, f64)>,
    /// Share of false alerts expected if all as clear as this were called changes.
    pub q: Option<f64>,
    /// Iterations of the baseline and of this kernel.
    pub iterations: (usize, usize),
}

/// A comparison on its way to a verdict, before the others of the page are known.
#[derive(Debug)]
pub struct Evidence {
    verdict: Verdict,
    p: Option<f64>,
}

impl Evidence {
    /// The evidence that `new` differs from `old`; `None` for one that was not measured.
    pub fn weigh(old: Option<&Operation>, new: Option<&Operation>) -> Evidence {
        let measured = |operation: Option<&Operation>| operation.map_or(Vec::new(), means);
        let (before, after) = (measured(old), measured(new));
        let iterations = (before.len(), after.len());
        let mut verdict = Verdict {
            kind: VerdictKind::Inconclusive,
            effect: None,
            interval: None,
            q: None,
            iterations,
        };
        let Some(new) = new.filter(|_| iterations.0 > 0 && iterations.1 > 0) else {
            verdict.kind = VerdictKind::NotMeasured;
            return Evidence { verdict, p: None };
        };
        let base = average(&before);
        if base == 0.0 && average(&after) == 0.0 && new.direction == Direction::Higher {
            // A throughput of nothing on both sides: nothing was measured, whatever was printed.
            verdict.kind = VerdictKind::NotMeasured;
            return Evidence { verdict, p: None };
        }
        let effect = difference::change_percent(new.direction, base, average(&after));
        verdict.effect = Some(effect).filter(|effect| effect.is_finite());
        let Some(test) = welch::test(&before, &after) else { return Evidence { verdict, p: None } };
        if base != 0.0 {
            let interval = in_percent(new.direction, base, test.interval);
            let finite = interval.0.is_finite() && interval.1.is_finite();
            verdict.interval = finite.then_some(interval);
        }
        Evidence { verdict, p: Some(test.p) }
    }
}

/// Turns all evidence of a page into verdicts, in the same order.
pub fn decide(evidence: Vec<Evidence>) -> Vec<Verdict> {
    let p_values: Vec<f64> = evidence.iter().filter_map(|evidence| evidence.p).collect();
    let mut q_values = fdr::benjamini_hochberg(&p_values).into_iter();
    evidence
        .into_iter()
        .map(|Evidence { mut verdict, p }| {
            if p.is_some() {
                verdict.q = q_values.next();
                verdict.kind = judge(&verdict);
            }
            verdict
        })
        .collect()
}

fn judge(verdict: &Verdict) -> VerdictKind {
    let effect = verdict.effect.unwrap_or(0.0);
    let certain = verdict.q.is_some_and(|q| q <= Q_LIMIT);
    if certain && effect.abs() >= MINIMUM_EFFECT {
        return if effect < 0.0 { VerdictKind::Regressed } else { VerdictKind::Improved };
    }
    let within = |(low, high): (f64, f64)| low > -NO_CHANGE_MARGIN && high < NO_CHANGE_MARGIN;
    if verdict.interval.is_some_and(within) {
        VerdictKind::NoChange
    } else {
        VerdictKind::Inconclusive
    }
}

fn means(operation: &Operation) -> Vec<f64> {
    operation.iterations.iter().map(|iteration| iteration.mean).collect()
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A difference of means in percent of the base, positive where better, low end first.
fn in_percent(direction: Direction, base: f64, (low, high): (f64, f64)) -> (f64, f64) {
    let scale = match direction {
        Direction::Higher => 100.0 / base,
        Direction::Lower => -100.0 / base,
    };
    let (a, b) = (low * scale, high * scale);
    (a.min(b), a.max(b))
}

impl Verdict {
    /// The verdict of a baseline about itself.
    pub fn baseline(measured: bool) -> Verdict {
        Verdict {
            kind: if measured { VerdictKind::Baseline } else { VerdictKind::NotMeasured },
            effect: None,
            interval: None,
            q: None,
            iterations: (0, 0),
        }
    }

    /// One sentence that says why.
    pub fn sentence(&self) -> String {
        let (before, after) = self.iterations;
        let effect = |verdict: &Verdict| match (verdict.effect, verdict.interval) {
            (Some(effect), Some((low, high))) => {
                format!("{effect:+.1} % [{low:+.1}, {high:+.1}]")
            }
            (Some(effect), None) => format!("{effect:+.1} %"),
            (None, _) => "no figure".to_owned(),
        };
        let q = self.q.unwrap_or(1.0);
        let counts = format!("{before} against {after} iterations");
        match self.kind {
            VerdictKind::Regressed => format!("worse: {}, q = {q:.3}, {counts}", effect(self)),
            VerdictKind::Improved => format!("better: {}, q = {q:.3}, {counts}", effect(self)),
            VerdictKind::NoChange => {
                format!("no change: {}, within ±{NO_CHANGE_MARGIN} %, {counts}", effect(self))
            }
            VerdictKind::Inconclusive if before < 2 || after < 2 => format!(
                "undecided: {}, but {counts}; at least 2 on each side are needed to tell it from noise",
                effect(self)
            ),
            VerdictKind::Inconclusive => {
                format!("undecided: {}, q = {q:.3}, {counts}", effect(self))
            }
            VerdictKind::Baseline => "baseline".to_owned(),
            VerdictKind::NotMeasured => "not measured on both sides".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Iteration;

    fn operation(direction: Direction, means: &[f64]) -> Operation {
        let iterations =
            (0..).zip(means).map(|(number, mean)| Iteration { number, samples: 5, mean: *mean });
        Operation {
            name: "op".into(),
            direction,
            unit: "s".into(),
            ratio: false,
            samples: 5 * means.len() as u64,
            statistics: Vec::new(),
            interval: None,
            quartiles: [0.0; 5],
            iterations: iterations.collect(),
        }
    }

    fn verdict(direction: Direction, old: &[f64], new: &[f64]) -> Verdict {
        let (old, new) = (operation(direction, old), operation(direction, new));
        decide(vec![Evidence::weigh(Some(&old), Some(&new))]).remove(0)
    }

    const OLD: &[f64] = &[10.0, 10.1, 9.9, 10.05];
    const NEW: &[f64] = &[12.0, 12.1, 11.9, 12.05];

    #[test]
    fn a_clear_change_is_called_by_its_direction() {
        assert_eq!(verdict(Direction::Lower, OLD, NEW).kind, VerdictKind::Regressed);
        assert_eq!(verdict(Direction::Higher, OLD, NEW).kind, VerdictKind::Improved);
        assert_eq!(verdict(Direction::Lower, NEW, OLD).kind, VerdictKind::Improved);
    }

    #[test]
    fn the_same_again_is_no_change() {
        assert_eq!(verdict(Direction::Lower, OLD, OLD).kind, VerdictKind::NoChange);
    }

    #[test]
    fn one_iteration_decides_nothing() {
        let verdict = verdict(Direction::Lower, &[10.0], &[20.0]);
        assert_eq!(verdict.kind, VerdictKind::Inconclusive);
        assert_eq!(verdict.effect, Some(-100.0));
    }

    #[test]
    fn nothing_measured_is_never_no_change() {
        let old = operation(Direction::Higher, &[0.0, 0.0]);
        for new in [None, Some(&old)] {
            let verdicts = decide(vec![Evidence::weigh(Some(&old), new)]);
            assert_eq!(verdicts[0].kind, VerdictKind::NotMeasured);
        }
    }
}
