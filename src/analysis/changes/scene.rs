//! A series under one hypothesis about its noise: all that does not depend on how probable changes
//! are, so that the rounds of exchange between siblings share it.

use std::rc::Rc;

use super::blocks::{Block, Table};
use super::contamination::{self, Reading};
use super::evidence::Rates;
use super::levels::Levels;
use super::likelihood::{Densities, Luck};
use super::location::Located;
use super::noise::Node;
use super::segmentation::Own;
use crate::stats::robust;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Only to find out which noise hypotheses count.
    Coarse,
    /// With changes by size.
    Fine,
}

/// The series under one noise hypothesis.
pub struct Scene {
    /// The hypothesis.
    pub node: Node,
    /// What the boots of each kernel can mean.
    readings: Rc<Vec<Vec<Reading>>>,
    /// The likeliest mean of the boots of each kernel.
    pub estimates: Vec<f64>,
    /// Variance of that around the kernel's level.
    pub variances: Vec<f64>,
    /// The levels it can have.
    pub levels: Levels,
    /// What the kernels say of them.
    pub own: Own,
    /// Logarithms of the scales of what they say.
    pub scales: Vec<f64>,
}

/// Readings of a single boot: good, or bad in one of four ways.
const SINGLE: usize = 5;

/// One scene for each of the hypotheses; `bad_rate` is the probability that a boot is bad.
pub fn scenes(
    series: &Located,
    nodes: &[Node],
    rates: &Rates,
    bad_rate: f64,
    detail: Detail,
) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = Vec::with_capacity(nodes.len());
    for node in nodes {
        // What boots can mean does not depend on how kernels vary.
        let alike = scenes.last().filter(|before| node.reads_as(&before.node));
        let readings = match alike {
            Some(before) => before.readings.clone(),
            None => Rc::new(all_readings(series, node, rates, bad_rate)),
        };
        scenes.push(Scene::new(series, node, readings, rates, detail));
    }
    scenes
}

impl Scene {
    fn new(
        series: &Located,
        node: &Node,
        readings: Rc<Vec<Vec<Reading>>>,
        rates: &Rates,
        detail: Detail,
    ) -> Scene {
        let best: Vec<&Reading> = readings.iter().map(|r| likeliest(r)).collect();
        let estimates = best.iter().map(|r| r.mean).collect();
        let variances: Vec<f64> = best.iter().map(|r| r.variance + node.kernel).collect();
        let levels = lattice(&readings, node, &variances, rates, detail);
        let mut here = Table::new(readings.len(), levels.width());
        let says = |(at, readings): (usize, &Vec<Reading>)| {
            Densities::new(readings, node.kernel).scaled(&levels, here.row_mut(at))
        };
        let scales = readings.iter().enumerate().map(says).collect();
        // At a leaf, a change of one kernel is any change.
        let mut alone = vec![false; readings.len()];
        series.seen.iter().filter_map(|seen| seen.parent).for_each(|parent| alone[parent] = true);
        let rooted = alone.iter_mut().zip(&series.seen);
        rooted.for_each(|(alone, seen)| *alone &= seen.parent.is_some());
        let own = Own::new(&levels, here, &alone);
        Scene { node: *node, readings, estimates, variances, levels, own, scales }
    }

    /// What is made of what a kernel says under each position of shared luck.
    pub fn under<T>(
        &self,
        at: usize,
        luck: impl Iterator<Item = Luck>,
        each: impl FnMut(&[Block]) -> T,
    ) -> Vec<T> {
        let densities = Densities::new(&self.readings[at], self.node.kernel);
        densities.under(luck, &self.levels, self.scales[at], each)
    }

    /// Expected number of bad boots of a kernel whose level is known.
    pub fn bad_boots(&self, at: usize, level: f64) -> f64 {
        let readings = &self.readings[at];
        let densities = Densities::new(readings, self.node.kernel);
        let mut sums = (1e-300, 0.0);
        for reading in readings {
            let weight = densities.at(reading, level);
            sums.0 += weight;
            let told = !reading.blind || readings.len() <= SINGLE;
            sums.1 += if told { weight * reading.bad as f64 } else { 0.0 };
        }
        sums.1 / sums.0
    }
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
    rates: &Rates,
    detail: Detail,
) -> Levels {
    let typical = robust::median(variances).unwrap_or(1e-6).sqrt();
    let likely = readings.iter().flat_map(|readings| {
        let top = readings.iter().map(|r| r.ln_weight).fold(f64::MIN, f64::max);
        readings.iter().filter(move |r| !r.blind && r.ln_weight > top - 7.0)
    });
    let around: Vec<(f64, f64)> =
        likely.map(|r| (r.mean, (r.variance + node.kernel).sqrt())).collect();
    let fine = detail == Detail::Fine;
    let deviation = if fine { typical } else { 2.5 * typical };
    Levels::around(&around, deviation, &rates.jumps, fine)
}
