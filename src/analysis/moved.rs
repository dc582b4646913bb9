//! What else moved: which of the things that MMTests' monitors saw changed between two kernels by more
//! than chance explains.
//!
//! Each series has one figure an iteration. Levels are compared as they are; a counter has to have moved
//! both in sum and a second, for either alone only says that the benchmark took longer. Changes are
//! ratios. What they are held against is how iterations of one kernel differ, and how kernels that
//! follow one another differ elsewhere in the same history, whichever is more; with a few figures only,
//! what is usual among all series counts as well (Smyth 2004). Of many series some always look changed:
//! what is told holds at a false-discovery rate of 5 % (Benjamini and Hochberg 1995).

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::model::{Figures, Reading, Run, Seen, Watched};
use crate::stats::robust::median;
pub use words::ShiftWords;

/// Share of false ones among what is told.
const FALSE_DISCOVERIES: f64 = 0.05;
/// Changes below this (a log ratio) interest nobody.
const LEAST: f64 = 0.05;
/// No figure is more exact than this.
const LEAST_ERROR: f64 = 0.01;
/// Degrees of freedom of what is usual among all series.
const PRIOR: f64 = 3.0;
/// Steps between other kernels, from which on they tell how kernels differ.
const ENOUGH_STEPS: usize = 3;
/// Degrees of freedom for each value that a median absolute deviation rests on: its efficiency.
const EFFICIENCY: f64 = 0.37;
/// Variance of the median of a few values against that of their mean.
const MEDIAN: f64 = std::f64::consts::FRAC_PI_2;

/// What moved between two kernels beside the benchmark's own figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Moved {
    /// What changed, the most surprising first; where nothing could be judged, what differs most.
    pub shifts: Vec<Shift>,
    /// Series that both kernels have.
    pub compared: usize,
    /// Why none of them could be judged.
    pub unjudged: Option<String>,
}

/// A series that moved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// MMTests' name of the monitor.
    pub monitor: String,
    /// Column or counter.
    pub series: String,
    /// Unit of the figures; those of counters are a second.
    pub unit: String,
    /// Counters are told by their increase a second.
    pub reading: Reading,
    /// Median of the iterations of the former kernel, and of the latter.
    pub before: f64,
    /// See `before`.
    pub after: f64,
    /// How likely so much of a change is by chance; absent where that is not known.
    pub p: Option<f64>,
    /// Logarithm of the ratio.
    #[serde(skip)]
    effect: f64,
}

/// A series over the kernels: the figures of each.
type Rows<'r> = BTreeMap<(&'r str, &'r str), Row<'r>>;

struct Row<'r> {
    unit: &'r str,
    reading: Reading,
    kernels: Vec<Vec<Figures>>,
}

/// Compares what the monitors saw of a benchmark on two of the runs, which are in the order of their
/// kernels; the others tell what is usual.
pub fn moved(runs: &[&Run], benchmark: &str, before: usize, after: usize) -> Moved {
    let rows = rows(runs, benchmark);
    let both: Vec<(&(&str, &str), &Row)> = rows
        .iter()
        .filter(|(_, row)| [before, after].iter().all(|at| !row.kernels[*at].is_empty()))
        .collect();
    let mut moved = Moved { compared: both.len(), ..Moved::default() };
    if both.is_empty() {
        moved.unjudged = Some("no monitor watched both kernels".to_owned());
        return moved;
    }
    let contrasts: Vec<Contrast> =
        both.iter().map(|(_, row)| Contrast::new(row, before, after)).collect();
    let known: Vec<f64> = contrasts.iter().filter_map(|contrast| contrast.variance()).collect();
    let usual = median(&known).map(|usual| usual.max(LEAST_ERROR * LEAST_ERROR));
    let mut shifts: Vec<Shift> = both
        .iter()
        .zip(&contrasts)
        .map(|(((monitor, series), row), contrast)| Shift {
            monitor: (*monitor).to_owned(),
            series: (*series).to_owned(),
            unit: row.unit.to_owned(),
            reading: row.reading,
            before: middle(&row.kernels[before], mean),
            after: middle(&row.kernels[after], mean),
            p: usual.and_then(|usual| contrast.p(usual)),
            effect: contrast.effect(),
        })
        .collect();
    if usual.is_none() {
        let iterations =
            both.iter().flat_map(|(_, row)| [before, after].map(|at| row.kernels[at].len()));
        moved.unjudged = Some(format!(
            "{} on each side, and too few other kernels, tell nothing about noise: these are only the \
             largest differences",
            match iterations.max() {
                Some(most) if most > 1 => "different monitors",
                _ => "one iteration",
            }
        ));
    }
    let told = usual.map(|_| limit(&shifts));
    shifts.retain(|shift| {
        shift.effect.abs() >= LEAST && told.is_none_or(|limit| shift.p.is_some_and(|p| p <= limit))
    });
    shifts.sort_by(|a, b| {
        let p = |shift: &Shift| shift.p.unwrap_or(0.0);
        p(a).total_cmp(&p(b)).then(b.effect.abs().total_cmp(&a.effect.abs()))
    });
    moved.shifts = shifts;
    moved
}

/// The greatest p that is told: of the k-th smallest of n it has to be at most k/n of the rate.
fn limit(shifts: &[Shift]) -> f64 {
    let mut all: Vec<f64> = shifts.iter().filter_map(|shift| shift.p).collect();
    all.sort_by(f64::total_cmp);
    let count = all.len() as f64;
    let holds =
        |(at, p): (usize, f64)| (p <= FALSE_DISCOVERIES * (at + 1) as f64 / count).then_some(p);
    all.into_iter().enumerate().filter_map(holds).next_back().unwrap_or(-1.0)
}

fn mean(figures: &Figures) -> f64 {
    figures.mean
}

fn middle(figures: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    median(&figures.iter().map(of).collect::<Vec<f64>>()).unwrap_or(0.0)
}

fn rows<'r>(runs: &[&'r Run], benchmark: &str) -> Rows<'r> {
    let mut rows = Rows::new();
    let watched = |run: &&'r Run| {
        let found = run.benchmarks.iter().find(|known| known.name == benchmark);
        found.map_or(&[][..], |found| found.watched.as_slice())
    };
    // Counters that stood still are figures too, of the series that moved elsewhere.
    let moving: BTreeSet<(&str, &str)> = runs
        .iter()
        .flat_map(watched)
        .flat_map(|w| w.series.iter().map(|seen| (w.monitor.as_str(), seen.name.as_str())))
        .collect();
    for (at, run) in runs.iter().enumerate() {
        for watched in watched(run) {
            for seen in &watched.series {
                let row = row(&mut rows, watched, (&seen.name, Some(seen)), runs.len());
                row.kernels[at].extend(seen.iterations.iter().flatten());
            }
            for name in &watched.still {
                if moving.contains(&(watched.monitor.as_str(), name.as_str())) {
                    let row = row(&mut rows, watched, (name, None), runs.len());
                    let nothing = Figures { mean: 0.0, p95: 0.0, increase: 0.0 };
                    row.kernels[at].extend(watched.iterations.iter().map(|_| nothing));
                }
            }
        }
    }
    rows
}

fn row<'a, 'r>(
    rows: &'a mut Rows<'r>,
    watched: &'r Watched,
    (name, seen): (&'r str, Option<&'r Seen>),
    kernels: usize,
) -> &'a mut Row<'r> {
    let row = rows.entry((&watched.monitor, name)).or_insert_with(|| Row {
        unit: "",
        reading: Reading::Counter,
        kernels: vec![Vec::new(); kernels],
    });
    if let Some(seen) = seen {
        (row.unit, row.reading) = (&seen.unit, seen.reading);
    }
    row
}

/// Two kernels set against each other, with what is known of the noise.
struct Contrast {
    /// Of the means, and for counters also of the sums.
    sides: Vec<Side>,
}

/// A logarithm of a ratio.
#[derive(Clone, Copy)]
struct Side {
    effect: f64,
    /// Its variance, and the degrees of freedom that it rests on.
    noise: Option<(f64, f64)>,
}

impl Contrast {
    fn new(row: &Row, before: usize, after: usize) -> Contrast {
        let mut sides = vec![Side::new(row, before, after, mean)];
        if row.reading == Reading::Counter {
            sides.push(Side::new(row, before, after, |figures| figures.increase));
        }
        Contrast { sides }
    }

    fn variance(&self) -> Option<f64> {
        self.sides.iter().filter_map(|side| Some(side.noise?.0)).reduce(f64::max)
    }

    /// The lesser one; 0 where they contradict each other.
    fn effect(&self) -> f64 {
        let same = self.sides.windows(2).all(|pair| pair[0].effect * pair[1].effect > 0.0);
        let least = |a: Side, b: Side| if b.effect.abs() < a.effect.abs() { b } else { a };
        let side = self.sides.iter().copied().reduce(least).filter(|_| same);
        side.map_or(0.0, |side| side.effect)
    }

    /// The greater one, with what is usual among all series.
    fn p(&self, usual: f64) -> Option<f64> {
        if self.effect() == 0.0 {
            return Some(1.0);
        }
        let p = |side: &Side| {
            let (own, freedom) = side.noise.unwrap_or((0.0, 0.0));
            let variance = (PRIOR * usual + freedom * own) / (PRIOR + freedom);
            let error = variance.sqrt().max(LEAST_ERROR);
            let student = StudentsT::new(0.0, 1.0, PRIOR + freedom).ok()?;
            Some(2.0 * student.sf(side.effect.abs() / error))
        };
        self.sides.iter().filter_map(p).reduce(f64::max)
    }
}

impl Side {
    fn new(row: &Row, before: usize, after: usize, of: impl Fn(&Figures) -> f64) -> Side {
        let value = |figures: &Figures| of(figures).max(0.0);
        // Where there is nearly nothing, a ratio means nothing: 1 % to 2 % is less than a doubling.
        let all: Vec<f64> = row.kernels.iter().flatten().map(value).collect();
        let top = all.iter().copied().fold(0.0, f64::max);
        let floor = match row.unit {
            "%" => 1.0,
            _ => (0.01 * top).max(f64::MIN_POSITIVE),
        };
        let kernels: Vec<Vec<f64>> = row
            .kernels
            .iter()
            .map(|kernel| kernel.iter().map(|figures| (value(figures) + floor).ln()).collect())
            .collect();
        let middles: Vec<Option<f64>> = kernels.iter().map(|kernel| median(kernel)).collect();
        let effect =
            middles[after].zip(middles[before]).map_or(0.0, |(after, before)| after - before);
        Side { effect, noise: noise(&kernels, &middles, before, after) }
    }
}

/// The variance of the difference of two kernels between which nothing happened.
fn noise(
    kernels: &[Vec<f64>],
    middles: &[Option<f64>],
    before: usize,
    after: usize,
) -> Option<(f64, f64)> {
    // One of the deviations from the median of a kernel, the smallest, says nothing; the others are
    // smaller than those from the truth.
    let deviations = |(kernel, middle): (&Vec<f64>, &Option<f64>)| {
        let (n, middle) = (kernel.len() as f64, middle.unwrap_or(0.0));
        let mut all: Vec<f64> = kernel.iter().map(|value| (value - middle).abs()).collect();
        all.sort_by(f64::total_cmp);
        all.into_iter().skip(1).map(move |deviation| deviation * (n / (n - 1.0)).sqrt())
    };
    let residuals: Vec<f64> = kernels.iter().zip(middles).flat_map(deviations).collect();
    let within = median(&residuals).map(|deviation| {
        let share = |at: usize| match kernels[at].len() {
            few @ 0..=2 => 1.0 / few as f64,
            many => MEDIAN / many as f64,
        };
        let both = share(before) + share(after);
        ((1.4826 * deviation).powi(2) * both, EFFICIENCY * residuals.len() as f64)
    });
    let measured: Vec<(usize, f64)> =
        middles.iter().enumerate().filter_map(|(at, middle)| Some((at, (*middle)?))).collect();
    let steps: Vec<f64> = measured
        .windows(2)
        .filter(|pair| pair[1].0 <= before || pair[0].0 >= after)
        .map(|pair| (pair[1].1 - pair[0].1).abs())
        .collect();
    let between = median(&steps).filter(|_| steps.len() >= ENOUGH_STEPS);
    let between = between.map(|step| ((1.4826 * step).powi(2), EFFICIENCY * steps.len() as f64));
    match (within, between) {
        (Some(within), Some(between)) if within.0 > between.0 => Some(within),
        (within, between) => between.or(within),
    }
}

#[cfg(test)]
mod tests;
