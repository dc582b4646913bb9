//! From samples to one number a boot.
//!
//! The boot is the unit of replication: samples of one boot share its luck (Kalibera & Jones 2013).

use serde::{Deserialize, Serialize};

use super::model::{SeriesData, Tree};
use super::special;
use crate::stats::robust;

/// Whether differences are read as ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Logarithms: differences are log ratios.
    Log,
    /// A value is 0 or negative: differences are shares of the typical magnitude.
    Identity,
}

/// A kernel as one series saw it.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Index in the tree.
    #[serde(skip)] // a new kernel moves those after it: see `Told`
    pub kernel: usize,
    /// Place of the nearest measured ancestor in [`Located::seen`], always an earlier one.
    pub parent: Option<usize>,
    /// Location of each boot, larger is worse, around 0.
    pub boots: Vec<f64>,
    /// Position of each boot in the input, which siblings share.
    pub slots: Vec<usize>,
    /// Samples of all boots.
    pub samples: usize,
}

/// A series, reduced to one number a boot.
#[derive(Clone, Debug, Serialize)]
pub struct Located {
    /// How the values were read.
    pub scale: Scale,
    /// What 0 stands for, in the unit of the metric.
    pub centre: f64,
    /// +1 where larger values are worse.
    pub worse: f64,
    /// Measured kernels, parents first.
    pub seen: Vec<Seen>,
    /// Variance of a sample within a boot, moderated towards nothing.
    pub within: Option<f64>,
    /// Median number of samples a boot.
    pub samples: f64,
    /// Variance of rounding.
    pub quantum: f64,
}

impl Located {
    /// Value in the unit of the metric that a location stands for.
    pub fn value(&self, location: f64) -> f64 {
        match self.scale {
            Scale::Log => (location * self.worse).exp() * self.centre,
            Scale::Identity => (location * self.worse + 1.0) * self.centre,
        }
    }

    /// Median number of boots a kernel.
    pub fn boots(&self) -> f64 {
        let counts: Vec<f64> = self.seen.iter().map(|seen| seen.boots.len() as f64).collect();
        robust::median(&counts).unwrap_or(0.0)
    }
}

/// Samples of one boot, with its slot in the input.
type Boot = (usize, Vec<f64>);

/// Reduces a series. Samples that are not finite, and kernels outside the tree, are left out.
pub fn locate(tree: &Tree, depths: &[usize], series: &SeriesData) -> Located {
    let mut kernels = gather(tree, series);
    kernels.sort_by_key(|(kernel, _)| (depths[*kernel], *kernel));
    let worse = series.direction.worse_sign();
    let quantum = quantum(&kernels);
    let (scale, centre) = transform(&mut kernels, worse);
    // A negative centre turns the sense of a share around.
    let worse = worse * centre.signum();
    remove_warmup(&mut kernels);
    let within = within_variance(&kernels);
    let spread = within.map_or(0.0, f64::sqrt);
    let order: Vec<usize> = kernels.iter().map(|(kernel, _)| *kernel).collect();
    let seen = kernels.iter().map(|(kernel, boots)| Seen {
        kernel: *kernel,
        parent: tree.ancestors(*kernel).find_map(|up| order.iter().position(|k| *k == up)),
        boots: boots.iter().filter_map(|(_, b)| robust::biweight_mean(b, spread)).collect(),
        slots: boots.iter().map(|(slot, _)| *slot).collect(),
        samples: boots.iter().map(|(_, b)| b.len()).sum(),
    });
    let mut seen: Vec<Seen> = seen.collect();
    cut_loops(&mut seen);
    let counts: Vec<f64> =
        kernels.iter().flat_map(|(_, boots)| boots.iter().map(|(_, b)| b.len() as f64)).collect();
    let samples = robust::median(&counts).unwrap_or(0.0);
    Located { scale, centre, worse, seen, within, samples, quantum }
}

/// Finite samples by kernel; empty boots and kernels vanish.
fn gather(tree: &Tree, series: &SeriesData) -> Vec<(usize, Vec<Boot>)> {
    let mut kernels: Vec<(usize, Vec<Boot>)> = Vec::new();
    for (kernel, boots) in &series.observations {
        if *kernel >= tree.kernels.len() {
            continue;
        }
        let at = kernels.iter().position(|(k, _)| k == kernel).unwrap_or_else(|| {
            kernels.push((*kernel, Vec::new()));
            kernels.len() - 1
        });
        let base = kernels[at].1.iter().map(|(slot, _)| slot + 1).max().unwrap_or(0);
        for (slot, boot) in boots.iter().enumerate() {
            let finite: Vec<f64> = boot.iter().copied().filter(|v| v.is_finite()).collect();
            if !finite.is_empty() {
                kernels[at].1.push((base + slot, finite));
            }
        }
    }
    kernels.retain(|(_, boots)| !boots.is_empty());
    kernels
}

/// A parent that does not stand earlier (only in a loop of parents) is none.
fn cut_loops(seen: &mut [Seen]) {
    for (at, seen) in seen.iter_mut().enumerate() {
        seen.parent = seen.parent.filter(|up| *up < at);
    }
}

/// Replaces values by logarithms (or shares of the typical magnitude), around the series median.
fn transform(kernels: &mut [(usize, Vec<Boot>)], worse: f64) -> (Scale, f64) {
    let all: Vec<f64> = values(kernels).collect();
    let middle = robust::median(&all).unwrap_or(1.0);
    let scale = match all.iter().all(|value| *value > 0.0) {
        true => Scale::Log,
        false => Scale::Identity,
    };
    let centre = match (scale, middle) {
        (Scale::Log, middle) => middle,
        (Scale::Identity, middle) if middle != 0.0 && middle.is_finite() => middle,
        _ => all.iter().map(|v| v.abs() / all.len() as f64).sum::<f64>().max(f64::MIN_POSITIVE),
    };
    let worse = worse * centre.signum();
    for value in kernels.iter_mut().flat_map(|(_, boots)| boots).flat_map(|(_, boot)| boot) {
        let x = match scale {
            Scale::Log => value.ln() - centre.ln(),
            Scale::Identity => (*value / centre - 1.0).clamp(-1e6, 1e6),
        };
        *value = worse * x;
    }
    (scale, centre)
}

fn values(kernels: &[(usize, Vec<Boot>)]) -> impl Iterator<Item = f64> + '_ {
    kernels.iter().flat_map(|(_, boots)| boots).flat_map(|(_, boot)| boot.iter().copied())
}

/// Takes out what the n-th sample of a boot has in common over all boots.
///
/// Warming up is the same in every boot. It moves no kernel, but would look like noise.
fn remove_warmup(kernels: &mut [(usize, Vec<Boot>)]) {
    const BOOTS: usize = 5;
    let longest = kernels.iter().flat_map(|(_, b)| b).map(|(_, b)| b.len()).max().unwrap_or(0);
    let mut deviations: Vec<Vec<f64>> = vec![Vec::new(); longest];
    for (_, boot) in kernels.iter().flat_map(|(_, boots)| boots).filter(|(_, b)| b.len() > 1) {
        let centre = robust::median(boot).unwrap_or(0.0);
        boot.iter().zip(&mut deviations).for_each(|(value, d)| d.push(value - centre));
    }
    let common: Vec<f64> = deviations
        .iter()
        .map(|d| if d.len() < BOOTS { 0.0 } else { robust::median(d).unwrap_or(0.0) })
        .collect();
    for (_, boot) in kernels.iter_mut().flat_map(|(_, boots)| boots).filter(|(_, b)| b.len() > 1) {
        boot.iter_mut().zip(&common).for_each(|(value, common)| *value -= common);
    }
}

/// Typical variance of the samples of a boot: the median over boots, made unbiased.
fn within_variance(kernels: &[(usize, Vec<Boot>)]) -> Option<f64> {
    let ratios: Vec<f64> = kernels
        .iter()
        .flat_map(|(_, boots)| boots)
        .filter_map(|(_, boot)| {
            let df = boot.len().checked_sub(1).filter(|df| *df > 0)? as f64;
            Some(robust::variance(boot)? / special::median_chi2_ratio(df))
        })
        .collect();
    robust::median(&ratios)
}

/// The place of the last decimal that any of the values has: 0.01 where all have two or fewer, at
/// most 1.
fn resolution(values: &[f64]) -> f64 {
    const MOST: i32 = 9;
    let whole = |power: f64| values.iter().all(|value| (value * power).round() / power == *value);
    let power = (0..=MOST).map(|digits| 10_f64.powi(digits)).find(|power| whole(*power));
    power.map_or(0.0, |power| 1.0 / power)
}

/// Variance of rounding to the smallest step between different values; 0 unless many values are
/// repeated, for otherwise the step is chance.
fn quantum(kernels: &[(usize, Vec<Boot>)]) -> f64 {
    let mut all: Vec<f64> = values(kernels).collect();
    let count = all.len();
    all.sort_by(f64::total_cmp);
    all.dedup();
    if all.len() * 5 > count * 4 {
        return 0.0;
    }
    let middle = robust::median(&all).unwrap_or(0.0).abs();
    let mut step = all.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let constant = |(_, boots): &(usize, Vec<Boot>)| {
        let mut samples = boots.iter().flat_map(|(_, boot)| boot);
        let first = samples.next();
        samples.all(|value| Some(value) == first)
    };
    if step.is_finite() && kernels.iter().all(constant) {
        // Steps from kernel to kernel are changes, not rounding: what is seen of that is how many
        // decimals there are.
        step = step.min(resolution(&all));
    }
    // Where noise is below a step, a level between two steps is read as either, by kernel and not by
    // sample; else the error is even within a step.
    let narrow = |(_, boots): &&(usize, Vec<Boot>)| {
        let samples = boots.iter().flat_map(|(_, boot)| boot);
        let (low, high) = samples.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        high - low < 1.5 * step
    };
    let coarse = 2 * kernels.iter().filter(narrow).count() > kernels.len();
    let share = if coarse { 0.25 } else { 1.0 / 12.0 };
    if middle > 0.0 && step.is_finite() { ((step / middle).powi(2) * share).min(0.01) } else { 0.0 }
}
