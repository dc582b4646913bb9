//! What one series says about a change at each of its kernels, with its noise averaged out.

use serde::{Deserialize, Serialize};

use super::blocks::{self, LANES};
use super::by_size::{BySize, Sized};
use super::contamination::BadBoots;
use super::jumps::{Jumps, PARTS};
use super::likelihood::Luck;
use super::location::Located;
use super::noise::JITTERS;
use super::scene::Scene;
use super::segmentation::{Beliefs, Prior, Problem};
use super::special::log_sum;

/// Likelihoods of (no change, worse, better) at a kernel, relative to that of the data.
pub type Likelihoods = [f64; 3];

/// Rates of the data base that a single series needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rates {
    /// Sizes of changes.
    pub jumps: Jumps,
    /// Bad boots.
    pub bad: BadBoots,
    /// Share of changes that concern a single kernel.
    pub blips: f64,
    /// Shares of [`JITTERS`].
    pub jitters: [f64; JITTERS.len()],
}

/// The luck that siblings share.
#[derive(Clone, Debug)]
pub struct SharedLuck {
    /// Hypotheses: share of the variance of a kernel that siblings have in common, and where that
    /// part lies, in its deviations.
    pub at: Vec<(f64, f64)>,
}

/// The kernels to evaluate under shared luck, and how much that of those before counts.
pub type Asked<'a> = (&'a SharedLuck, &'a [Option<f64>]);

/// What one series says.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// At each kernel.
    pub edges: Vec<Likelihoods>,
    /// Shares of the two changes at each kernel that are of this kernel alone.
    pub alone: Vec<[f64; 2]>,
    /// At each kernel asked about, for each position of the shared luck.
    pub shared: Vec<Option<Vec<Sized>>>,
    /// Expected level of each kernel.
    pub levels: Vec<f64>,
    /// Standard deviation of the estimate of each kernel around its level.
    pub deviations: Vec<f64>,
    /// What the boots say about each kernel alone.
    pub estimates: Vec<f64>,
    /// Posterior weight of each noise hypothesis.
    pub weights: Vec<f64>,
    /// Expected number of bad boots at each kernel, where there are good ones to tell by.
    pub bad_boots: Vec<f64>,
}

/// Averages over the noise hypotheses that still count.
pub fn weigh(
    series: &Located,
    scenes: &[Scene],
    priors: &[Prior],
    rates: &Rates,
    asked: Option<Asked>,
) -> Evidence {
    let parents: Vec<Option<usize>> = series.seen.iter().map(|seen| seen.parent).collect();
    let mut leaf = vec![true; parents.len()];
    parents.iter().flatten().for_each(|parent| leaf[*parent] = false);
    let mut beliefs = Beliefs::default();
    let views: Vec<View> = scenes
        .iter()
        .map(|scene| {
            let problem = Problem {
                parents: &parents,
                levels: &scene.levels,
                own: &scene.own,
                priors,
                blips: rates.blips,
            };
            beliefs.propagate(&problem);
            let look = Look { scene, problem, beliefs: &beliefs, leaf: &leaf, asked };
            look.view()
        })
        .collect();
    let log = |(view, scene): (&View, &Scene)| {
        let jitter = scene.node.jitter.map_or(0.0, |jitter| rates.jitters[jitter].max(1e-6).ln());
        view.ln_likelihood + scene.node.ln_prior + jitter
    };
    let logs: Vec<f64> = views.iter().zip(scenes).map(log).collect();
    let total = log_sum(&logs);
    let weights: Vec<f64> = logs.iter().map(|log| (log - total).exp()).collect();
    average(&views, scenes, weights)
}

/// What a series says under one noise hypothesis.
struct View {
    ln_likelihood: f64,
    edges: Vec<Likelihoods>,
    alone: Vec<[f64; 2]>,
    shared: Vec<Option<Vec<Sized>>>,
    levels: Vec<f64>,
    bad_boots: Vec<f64>,
}

/// All that a [`View`] is made from.
struct Look<'a> {
    scene: &'a Scene,
    problem: Problem<'a>,
    beliefs: &'a Beliefs,
    leaf: &'a [bool],
    asked: Option<Asked<'a>>,
}

impl Look<'_> {
    fn view(&self) -> View {
        let parents = self.problem.parents;
        let roots = parents.iter().filter(|parent| parent.is_none()).count() as f64;
        let scales = self.scene.scales.iter().sum::<f64>();
        let n = parents.len();
        let mut view = View {
            ln_likelihood: self.beliefs.ln_likelihood
                + scales
                + roots * self.scene.levels.step.ln(),
            edges: Vec::with_capacity(n),
            alone: Vec::with_capacity(n),
            shared: vec![None; n],
            levels: Vec::with_capacity(n),
            bad_boots: Vec::with_capacity(n),
        };
        for at in 0..n {
            let Read { edge, alone, level, norm } = self.read(at);
            view.edges.push(edge);
            view.alone.push(alone);
            view.levels.push(level);
            view.bad_boots.push(self.scene.bad_boots(at, level));
            let asked = self.asked.and_then(|(luck, asked)| Some((luck, asked[at]?)));
            view.shared[at] = asked.map(|(luck, lever)| {
                let spread = (1.0 + lever).sqrt();
                self.under_luck(at, luck, spread, norm, edge[0])
            });
        }
        view
    }

    /// Share of the changes of a kernel that concern it alone; at a leaf, any does.
    fn blips(&self, at: usize) -> f64 {
        if self.leaf[at] { 0.0 } else { self.problem.blips }
    }

    /// Evidence about a change, and the expected level.
    fn read(&self, at: usize) -> Read {
        let m = self.beliefs.about(at);
        let own = &self.scene.own;
        let (here, above, below) = (own.here.row(at), own.above.row(at), own.below.row(at));
        let blips = self.blips(at);
        let p = self.problem.priors[at];
        let mut sums = [[0.0; LANES]; 6];
        for (b, level) in self.scene.levels.at.iter().enumerate() {
            let (stay, up, down, after) = (&m.stay[b], &m.up[b], &m.down[b], &m.after[b]);
            let (here, above, below) = (&here[b], &above[b], &below[b]);
            for l in 0..LANES {
                let all = here[l] * after[l];
                let same = stay[l] * after[l];
                let steps = [all * stay[l], all * up[l], all * down[l]];
                let alone = [above[l] * same, below[l] * same];
                let change = |side: usize| (1.0 - blips) * steps[side + 1] + blips * alone[side];
                let change = [change(0), change(1)];
                let weight = (1.0 - p[0] - p[1]) * steps[0] + p[0] * change[0] + p[1] * change[1];
                sums[0][l] += steps[0];
                sums[1][l] += change[0];
                sums[2][l] += change[1];
                sums[3][l] += alone[0];
                sums[4][l] += alone[1];
                sums[5][l] += weight * level[l];
            }
        }
        let [none, worse, better, above, below, centre] = sums.map(|lanes| blocks::sum(&lanes));
        let norm = (1.0 - p[0] - p[1]) * none + p[0] * worse + p[1] * better;
        let norm = norm.max(f64::MIN_POSITIVE);
        Read {
            edge: [none, worse, better].map(|way| way / norm),
            alone: [blips * above / worse.max(1e-280), blips * below / better.max(1e-280)],
            level: centre / norm,
            norm,
        }
    }

    /// What a kernel says of its change under each position of shared luck.
    fn under_luck(
        &self,
        at: usize,
        luck: &SharedLuck,
        spread: f64,
        norm: f64,
        none: f64,
    ) -> Vec<Sized> {
        let Look { scene, problem, beliefs, .. } = self;
        let m = beliefs.about(at);
        let here = &scene.own.here;
        // Where there is but one kernel before, its luck moves the difference.
        let root = problem.parents[at].filter(|up| problem.parents[*up].is_none());
        let (by_size, who, norm) = match root {
            Some(up) => {
                let by_size = BySize::of_root(&m, here.row(at), &scene.levels, self.blips(at));
                let all = by_size.none(here.row(up));
                (by_size, up, (all / none).max(f64::MIN_POSITIVE))
            }
            None => (BySize::new(&m, &scene.levels, self.blips(at)), at, norm),
        };
        let luck = luck.at.iter().map(|(share, at)| Luck { share: *share, at: *at * spread });
        scene.under(who, luck, |says| by_size.weigh(says, norm))
    }
}

/// What a series says of one kernel.
struct Read {
    edge: Likelihoods,
    /// Shares of the changes for the worse and for the better that are of this kernel alone.
    alone: [f64; 2],
    /// Expected level.
    level: f64,
    /// Likelihood of everything.
    norm: f64,
}

fn average(views: &[View], scenes: &[Scene], weights: Vec<f64>) -> Evidence {
    let n = views.first().map_or(0, |view| view.edges.len());
    let mean = |of: &dyn Fn(&View) -> f64| -> f64 {
        views.iter().zip(&weights).map(|(view, weight)| weight * of(view)).sum()
    };
    let known = |of: &dyn Fn(&Scene) -> f64| -> f64 {
        scenes.iter().zip(&weights).map(|(scene, weight)| weight * of(scene)).sum()
    };
    let three = |of: &dyn Fn(&View) -> Likelihoods| {
        [mean(&|view| of(view)[0]), mean(&|view| of(view)[1]), mean(&|view| of(view)[2])]
    };
    let shared = |at: usize| {
        let count = views.first()?.shared[at].as_ref()?.len();
        let mut sums = vec![(0.0, [[0.0; PARTS]; 2]); count];
        for (view, weight) in views.iter().zip(&weights) {
            for (sum, value) in sums.iter_mut().zip(view.shared[at].iter().flatten()) {
                sum.0 += weight * value.0;
                let sides = sum.1.iter_mut().flatten().zip(value.1.iter().flatten());
                sides.for_each(|(sum, value)| *sum += weight * value);
            }
        }
        Some(sums)
    };
    Evidence {
        edges: (0..n).map(|at| three(&|view| view.edges[at])).collect(),
        alone: (0..n).map(|at| [0, 1].map(|s| mean(&|view| view.alone[at][s]))).collect(),
        shared: (0..n).map(shared).collect(),
        levels: (0..n).map(|at| mean(&|view| view.levels[at])).collect(),
        deviations: (0..n).map(|at| known(&|scene| scene.variances[at]).sqrt()).collect(),
        estimates: (0..n).map(|at| known(&|scene| scene.estimates[at])).collect(),
        bad_boots: (0..n).map(|at| mean(&|view| view.bad_boots[at])).collect(),
        weights,
    }
}
