//! From what a monitor wrote in each iteration to what the record of a run keeps of it.

use std::collections::{BTreeSet, HashMap};

use super::{ALL, Monitor};
use crate::mmtests::logs::Logs;
use crate::mmtests::shellpack::Parsed;
use crate::model::{Curve, Figures, Problem, Reading, Seen, Series, Severity, Stretch, Watched};
use crate::stats::robust::median;
use crate::stats::summary::quantile;

/// Series of one monitor that a record has; a machine may have thousands of disks.
const MOST_SERIES: usize = 400;
/// Values of a curve.
const MOST_POINTS: usize = 200;
/// Curves of one monitor.
const MOST_CURVES: usize = 40;
/// A monitor is missed only where it is silent for longer than this, in seconds and in its own intervals.
const PATIENCE: (f64, f64) = (5.0, 3.0);

/// An iteration of a run that monitors may have watched.
#[derive(Clone, Copy, Debug)]
pub struct Iteration<'i> {
    /// N of `iter-N`.
    pub number: u32,
    /// Its files.
    pub logs: &'i Logs,
    /// How long the benchmark took and when it ended, in seconds since 1970, as MMTests noted it.
    pub ended: Option<(f64, f64)>,
}

/// All that the monitors saw of a benchmark. Each log is condensed before the next one is read.
pub fn watched<'i>(
    benchmark: &str,
    iterations: impl Iterator<Item = Iteration<'i>>,
    problems: &mut Vec<Problem>,
) -> Vec<Watched> {
    let mut all: Vec<Option<Condensed>> = ALL.iter().map(|_| None).collect();
    for iteration in iterations {
        for (monitor, condensed) in ALL.iter().zip(&mut all) {
            let Some(mut parsed) = monitor.read(iteration.logs, benchmark) else {
                problems.extend(without_log(monitor, iteration.logs, benchmark));
                continue;
            };
            let condensed = condensed.get_or_insert_with(|| Condensed::new(monitor));
            condensed.add(iteration.number, &mut parsed);
            problems.append(&mut parsed.problems);
            problems.extend(died(monitor, iteration, benchmark, &parsed));
        }
    }
    all.into_iter().flatten().map(Condensed::finish).collect()
}

fn problem(path: String, what: String, remedy: &str) -> Problem {
    Problem { severity: Severity::Warning, path, line: None, what, remedy: remedy.to_owned() }
}

/// MMTests notes when it starts a monitor, in a file of its own.
fn without_log(monitor: &Monitor, logs: &Logs, benchmark: &str) -> Option<Problem> {
    let name = format!("{}-{benchmark}", monitor.name);
    let what = format!("{} was started with {benchmark} and left no log", monitor.name);
    let remedy =
        "check that the monitor's program is installed, and that the whole folder was copied";
    let started = logs.has(&format!("{name}.start"));
    started.then(|| problem(format!("{}/{name}", logs.path()), what, remedy))
}

/// Says so if a monitor fell silent before the benchmark ended.
fn died(
    monitor: &Monitor,
    iteration: Iteration,
    benchmark: &str,
    parsed: &Parsed,
) -> Option<Problem> {
    let (took, ended) = iteration.ended?;
    let series = parsed.samples.series().iter().max_by_key(|series| series.values.len())?;
    let times: Vec<f64> = series.intervals.iter().collect();
    let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Monitors look every two to ten seconds.
    let step = median(&steps).unwrap_or(10.0);
    // It may have begun late, and MMTests notes the end only after it has stopped and packed everything.
    let silent = (ended - parsed.last?).min(took - times.last()?);
    let what = format!(
        "{} of {benchmark} ends {silent:.0} s before the benchmark did: the monitor died, or its log was \
         cut; what it saw until then is used",
        monitor.name
    );
    let path = format!("{}/{}-{benchmark}", iteration.logs.path(), monitor.name);
    (silent > PATIENCE.0 + PATIENCE.1 * step).then(|| {
        problem(path, what, "look at the end of its log, and at the kernel log of that time")
    })
}

/// What a monitor saw so far.
struct Condensed {
    monitor: &'static Monitor,
    watched: Watched,
    known: HashMap<String, usize>,
    still: BTreeSet<String>,
}

impl Condensed {
    fn new(monitor: &'static Monitor) -> Condensed {
        let watched = Watched {
            monitor: monitor.name.to_owned(),
            title: monitor.title.to_owned(),
            ..Watched::default()
        };
        Condensed { monitor, watched, known: HashMap::new(), still: BTreeSet::new() }
    }

    fn add(&mut self, number: u32, parsed: &mut Parsed) {
        let series = parsed.samples.series();
        let ends = series.iter().filter_map(|series| {
            let mut times = series.intervals.iter();
            let first = times.next()?;
            Some((first, times.last().unwrap_or(first)))
        });
        let (from, to) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), ends| {
            (from.min(ends.0), to.max(ends.1))
        });
        if from > to {
            return;
        }
        let at = self.watched.iterations.len();
        self.watched.iterations.push(Stretch { number, seconds: short(to - from) });
        let meaning = &self.monitor.meaning;
        let mut fell = Vec::new();
        for series in series.iter().filter(|series| (meaning.is_kept)(&series.operation)) {
            let reading = (meaning.reading)(&series.operation);
            match figures(series, reading) {
                Found::Figures(figures) => self.take(at, series, reading, figures),
                Found::Still => drop(self.still.insert(series.operation.clone())),
                Found::Fell => fell.push(series.operation.clone()),
                Found::Nothing => {}
            }
        }
        if let Some(first) = fell.first() {
            let what = format!(
                "{} of its counters, such as {first}, fell, which a counter cannot: left out",
                fell.len()
            );
            parsed.problems.push(problem(
                parsed.path.clone(),
                what,
                "check whether CPUs or devices went away meanwhile",
            ));
        }
    }

    fn take(&mut self, at: usize, series: &Series, reading: Reading, figures: Figures) {
        let name = &series.operation;
        let meaning = &self.monitor.meaning;
        let all = &mut self.watched.series;
        let place = match self.known.get(name) {
            Some(place) => *place,
            None if all.len() >= MOST_SERIES => {
                self.watched.left_out += 1;
                return;
            }
            None => {
                let curves = all.iter().filter(|seen| seen.curve.is_some()).count();
                let drawn = (meaning.is_drawn)(name) && curves < MOST_CURVES;
                all.push(Seen {
                    name: name.clone(),
                    unit: (meaning.unit)(name).to_owned(),
                    reading,
                    iterations: Vec::new(),
                    curve: if drawn { curve(series, reading) } else { None },
                });
                self.known.insert(name.clone(), all.len() - 1);
                all.len() - 1
            }
        };
        let iterations = &mut all[place].iterations;
        iterations.resize(at, None);
        iterations.push(Some(figures));
    }

    fn finish(mut self) -> Watched {
        let count = self.watched.iterations.len();
        let nothing = Figures { mean: 0.0, p95: 0.0, increase: 0.0 };
        for seen in &mut self.watched.series {
            seen.iterations.resize(count, None);
            // A counter that moved in one iteration and stood still in another was read in both.
            if self.still.remove(&seen.name) {
                seen.iterations.iter_mut().for_each(|figures| {
                    figures.get_or_insert(nothing);
                });
            }
        }
        self.watched.still = self.still.into_iter().collect();
        self.watched.still.truncate(MOST_SERIES);
        self.watched
    }
}

/// What a series is in one iteration.
enum Found {
    Figures(Figures),
    /// A counter that did not move.
    Still,
    /// A counter that fell.
    Fell,
    /// Too few values.
    Nothing,
}

fn figures(series: &Series, reading: Reading) -> Found {
    let values = &series.values;
    if reading == Reading::Level {
        if values.is_empty() {
            return Found::Nothing;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        return Found::Figures(Figures {
            mean: short(mean),
            p95: short(high(values.clone())),
            increase: 0.0,
        });
    }
    if values.windows(2).any(|pair| pair[1] < pair[0]) {
        return Found::Fell;
    }
    let (rates, seconds) = rates(series);
    let (Some(first), Some(last), false) = (values.first(), values.last(), rates.is_empty()) else {
        return Found::Nothing;
    };
    let increase = last - first;
    if increase == 0.0 {
        return Found::Still;
    }
    Found::Figures(Figures {
        mean: short(increase / seconds),
        p95: short(high(rates.into_iter().map(|(_, rate)| rate).collect())),
        increase,
    })
}

/// The increase a second from one reading of a counter to the next, with the time of the latter, and
/// the seconds from the first to the last.
fn rates(series: &Series) -> (Vec<(f64, f64)>, f64) {
    let readings: Vec<(f64, f64)> =
        series.intervals.iter().zip(series.values.iter().copied()).collect();
    let rates = readings.windows(2).filter_map(|pair| {
        let seconds = pair[1].0 - pair[0].0;
        (seconds > 0.0).then(|| (pair[1].0, (pair[1].1 - pair[0].1) / seconds))
    });
    let seconds =
        readings.last().zip(readings.first()).map_or(0.0, |(last, first)| last.0 - first.0);
    let rates = rates.collect();
    if seconds > 0.0 { (rates, seconds) } else { (Vec::new(), 0.0) }
}

fn high(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.95)
}

fn curve(series: &Series, reading: Reading) -> Option<Curve> {
    let points: Vec<(f64, f64)> = match reading {
        Reading::Level => series.intervals.iter().zip(series.values.iter().copied()).collect(),
        Reading::Counter => rates(series).0,
    };
    let (first, last) = (points.first()?.0, points.last()?.0);
    (last > first).then(|| Curve::new((short(first), short(last)), &thin(&points, first, last)))?
}

/// At most [`MOST_POINTS`] values at equal distances from first to last: each is the mean of what was
/// seen around that time, or lies on the line between its neighbours.
fn thin(points: &[(f64, f64)], first: f64, last: f64) -> Vec<f64> {
    let count = points.len().min(MOST_POINTS);
    let distance = (last - first) / (count.saturating_sub(1).max(1)) as f64;
    let mut at = 0;
    let value = |place: usize| {
        let time = first + place as f64 * distance;
        let end = time + distance / 2.0;
        let start = at;
        while points.get(at).is_some_and(|(when, _)| *when < end || place + 1 == count) {
            at += 1;
        }
        let near = &points[start..at];
        if !near.is_empty() {
            return near.iter().map(|(_, value)| value).sum::<f64>() / near.len() as f64;
        }
        let before = points[..at].last().copied().unwrap_or(points[0]);
        let after = points.get(at).copied().unwrap_or(before);
        let gap = after.0 - before.0;
        let share = if gap > 0.0 { ((time - before.0) / gap).clamp(0.0, 1.0) } else { 0.0 };
        before.1 + share * (after.1 - before.1)
    };
    (0..count).map(value).collect()
}

/// Six digits: the record holds thousands of figures.
fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    let (up, down) = (10_f64.powi(digits.clamp(0, 300)), 10_f64.powi((-digits).clamp(0, 300)));
    (value * up / down).round() / up * down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_to_six_digits() {
        for (value, expected) in [
            (0.0, 0.0),
            (1.0 / 3.0, 0.333333),
            (123_456_789.0, 123_457_000.0),
            (-2.000_000_4, -2.0),
            (1e-9, 1e-9),
        ] {
            assert!((short(value) - expected).abs() <= expected.abs() * 1e-12, "{value}");
        }
    }

    #[test]
    fn a_long_series_is_thinned_to_means() {
        let points: Vec<(f64, f64)> =
            (0..10_000).map(|at| (f64::from(at), f64::from(at % 2))).collect();
        let thinned = thin(&points, 0.0, 9_999.0);
        assert_eq!(thinned.len(), MOST_POINTS);
        assert!(thinned.iter().all(|value| (value - 0.5).abs() < 0.05), "{thinned:?}");
        // Where there was nothing for a while, it is on the line between.
        let points = [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (10.0, 10.0)];
        let thinned = thin(&points, 0.0, 10.0);
        assert_eq!(thinned.len(), 4);
        assert!((thinned[2] - 6.666).abs() < 0.01, "{thinned:?}");
    }
}
