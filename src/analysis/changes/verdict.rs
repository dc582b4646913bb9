//! What is said about each series.

use serde::{Deserialize, Serialize};

use super::location::Scale;

/// The verdict on a kernel against the one it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// Worse than before, with few enough false alerts.
    Regressed,
    /// Better than before.
    Improved,
    /// The interval of the difference lies within what counts as the same.
    NoChange,
    /// The data cannot tell; so many boots of each side could, if any feasible number can.
    Inconclusive {
        /// Boots of each kernel, in all: more than one of the two has.
        boots_needed: Option<u32>,
    },
    /// Looks changed, but one of the two levels rests on a single boot: run that kernel again.
    Suspect {
        /// For the worse.
        worse: bool,
    },
    /// There is nothing to compare with.
    First,
}

/// A comparison of a kernel with its parent in one series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The kernel.
    pub kernel: usize,
    /// The nearest measured kernel that it was made from.
    pub parent: Option<usize>,
    /// What is said.
    pub verdict: Verdict,
    /// Log ratio of the levels after and before, positive is worse; on the identity scale a share.
    pub effect: f64,
    /// What the kernel's own boots say of its level, around the series' median, positive is worse.
    pub own: f64,
    /// How far the median of the kernel's boots lies from the level given to it.
    pub off_level: f64,
    /// Probability of a change in either direction.
    pub change: f64,
    /// Change in percent, positive is worse.
    pub effect_percent: f64,
    /// Interval of the effect, as log ratio.
    pub interval: (f64, f64),
    /// Probability of a change in the direction of the effect.
    pub probability: f64,
    /// Local false-discovery rate: 1 − probability.
    pub lfdr: f64,
    /// Likelihood of a change in that direction over that of none, from this series alone.
    pub ln_bayes_factor: f64,
    /// Prior probability with what siblings say.
    pub lent: f64,
    /// Levels before and after, in the unit of the metric.
    pub levels: (f64, f64),
    /// Kernels that the two levels rest on.
    pub kernels: (usize, usize),
    /// Boots that the two levels rest on.
    pub boots: (usize, usize),
    /// Last kernel of a gradual change that begins here.
    pub drift_end: Option<usize>,
    /// Part of a gradual change that began earlier and is reported there.
    pub drifting: bool,
    /// Becomes an alert (also when only suspect).
    pub alert: bool,
}

impl Comparison {
    /// The kernels that are all of their level and have a single boot, the older first.
    pub fn single(&self) -> impl Iterator<Item = usize> {
        let before = self.parent.filter(|_| self.boots.0 == 1);
        let after = (self.boots.1 == 1).then_some(self.kernel);
        before.into_iter().chain(after)
    }
}

/// The noise of a series as it was estimated.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct NoiseModel {
    /// Deviation of the estimate of a kernel.
    pub kernel: f64,
    /// Deviation of a boot.
    pub boot: f64,
    /// Deviation from kernel to kernel that more boots do not reduce.
    pub jitter: f64,
    /// Degrees of freedom, with what other series lend.
    pub df: f64,
    /// Deviation of rounding.
    pub quantum: f64,
    /// Probability that a boot is bad.
    pub contamination: f64,
    /// Part of the variance that siblings share.
    pub shared: f64,
}

/// The smallest effect that so many boots of each of two kernels show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detectable {
    /// Boots of each kernel.
    pub boots: u32,
    /// Log ratio.
    pub effect: f64,
}

/// Why a series has no verdicts, or how its values were read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Note {
    /// No finite sample of any kernel of the tree.
    NoData,
    /// Only one kernel was measured.
    OneKernel,
    /// Values of 0 or less: differences are shares of the typical magnitude, not ratios.
    IdentityScale,
    /// Samples that are not finite, or of unknown kernels, were left out.
    LeftOut(usize),
}

/// All that is said about one series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeriesVerdicts {
    /// How the values were read.
    pub scale: Scale,
    /// What is odd about the data.
    pub notes: Vec<Note>,
    /// Its noise.
    pub noise: NoiseModel,
    /// What boots could show.
    pub detectable: Vec<Detectable>,
    /// Each measured kernel against its parent, parents first.
    pub comparisons: Vec<Comparison>,
}

impl SeriesVerdicts {
    /// The change points: comparisons that became alerts.
    pub fn changes(&self) -> impl Iterator<Item = &Comparison> {
        self.comparisons.iter().filter(|comparison| comparison.alert)
    }
}
