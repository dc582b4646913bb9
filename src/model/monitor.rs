//! What MMTests' monitors saw while a benchmark ran, condensed.

use serde::{Deserialize, Serialize};

/// What one monitor saw during one benchmark of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// MMTests' name of the monitor.
    pub monitor: String,
    /// What it tells, for headings.
    pub title: String,
    /// The iterations that it watched.
    pub iterations: Vec<Stretch>,
    /// What it saw, in order of first appearance.
    pub series: Vec<Seen>,
    /// Counters that it read and that never moved.
    pub still: Vec<String>,
    /// Series that were left out because there are too many.
    pub left_out: usize,
}

/// The part of an iteration that a monitor watched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// N of `iter-N`.
    pub number: u32,
    /// Seconds from the first figure to the last.
    pub seconds: f64,
}

/// How figures of a series are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// What there is, or what happens in a second, at the time.
    Level,
    /// What happened since boot.
    Counter,
}

/// One series of a monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Column or counter, and what it is of: `all-%usr`, `vda-r/s`, `pgfault`.
    pub name: String,
    /// Unit of its levels, or of its increase.
    pub unit: String,
    /// How it is to be read.
    pub reading: Reading,
    /// For each of [`Watched::iterations`]; absent where it had no figure, or one too few.
    pub iterations: Vec<Option<Figures>>,
    /// How it went in the first iteration, for the series that are worth a plot.
    pub curve: Option<Curve>,
}

/// A series in one iteration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Mean of the levels; of a counter its increase a second.
    pub mean: f64,
    /// 95 % of the levels, or of the increases a second from one reading to the next, are lower.
    pub p95: f64,
    /// Increase of a counter from the first reading to the last; 0 for levels.
    pub increase: f64,
}

/// A series over time, as exact as a plot shows it: 4096 steps from the lowest value to the highest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Seconds since the monitor started of the first value and of the last; the others stand at equal
    /// distances between them.
    pub from: f64,
    /// See `from`.
    pub to: f64,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// Two letters a value.
    points: String,
}

/// Digits of the points.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Steps between the lowest value and the highest.
const STEPS: f64 = 4095.0;

impl Curve {
    /// Packs values that stand at equal distances; `None` for fewer than two.
    pub fn new((from, to): (f64, f64), values: &[f64]) -> Option<Curve> {
        if values.len() < 2 || !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let step = |value: f64| match high - low {
            range if range > 0.0 => ((value - low) / range * STEPS).round() as usize,
            _ => 0,
        };
        let letter = |digit: usize| char::from(LETTERS[digit % 64]);
        let letters = |value: &f64| {
            let step = step(*value);
            [letter(step / 64), letter(step)]
        };
        Some(Curve { from, to, low, high, points: values.iter().flat_map(letters).collect() })
    }

    /// Seconds and values.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let digit = |letter: u8| LETTERS.iter().position(|known| *known == letter).unwrap_or(0);
        let count = self.points.len() / 2;
        let distance = (self.to - self.from) / count.saturating_sub(1).max(1) as f64;
        self.points.as_bytes().chunks_exact(2).enumerate().map(move |(at, pair)| {
            let step = (64 * digit(pair[0]) + digit(pair[1])) as f64;
            let value = self.low + step / STEPS * (self.high - self.low);
            (self.from + at as f64 * distance, value)
        })
    }
}

/// What well-known series are called by people.
const NAMES: &[(&str, &str)] = &[
    ("vmstat us", "user CPU"),
    ("vmstat sy", "system CPU"),
    ("vmstat id", "idle CPU"),
    ("vmstat wa", "waiting for I/O"),
    ("vmstat st", "stolen CPU"),
    ("vmstat in", "interrupts"),
    ("vmstat cs", "context switches"),
    ("vmstat r", "tasks that want a CPU"),
    ("vmstat b", "tasks that wait for I/O"),
    ("vmstat swpd", "swap in use"),
    ("vmstat free", "free memory"),
    ("vmstat si", "swapped in"),
    ("vmstat so", "swapped out"),
    ("vmstat bi", "blocks read"),
    ("vmstat bo", "blocks written"),
    ("mpstat all-%usr", "user CPU"),
    ("mpstat all-%sys", "system CPU"),
    ("mpstat all-%iowait", "waiting for I/O"),
    ("mpstat all-%irq", "CPU for interrupts"),
    ("mpstat all-%soft", "CPU for soft interrupts"),
    ("mpstat all-%steal", "stolen CPU"),
    ("mpstat all-%idle", "idle CPU"),
    ("proc-vmstat pgfault", "page faults"),
    ("proc-vmstat pgmajfault", "major page faults"),
    ("proc-vmstat pgpgin", "paged in"),
    ("proc-vmstat pgpgout", "paged out"),
    ("proc-vmstat pswpin", "pages swapped in"),
    ("proc-vmstat pswpout", "pages swapped out"),
    ("ftrace direct_reclaim-stall", "a task's stall in direct reclaim"),
    ("ftrace direct_reclaim-stalled", "tasks stalled in direct reclaim"),
    ("ftrace compaction-stall", "a task's stall in compaction"),
    ("ftrace compaction-stalled", "tasks stalled in compaction"),
    ("ftrace shrink_slab-stalled", "tasks stalled in shrinkers"),
    ("ftrace balance_dirty_pages-stall", "a writer's pause"),
    ("ftrace balance_dirty_pages-stalled", "writers paused"),
    ("ftrace throttled-stalled", "reclaim throttled"),
    ("ftrace kswapd-awake", "kswapd awake"),
    ("numa-scheduling away-from-memory", "threads away from their memory"),
    ("turbostat Busy%", "busy CPU"),
    ("turbostat Bzy_MHz", "frequency while busy"),
    ("turbostat PkgWatt", "power of the packages"),
];

/// What people call a series, if it is a well-known one.
pub fn common_name(monitor: &str, series: &str) -> Option<&'static str> {
    let known = |name: &str| {
        name.strip_prefix(monitor).and_then(|rest| rest.strip_prefix(' ')) == Some(series)
    };
    NAMES.iter().find(|(name, _)| known(name)).map(|(_, common)| *common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_what_a_plot_shows() {
        let values: Vec<f64> = (0..200).map(|at| f64::from(at * at % 97) * 13.7).collect();
        let curve = Curve::new((2.0, 400.0), &values).unwrap();
        let points: Vec<(f64, f64)> = curve.points().collect();
        assert_eq!((points[0].0, points[199].0), (2.0, 400.0));
        for (value, (_, kept)) in values.iter().zip(&points) {
            assert!((value - kept).abs() <= (curve.high - curve.low) / STEPS, "{value} {kept}");
        }
    }

    #[test]
    fn what_is_no_curve_is_none() {
        assert_eq!(Curve::new((0.0, 1.0), &[1.0]), None);
        assert_eq!(Curve::new((0.0, 1.0), &[1.0, f64::NAN]), None);
        let flat = Curve::new((0.0, 1.0), &[3.0, 3.0]).unwrap();
        assert_eq!(flat.points().collect::<Vec<_>>(), [(0.0, 3.0), (1.0, 3.0)]);
        // A record is data from a disk.
        let odd = Curve { points: "?\u{e9}!".to_owned(), ..flat };
        assert_eq!(odd.points().count(), 2);
    }
}
