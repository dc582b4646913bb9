//! What looks like a change, and rests on a single iteration of a kernel.

use std::collections::BTreeSet;

use serde::Serialize;

use super::alert::{Turn, Window};
use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, Standing, standing};
use super::measured::BenchmarkKey;
use super::repeats::Again;
use super::words::counted;
use crate::analysis::changes::ChangeComparison;

/// A benchmark that looks worse or better, where one of the two levels is a kernel that was run once.
/// No alert: one iteration may have been disturbed, and running it again tells.
#[derive(Clone, Debug, Serialize)]
pub struct Unconfirmed {
    /// Benchmark, config, machine.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// What it looks like.
    pub turn: Turn,
    /// Between which kernels.
    pub window: Window,
    /// Track of the kernel.
    pub track: String,
    /// Operations that look changed, the largest first.
    pub operations: Vec<String>,
    /// Operations that the benchmark has.
    pub of_operations: usize,
    /// The size of the first of them.
    pub effect: Effect,
    /// The kernels to run again.
    pub again: Vec<String>,
}

impl Unconfirmed {
    /// `looks worse in 6.13-rc1: 3 operations, worst System-4 +9.5 % [8.0, 11.0]; 6.13-rc1 ran
    /// once, so run it again`.
    pub fn sentence(&self) -> String {
        let (look, most) = match self.turn {
            Turn::Regression => ("worse", "worst"),
            Turn::Improvement => ("better", "best"),
        };
        let first = self.operations.first().map_or("", String::as_str);
        format!(
            "looks {look} in {}: {}, {most} {first} {}; {} ran once, so run it again",
            self.window.first_bad,
            counted(self.operations.len(), "operation"),
            self.effect.words(),
            self.again.join(" and ")
        )
    }
}

/// What one operation looks like.
type Found<'j> = (Turn, Effect, &'j JudgedSeries, &'j ChangeComparison);

/// All suspects, by benchmark and kernel.
pub fn suspects(judged: &Judged) -> Vec<Unconfirmed> {
    let mut all: Vec<Unconfirmed> = Vec::new();
    for series in judged.series.chunk_by(|a, b| a.key.of == b.key.of) {
        let mut found: Vec<Found> = Vec::new();
        for one in series {
            for comparison in &one.verdicts.comparisons {
                let Some(Standing::Suspect { worse }) = standing(comparison) else { continue };
                if judged.again(&one.key.of.place, comparison) == Some(Again::Alike) {
                    continue;
                }
                let turn = if worse { Turn::Regression } else { Turn::Improvement };
                found.push((turn, one.effect(comparison), one, comparison));
            }
        }
        found.sort_by(|a, b| {
            let size = |effect: &Effect| effect.at_least_pct();
            (a.3.kernel, a.0)
                .cmp(&(b.3.kernel, b.0))
                .then_with(|| size(&b.1).total_cmp(&size(&a.1)))
        });
        let alike = |a: &Found, b: &Found| (a.3.kernel, a.0) == (b.3.kernel, b.0);
        all.extend(found.chunk_by(alike).map(|together| {
            let (turn, effect, first, comparison) = together[0];
            let named = |kernel: usize| judged.name(kernel).to_owned();
            let again: BTreeSet<usize> =
                together.iter().flat_map(|(.., comparison)| comparison.single()).collect();
            Unconfirmed {
                of: first.key.of.clone(),
                turn,
                window: Window {
                    last_good: comparison.parent.map(named).unwrap_or_default(),
                    first_bad: named(comparison.kernel),
                    commits: None,
                },
                track: judged.track(comparison.kernel).to_owned(),
                operations: together.iter().map(|(_, _, s, _)| s.key.operation.clone()).collect(),
                of_operations: series.len(),
                effect,
                again: again.into_iter().map(named).collect(),
            }
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::testing::judged;
    use super::*;
    use crate::analysis::changes::ChangeVerdict;

    #[test]
    fn operations_of_one_kernel_are_one_suspect() {
        let row = |levels| ("ivor", "aim9", levels, "6.8 0, 6.9 10");
        let mut judged = judged(&["6.8", "6.9"], &[row("a"), row("b"), row("c")]);
        for series in &mut judged.series[..2] {
            series.verdicts.comparisons[1].verdict = ChangeVerdict::Suspect { worse: true };
        }
        let found = suspects(&judged);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].operations, ["a", "b"]);
        let told = found[0].sentence();
        assert!(told.starts_with("looks worse in 6.9: 2 operations, worst a +10"), "{told}");
    }
}
