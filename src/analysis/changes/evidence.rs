//! What one series says about a change at each of its kernels, with its noise averaged out.

use super::contamination::{self, BadBoots, Reading};
use super::jumps::{Jumps, PARTS};
use super::levels::Levels;
use super::location::Located;
use super::noise::{JITTERS, Node};
use super::segmentation::{self, Messages, Own, Prior, Problem, Sized};
use super::special::{exp_negative, log_sum};

/// Likelihoods of (no change, worse, better) at a kernel, relative to that of the data.
pub type Likelihoods = [f64; 3];

/// Rates of the data base that a single series needs.
#[derive(Clone, Debug)]
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

/// Readings of a single boot: good, or bad in one of four ways.
const SINGLE: usize = 5;

/// How closely to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// Shared luck, and for the kernels to evaluate under it how much that of those before counts.
    pub luck: Option<(&'a SharedLuck, &'a [Option<f64>])>,
    /// Probability that a boot of this series is bad.
    pub bad_rate: f64,
    /// Only to find out which noise hypotheses count.
    pub coarse: bool,
}

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
    nodes: &[Node],
    priors: &[Prior],
    rates: &Rates,
    look: Look,
) -> Evidence {
    let mut readings: Vec<Vec<Reading>> = Vec::new();
    let mut views: Vec<View> = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        // What boots can mean does not depend on how kernels vary.
        if at == 0 || !node.reads_as(&nodes[at - 1]) {
            readings = all_readings(series, node, rates, look.bad_rate);
        }
        views.push(View::new(series, node, &readings, priors, rates, &look));
    }
    let logs: Vec<f64> = views
        .iter()
        .zip(nodes)
        .map(|(view, node)| {
            view.ln_likelihood
                + node.ln_prior
                + node.jitter.map_or(0.0, |jitter| rates.jitters[jitter].max(1e-6).ln())
        })
        .collect();
    let total = log_sum(&logs);
    let weights: Vec<f64> = logs.iter().map(|log| (log - total).exp()).collect();
    average(&views, weights)
}

/// The series under one noise hypothesis.
struct View {
    ln_likelihood: f64,
    edges: Vec<Likelihoods>,
    alone: Vec<[f64; 2]>,
    shared: Vec<Option<Vec<Sized>>>,
    levels: Vec<f64>,
    variances: Vec<f64>,
    estimates: Vec<f64>,
    bad_boots: Vec<f64>,
}

impl View {
    fn new(
        series: &Located,
        node: &Node,
        readings: &[Vec<Reading>],
        priors: &[Prior],
        rates: &Rates,
        look: &Look,
    ) -> View {
        let best: Vec<Reading> = readings.iter().map(|r| *likeliest(r)).collect();
        let variances: Vec<f64> = best.iter().map(|r| r.variance + node.kernel).collect();
        let levels = lattice(readings, node, &variances, &rates.jumps, look);
        let parents: Vec<Option<usize>> = series.seen.iter().map(|seen| seen.parent).collect();
        let leaf = |at: usize| !parents.contains(&Some(at));
        let (mut own, mut scales) = (Vec::new(), Vec::new());
        for (at, readings) in readings.iter().enumerate() {
            let (values, scale) = likelihood(readings, node.kernel, &levels.at, None);
            // At a leaf, a change of one kernel is any change.
            own.push(Own::new(&levels, values, parents[at].is_some() && !leaf(at)));
            scales.push(scale);
        }
        let beliefs = segmentation::propagate(&Problem {
            parents: &parents,
            levels: &levels,
            own: &own,
            priors,
            blips: rates.blips,
        });
        let step = levels.at.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let roots = parents.iter().filter(|parent| parent.is_none()).count() as f64;
        let ln_step = if step.is_finite() { step.ln() } else { 0.0 };
        let mut view = View {
            ln_likelihood: beliefs.ln_likelihood + scales.iter().sum::<f64>() + roots * ln_step,
            edges: Vec::new(),
            alone: Vec::new(),
            shared: vec![None; parents.len()],
            levels: Vec::new(),
            variances,
            estimates: best.iter().map(|r| r.mean).collect(),
            bad_boots: Vec::new(),
        };
        for (at, messages) in beliefs.messages.iter().enumerate() {
            let blips = if leaf(at) { 0.0 } else { rates.blips };
            let norm = view.read(messages, &own[at], &levels, priors[at], blips);
            view.count_bad(at, &readings[at], node.kernel);
            let asked = look.luck.and_then(|(luck, asked)| Some((luck, asked[at]?)));
            if let Some((luck, lever)) = asked {
                // Where there is but one kernel before, its luck moves the difference.
                let root = parents[at].filter(|up| parents[*up].is_none());
                let (by_size, who, norm) = match root {
                    Some(up) => {
                        let by_size = messages.by_size_of_root(&own[at], &levels, blips);
                        let none = by_size.weigh(&own[up].here, 1.0).0;
                        (by_size, up, (none / view.edges[at][0]).max(f64::MIN_POSITIVE))
                    }
                    None => (messages.by_size(&levels, blips), at, norm),
                };
                let at_luck = |(share, c): &(f64, f64)| {
                    let luck = (*share, *c * (1.0 + lever).sqrt(), scales[who]);
                    let says = likelihood(&readings[who], node.kernel, &levels.at, Some(luck)).0;
                    by_size.weigh(&says, norm)
                };
                view.shared[at] = Some(luck.at.iter().map(at_luck).collect());
            }
        }
        view
    }

    /// Evidence about a change, and the expected level; returns the likelihood of everything.
    fn read(&mut self, m: &Messages, own: &Own, levels: &Levels, p: Prior, blips: f64) -> f64 {
        let (weights, alone) = m.weigh(own, blips);
        let norm = total(weights, p);
        self.edges.push(weights.map(|value| value / norm));
        self.alone.push([0, 1].map(|side| alone[side] / weights[side + 1].max(1e-280)));
        let context = context(m, own, p, blips).zip(&m.after).zip(&levels.at);
        let sums = context.fold((1e-300, 0.0), |sums, ((weight, after), level)| {
            (sums.0 + weight * after, sums.1 + weight * after * level)
        });
        self.levels.push(sums.1 / sums.0);
        norm
    }

    /// Expected number of bad boots, at the expected level.
    fn count_bad(&mut self, at: usize, readings: &[Reading], kernel: f64) {
        let top = top_weight(readings);
        let level = self.levels[at];
        let mut sums = (1e-300, 0.0);
        for r in readings {
            let variance = r.variance + kernel;
            let distance = level - r.mean;
            let weight =
                height(r, variance, top) * exp_negative(-0.5 * distance * distance / variance);
            sums.0 += weight;
            let told = !r.blind || readings.len() <= SINGLE;
            sums.1 += if told { weight * r.bad as f64 } else { 0.0 };
        }
        self.bad_boots.push(sums.1 / sums.0);
    }
}

fn total(weights: Likelihoods, p: Prior) -> f64 {
    let all = (1.0 - p[0] - p[1]) * weights[0] + p[0] * weights[1] + p[1] * weights[2];
    all.max(f64::MIN_POSITIVE)
}

/// Weight of each level from the kernel itself and those before it.
fn context<'a>(m: &'a Messages, own: &'a Own, p: Prior, b: f64) -> impl Iterator<Item = f64> + 'a {
    (0..m.stay.len()).map(move |l| {
        let steps = (1.0 - b) * (p[0] * m.up[l] + p[1] * m.down[l]);
        let here = (1.0 - p[0] - p[1]) * m.stay[l] + steps;
        here * own.here[l] + b * m.stay[l] * (p[0] * own.above[l] + p[1] * own.below[l])
    })
}

fn all_readings(series: &Located, node: &Node, rates: &Rates, rate: f64) -> Vec<Vec<Reading>> {
    let one = |boots: &[f64]| {
        let (v, worse) = (node.boot, rates.bad.worse);
        let mut all = match node.boot_flip {
            Some(kinds) => {
                let kinds = (kinds.distance, kinds.higher);
                contamination::readings_of_kinds(boots, v, rate, worse, kinds)
            }
            None => contamination::readings(boots, v, rate, worse),
        };
        if let Some(flip) = node.flip {
            // The level is that of the lower kind.
            let (low, high) = ((1.0 - flip.higher).ln(), flip.higher.ln());
            let other = |r: &Reading| Reading {
                ln_weight: r.ln_weight + high,
                mean: r.mean - flip.distance,
                ..*r
            };
            let others: Vec<Reading> = all.iter().map(other).collect();
            all.iter_mut().for_each(|r| r.ln_weight += low);
            all.extend(others);
        }
        all
    };
    series.seen.iter().map(|seen| one(&seen.boots)).collect()
}

fn likeliest(readings: &[Reading]) -> &Reading {
    let mut best = &readings[0];
    for reading in readings.iter().filter(|reading| !reading.blind) {
        if reading.ln_weight > best.ln_weight {
            best = reading;
        }
    }
    best
}

fn lattice(
    readings: &[Vec<Reading>],
    node: &Node,
    variances: &[f64],
    jumps: &Jumps,
    look: &Look,
) -> Levels {
    let typical = super::robust::median(variances).unwrap_or(1e-6).sqrt();
    let likely = readings.iter().flat_map(|readings| {
        let top = readings.iter().map(|r| r.ln_weight).fold(f64::MIN, f64::max);
        readings.iter().filter(move |r| !r.blind && r.ln_weight > top - 7.0)
    });
    let around: Vec<(f64, f64)> =
        likely.map(|r| (r.mean, (r.variance + node.kernel).sqrt())).collect();
    let deviation = if look.coarse { 2.0 * typical } else { typical };
    let by_size = look.luck.is_some_and(|(_, asked)| asked.iter().any(Option::is_some));
    Levels::around(&around, deviation, jumps, by_size)
}

fn top_weight(readings: &[Reading]) -> f64 {
    readings.iter().map(|r| r.ln_weight).fold(f64::MIN, f64::max)
}

/// Largest density of a reading, relative to the best reading's weight.
fn height(reading: &Reading, variance: f64, top: f64) -> f64 {
    exp_negative(reading.ln_weight - top) / (std::f64::consts::TAU * variance).sqrt()
}

/// Likelihood of every level, scaled to at most 1, and the logarithm of the scale.
///
/// `luck` = (share, c, scale): the part of the noise that siblings share is known to be c of its
/// deviations; the same scale as without.
fn likelihood(
    readings: &[Reading],
    kernel: f64,
    levels: &[f64],
    luck: Option<(f64, f64, f64)>,
) -> (Vec<f64>, f64) {
    let (share, c, scale) = luck.unwrap_or((0.0, 0.0, 0.0));
    let top = top_weight(readings);
    let mut values = vec![0.0; levels.len()];
    for reading in readings {
        let all = reading.variance + kernel;
        let (shift, variance) = match reading.blind {
            true => (0.0, all),
            false => (c * (share * all).sqrt(), all * (1.0 - share)),
        };
        let (height, half) = (height(reading, variance, top), -0.5 / variance);
        let centre = reading.mean - shift;
        for (value, level) in values.iter_mut().zip(levels) {
            let distance = level - centre;
            *value += height * exp_negative(half * distance * distance);
        }
    }
    let scale = match luck {
        Some(_) => scale - top,
        None => values.iter().copied().fold(f64::MIN_POSITIVE, f64::max).ln(),
    };
    let factor = (-scale).exp();
    values.iter_mut().for_each(|value| *value = (*value * factor).max(1e-250));
    (values, scale + top)
}

fn average(views: &[View], weights: Vec<f64>) -> Evidence {
    let n = views.first().map_or(0, |view| view.edges.len());
    let mean = |of: &dyn Fn(&View) -> f64| -> f64 {
        views.iter().zip(&weights).map(|(view, weight)| weight * of(view)).sum()
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
        deviations: (0..n).map(|at| mean(&|view| view.variances[at]).sqrt()).collect(),
        estimates: (0..n).map(|at| mean(&|view| view.estimates[at])).collect(),
        bad_boots: (0..n).map(|at| mean(&|view| view.bad_boots[at])).collect(),
        weights,
    }
}
