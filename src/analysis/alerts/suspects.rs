//! What looks like a change in the newest kernel, and rests on a single iteration.

use serde::Serialize;

use super::alert::{Turn, Window};
use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, Standing, standing};
use super::measured::BenchmarkKey;
use super::repeats::Again;
use super::words::counted;

/// A benchmark whose newest kernel looks worse or better and was run once. No alert: one iteration
/// may have been disturbed, and running it again tells.
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
    /// The size of the first of them.
    pub effect: Effect,
}

impl Unconfirmed {
    /// `looks worse in 6.13-rc1: 3 operations, worst System-4 +9.5 % [8.0, 11.0]; it ran once, so run
    /// it again`.
    pub fn sentence(&self) -> String {
        let (look, most) = match self.turn {
            Turn::Regression => ("worse", "worst"),
            Turn::Improvement => ("better", "best"),
        };
        let first = self.operations.first().map_or("", String::as_str);
        format!(
            "looks {look} in {}: {}, {most} {first} {}; it ran once, so run it again",
            self.window.first_bad,
            counted(self.operations.len(), "operation"),
            self.effect.words()
        )
    }
}

/// All suspects, by benchmark and kernel.
pub fn suspects(judged: &Judged) -> Vec<Unconfirmed> {
    let mut all: Vec<Unconfirmed> = Vec::new();
    for series in judged.series.chunk_by(|a, b| a.key.of == b.key.of) {
        let mut found: Vec<(usize, Turn, Effect, &JudgedSeries, &str)> = Vec::new();
        for one in series {
            for comparison in &one.verdicts.comparisons {
                let Some(Standing::Suspect { worse }) = standing(comparison) else { continue };
                if judged.again(&one.key.of.place, comparison) == Some(Again::Alike) {
                    continue;
                }
                let turn = if worse { Turn::Regression } else { Turn::Improvement };
                let good = comparison.parent.map_or("", |parent| judged.name(parent));
                found.push((comparison.kernel, turn, one.effect(comparison), one, good));
            }
        }
        found.sort_by(|a, b| {
            let size = |effect: &Effect| effect.at_least_pct();
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| size(&b.2).total_cmp(&size(&a.2)))
        });
        all.extend(found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|together| {
            let (kernel, turn, effect, first, good) = together[0];
            Unconfirmed {
                of: first.key.of.clone(),
                turn,
                window: Window {
                    last_good: good.to_owned(),
                    first_bad: judged.name(kernel).to_owned(),
                    commits: None,
                },
                track: judged.track(kernel),
                operations: together.iter().map(|(.., s, _)| s.key.operation.clone()).collect(),
                effect,
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
