//! What is judged: the kernels of a data base and the measurements of its series.

use serde::Serialize;

pub use crate::model::Direction;

/// A line of releases: mainline or one stable series.
pub type TrackId = usize;

/// One release.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What people call it.
    pub name: String,
    /// The line of releases it belongs to.
    pub track: TrackId,
    /// The release it was made from, an index into [`Tree::kernels`]. For the first of a stable
    /// series this is the mainline release it branched off.
    pub parent: Option<usize>,
    /// Position in its track.
    pub order: usize,
}

/// The releases of a data base. Any order; a parent may stand after its child.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// All releases.
    pub kernels: Vec<Kernel>,
}

impl Tree {
    /// Distance of every kernel from its root; a loop of parents is cut where it closes.
    pub fn depths(&self) -> Vec<usize> {
        (0..self.kernels.len()).map(|kernel| self.ancestors(kernel).count()).collect()
    }

    /// Parent, grandparent, …; at most as many as there are kernels.
    pub fn ancestors(&self, kernel: usize) -> impl Iterator<Item = usize> + '_ {
        let parent = |at: usize| {
            self.kernels.get(at)?.parent.filter(|up| *up < self.kernels.len() && *up != at)
        };
        std::iter::successors(parent(kernel), move |at| parent(*at)).take(self.kernels.len())
    }
}

/// What was measured of one kernel: the samples of each boot.
pub type Observation<'a> = (usize, Vec<&'a [f64]>);

/// One operation of one benchmark on one machine.
#[derive(Clone, Debug)]
pub struct SeriesData<'a> {
    /// Number of the (machine, benchmark) pair: series of one group share boots and events.
    pub group: usize,
    /// Which way is better.
    pub direction: Direction,
    /// Kernel (index into [`Tree::kernels`]) and the samples of its boots. Siblings list the same
    /// boots in the same order. A kernel listed twice pools its boots.
    pub observations: Vec<Observation<'a>>,
}

/// What the user may choose.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Share of false alerts among all alerts, on average.
    pub false_share: f64,
    /// No alert is more likely false than this.
    pub max_lfdr: f64,
    /// Smallest change worth an alert, as a ratio (0.01 = 1 %).
    pub min_effect: f64,
    /// "No change" is said only where the interval lies within ± this ratio.
    pub equivalence: f64,
    /// Two-sided coverage of the intervals shown.
    pub coverage: f64,
    /// Power of the detectability figures.
    pub power: f64,
    /// Fits of the rates of the data base before the final pass.
    pub fits: usize,
    /// Rounds of exchange between siblings.
    pub rounds: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            // Half of what is promised (10 %): siblings make probabilities err together.
            false_share: 0.05,
            max_lfdr: 0.3,
            min_effect: 0.01,
            equivalence: 0.03,
            coverage: 0.90,
            power: 0.80,
            fits: 4,
            rounds: 2,
        }
    }
}
