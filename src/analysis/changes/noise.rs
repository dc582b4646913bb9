//! How much a boot of a series varies, learned from all series.
//!
//! limma-trend: the variance of a series has a scaled inverse χ² prior around a trend, whose
//! weight d₀ follows from how much the series scatter about the trend (Smyth 2004, Law et al. 2014).

use serde::Serialize;

use super::location::Located;
use super::special::{inverse_trigamma, log_variance_bias, trigamma};
use super::steps;
use crate::stats::robust;

/// Smallest variance that counts: below, even the machine's clock is no better.
const LEAST: f64 = 1e-9;
/// Prior scatter of log variances about the trend, worth so many series.
const SCATTER: (f64, f64) = (0.8, 5.0);
/// Fewest differences or degrees of freedom for a series to say something about the trend.
const FEWEST: f64 = 2.0;
/// Efficiency of the median absolute deviation (Rousseeuw & Croux 1993).
const MAD_EFFICIENCY: f64 = 0.37;

/// Efficiency of a variance of cut differences.
const ROBUST_EFFICIENCY: f64 = 0.85;

/// A variance with the degrees of freedom behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variance {
    /// The estimate.
    pub value: f64,
    /// Degrees of freedom.
    pub df: f64,
}

/// What one series by itself says about its noise.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// Of a boot, from boots of the same kernel.
    pub boot: Option<Variance>,
    /// Of the estimate of a kernel, from differences between kernels.
    pub kernel: Option<Variance>,
}

/// Pooled over kernels, with kernels that vary absurdly (a bad boot) cut down.
pub fn spread(series: &Located) -> Spread {
    Spread { boot: boot_variance(series), kernel: difference_variance(series) }
}

/// From differences of boots of the same kernel, with those beyond three robust deviations cut.
fn boot_variance(series: &Located) -> Option<Variance> {
    const CUT: f64 = 3.0;
    let mut differences = Vec::new();
    for seen in &series.seen {
        for (at, y) in seen.boots.iter().enumerate() {
            let weight = 1.0 / seen.boots.len() as f64;
            differences.extend(seen.boots[..at].iter().map(|x| ((y - x).abs(), weight)));
        }
    }
    let sizes: Vec<f64> = differences.iter().map(|(d, _)| *d).collect();
    // The median of |N(0, 2)| is 0.954.
    let reach = CUT * std::f64::consts::SQRT_2 * robust::median(&sizes)? / 0.954;
    let df: f64 = series.seen.iter().map(|s| s.boots.len().saturating_sub(1) as f64).sum();
    // Σ (y_i − y_j)² / n over pairs is Σ (y − ȳ)².
    let sum: f64 = differences.iter().map(|(d, weight)| d.min(reach).powi(2) * weight).sum();
    Some(Variance { value: (sum / df).max(LEAST), df: ROBUST_EFFICIENCY * df })
}

fn difference_variance(series: &Located) -> Option<Variance> {
    let centre = |boots: &[f64]| robust::median(boots);
    let differences: Vec<f64> = series
        .seen
        .iter()
        .filter_map(|s| Some(centre(&s.boots)? - centre(&series.seen[s.parent?].boots)?))
        .collect();
    if differences.len() < 3 {
        return None;
    }
    let absolute: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let sd = 1.4826 * robust::median(&absolute)?;
    let df = MAD_EFFICIENCY * differences.len() as f64;
    Some(Variance { value: (sd * sd / 2.0).max(LEAST), df })
}

/// The prior of a variance.
#[derive(Clone, Debug)]
pub struct Trend {
    beta: Vec<f64>,
    /// Degrees of freedom that the prior is worth.
    pub df: f64,
}

impl Trend {
    /// The prior scale s₀² of a series.
    pub fn scale(&self, series: &Located) -> f64 {
        let level = robust::dot(&covariates(series), &self.beta) + log_variance_bias(self.df);
        level.clamp(LEAST.ln(), 3.0).exp()
    }
}

/// What the noise of a boot depends on: what its samples do, and how many there are.
fn covariates(series: &Located) -> Vec<f64> {
    match series.within {
        Some(within) => vec![1.0, 1.0, within.max(LEAST).ln() + 9.0, series.samples.ln()],
        None => vec![1.0, 0.0, 0.0, 0.0],
    }
}

/// Where data are silent: a boot's variance goes with that of its samples (real JMH forks have
/// between-boot deviations of about twice the within-boot deviation, less where that is large).
const PRIOR_SLOPES: [f64; 4] = [-9.0, 0.0, 0.8, -0.3];
const RIDGE: f64 = 3.0;

/// Fits the trend to the series that have an estimate; `None` if too few do.
pub fn fit<'a>(data: impl Iterator<Item = (&'a Located, Variance)>) -> Option<Trend> {
    let data: Vec<(&Located, Variance)> = data.filter(|(_, v)| v.df >= FEWEST).collect();
    if data.is_empty() {
        return None;
    }
    let rows: Vec<Vec<f64>> = data.iter().map(|(series, _)| covariates(series)).collect();
    let y: Vec<f64> = data.iter().map(|(_, v)| v.value.ln() - log_variance_bias(v.df)).collect();
    let mut beta = robust::regression(&rows, &y, &PRIOR_SLOPES, RIDGE);
    let residuals: Vec<f64> = rows.iter().zip(&y).map(|(r, y)| y - robust::dot(r, &beta)).collect();
    let scatter = robust::mad(&residuals).unwrap_or(0.0).powi(2);
    let sampling: f64 =
        data.iter().map(|(_, v)| trigamma(v.df / 2.0)).sum::<f64>() / data.len() as f64;
    let n = data.len() as f64;
    let own = (scatter - sampling).max(0.02);
    let df = 2.0 * inverse_trigamma((n * own + SCATTER.1 * SCATTER.0) / (n + SCATTER.1));
    steps::coefficients(&mut beta);
    Some(Trend { beta, df: steps::ratio(df.clamp(1.0, 60.0)) })
}

/// The trend where no series can say anything: two kernels with one boot each.
pub fn ignorance() -> Trend {
    Trend { beta: PRIOR_SLOPES.to_vec(), df: 2.0 }
}

/// Extra noise from kernel to kernel (layout, build, session) as a share of the variance of a boot.
pub const JITTERS: [f64; 5] = [0.0, 0.15, 0.5, 1.5, 5.0];
/// Shares of series with each of [`JITTERS`] before any data.
pub const JITTER_PRIOR: [f64; 5] = [0.55, 0.12, 0.15, 0.13, 0.05];
/// Variance from kernel to kernel that every machine has: 0.1 % of session offset.
pub const SESSION: f64 = 1e-6;

/// Two kinds of kernels.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Flip {
    /// How far apart they are.
    pub distance: f64,
    /// Share of the higher kind.
    pub higher: f64,
}

/// One hypothesis about the noise of a series.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Node {
    /// Variance of a boot.
    pub boot: f64,
    /// Index into [`JITTERS`]; none where boots and kernels cannot be told apart.
    pub jitter: Option<usize>,
    /// Variance from kernel to kernel on top of the boots.
    pub kernel: f64,
    /// Kernels come in two kinds this far apart, at random: no level, but layout.
    pub flip: Option<Flip>,
    /// Boots come in two kinds this far apart, at random.
    pub boot_flip: Option<Flip>,
    /// Logarithm of the prior without that of the jitter.
    pub ln_prior: f64,
}

impl Node {
    /// Whether boots mean the same under both hypotheses.
    pub fn reads_as(&self, other: &Node) -> bool {
        let kinds = |flip: &Option<Flip>| flip.map(|f| (f.distance.to_bits(), f.higher.to_bits()));
        self.boot == other.boot
            && kinds(&self.flip) == kinds(&other.flip)
            && kinds(&self.boot_flip) == kinds(&other.boot_flip)
    }
}

/// A grid over the noise of a series, around its moderated estimate.
pub fn nodes(
    series: &Located,
    own: Option<Variance>,
    trend: &Trend,
    replicated: bool,
) -> Vec<Node> {
    let scale = trend.scale(series);
    let df = trend.df + own.map_or(0.0, |own| own.df);
    let sum = trend.df * scale + own.map_or(0.0, |own| own.df * own.value);
    let centre = (sum / df).max(LEAST);
    let deviation = (2.0 / df).sqrt().min(1.3);
    let offsets: &[f64] = match df {
        df if df >= 60.0 => &[0.0],
        df if df >= 30.0 => &[-1.2, 0.0, 1.2],
        _ => &[-1.7, -0.6, 0.5, 1.6, 2.7],
    };
    let jitters = if replicated { JITTERS.len() } else { 1 };
    let floor = SESSION + series.quantum;
    let mut nodes: Vec<Node> = offsets
        .iter()
        .flat_map(|offset| {
            let boot = centre * (offset * deviation).exp();
            // Scaled inverse χ² as a density of the logarithm.
            let ln_prior = -0.5 * trend.df * (boot.ln() + scale / boot);
            (0..jitters).map(move |jitter| Node {
                boot,
                jitter: replicated.then_some(jitter),
                kernel: if replicated { JITTERS[jitter] * boot + floor } else { floor },
                flip: None,
                boot_flip: None,
                ln_prior,
            })
        })
        .collect();
    if let Some(flip) = flip(series, centre + floor) {
        let flipped = |node: &Node| Node {
            flip: Some(flip),
            ln_prior: node.ln_prior + FLIP_RATE.ln(),
            ..*node
        };
        nodes.extend(nodes.clone().iter().map(flipped));
    }
    nodes.extend(bimodal(series, trend));
    nodes
}

/// Share of series whose kernels come in two kinds, at random (layout: Mytkowicz et al. 2009).
const FLIP_RATE: f64 = 0.003;
/// Fewest jumps between the kinds for the question to arise.
const FLIPS: usize = 5;

/// Distance of two kinds of kernels, if the series jumps to and fro between two levels.
fn flip(series: &Located, variance: f64) -> Option<Flip> {
    let mut centres: Vec<f64> =
        series.seen.iter().filter_map(|seen| robust::median(&seen.boots)).collect();
    let unsorted = centres.clone();
    centres.sort_by(f64::total_cmp);
    let gap = |at: &usize| centres[*at] - centres[at - 1];
    let widest = (1..centres.len()).max_by(|a, b| gap(a).total_cmp(&gap(b)))?;
    if gap(&widest) < 4.0 * variance.sqrt() {
        return None;
    }
    let border = 0.5 * (centres[widest] + centres[widest - 1]);
    let side = |at: usize| unsorted[at] > border;
    let jumps = series.seen.iter().enumerate();
    let jumps = jumps.filter(|(at, seen)| seen.parent.is_some_and(|up| side(*at) != side(up)));
    let (low, high) = centres.split_at(widest);
    let distance = robust::median(high)? - robust::median(low)?;
    let higher = high.len() as f64 / centres.len() as f64;
    (jumps.count() >= FLIPS).then_some(Flip { distance, higher })
}

impl Trend {
    /// The same trend for the total noise of kernels with a single boot: larger by the typical
    /// jitter, and less certain.
    pub fn widened(&self) -> Trend {
        let jitter: f64 = JITTERS.iter().zip(JITTER_PRIOR).map(|(j, p)| j * p).sum();
        let mut beta = self.beta.clone();
        beta[0] += jitter.min(0.5).ln_1p();
        Trend { beta, df: 0.7 * self.df }
    }
}

/// Share of series whose boots come in two kinds (memory placement, CPU migration).
const BIMODAL_RATE: f64 = 0.1;
/// Fewest pairs of boots that must differ by the distance of the kinds, and their least share.
const BIMODAL: (usize, f64) = (4, 0.1);

/// Noise hypotheses with two kinds of boots, if differences of boots of a kernel are either small
/// or all about the same.
fn bimodal(series: &Located, trend: &Trend) -> Vec<Node> {
    let Some((distance, boot)) = two_kinds(series) else { return Vec::new() };
    let scale = trend.scale(series);
    let mut nodes = Vec::new();
    for factor in [0.6, 1.2, 2.4] {
        let boot = (boot * factor).max(LEAST);
        let ln_prior = -0.5 * trend.df * (boot.ln() + scale / boot) + BIMODAL_RATE.ln();
        for higher in [0.15, 0.35, 0.6] {
            for (jitter, share) in JITTERS.iter().enumerate().take(4) {
                nodes.push(Node {
                    boot,
                    jitter: Some(jitter),
                    kernel: share * boot + SESSION + series.quantum,
                    flip: None,
                    boot_flip: Some(Flip { distance, higher }),
                    ln_prior,
                });
            }
        }
    }
    nodes
}

/// Distance of two kinds of boots, and the variance within a kind.
fn two_kinds(series: &Located) -> Option<(f64, f64)> {
    let mut differences = Vec::new();
    for seen in &series.seen {
        for (at, y) in seen.boots.iter().enumerate() {
            differences.extend(seen.boots[..at].iter().map(|x| (y - x).abs()));
        }
    }
    differences.sort_by(f64::total_cmp);
    // A quarter of |N(0, 2)| is below 0.4506.
    let small = differences.get(differences.len() / 4)? / 0.4506;
    let near = differences.partition_point(|d| *d < 5.0 * small);
    let (near, far) = differences.split_at(near);
    let distance = robust::median(far)?;
    let alike = robust::mad(far)? < 0.25 * distance;
    let many = far.len() >= BIMODAL.0 && far.len() as f64 >= BIMODAL.1 * differences.len() as f64;
    let squares: f64 = near.iter().map(|d| d * d).sum();
    (alike && many).then(|| (distance, squares / near.len().max(1) as f64 / 2.0))
}
