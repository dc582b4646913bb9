//! How often a bisection names the right commit, and with how many measurements, by simulation:
//! melbot's search beside plain bisection that decides on one and on five measurements a step.
//!
//! `cargo bench --bench bisect`. A measurement has normal noise, and one in fifty is a bad boot, 10 to
//! 30 % slower. D is the distance of the ends in deviations of that noise. Measurements of the ends
//! and of the confirmation are counted. Builds are free here, as the peers know no cost of a build.

use melbot::bisect::{Commits, Event, Outcome, Place, Search, Settings, Step};
use rayon::prelude::*;

const REPEATS: u64 = 1000;
/// Deviation of a measurement, as a share.
const NOISE: f64 = 0.01;

fn main() {
    println!(
        "{:>5} {:>4} | {:>7} {:>7} {:>6} {:>5} | {:>7} {:>5} | {:>7} {:>5}",
        "n", "D", "found", "wrong", "open", "runs", "1 run", "runs", "5 runs", "runs"
    );
    for n in [16, 256, 4096] {
        for distance in [1.0, 1.5, 2.0, 3.0, 5.0] {
            let each = |repeat| {
                let mut lab = Lab::new(n, distance, repeat);
                let melbot = lab.search();
                (melbot, lab.plain(1), lab.plain(5))
            };
            let all: Vec<_> = (0..REPEATS).into_par_iter().map(each).collect();
            let share = |count: usize| count as f64 / REPEATS as f64;
            let mean = |sum: usize| sum as f64 / REPEATS as f64;
            println!(
                "{n:>5} {distance:>4.1} | {:>7.3} {:>7.3} {:>6.3} {:>5.1} | {:>7.3} {:>5.1} | {:>7.3} {:>5.1}",
                share(all.iter().filter(|(m, ..)| m.0 == Some(true)).count()),
                share(all.iter().filter(|(m, ..)| m.0 == Some(false)).count()),
                share(all.iter().filter(|(m, ..)| m.0.is_none()).count()),
                mean(all.iter().map(|(m, ..)| m.1).sum()),
                share(all.iter().filter(|(_, one, _)| one.0).count()),
                mean(all.iter().map(|(_, one, _)| one.1).sum()),
                share(all.iter().filter(|(.., five)| five.0).count()),
                mean(all.iter().map(|(.., five)| five.1).sum()),
            );
        }
    }
}

/// Commits in a line, one of which made everything after it slower.
struct Lab {
    count: usize,
    culprit: usize,
    gap: f64,
    random: fastrand::Rng,
}

impl Lab {
    fn new(count: usize, distance: f64, repeat: u64) -> Lab {
        let mut random = fastrand::Rng::with_seed(repeat * 7919 + count as u64);
        let culprit = random.usize(..count);
        Lab { count, culprit, gap: distance * NOISE, random }
    }

    fn measure(&mut self, at: Place) -> f64 {
        let bad = matches!(at, Place::Commit(at) if at >= self.culprit);
        let radius = (-2.0 * self.random.f64().max(f64::MIN_POSITIVE).ln()).sqrt();
        let noise = radius * (std::f64::consts::TAU * self.random.f64()).cos();
        let stray = if self.random.f64() < 0.02 { 0.1 + 0.2 * self.random.f64() } else { 0.0 };
        (4.0 + NOISE * noise + stray + if bad { self.gap } else { 0.0 }).exp()
    }

    /// Whether the right commit was named and confirmed, `None` if none was; and all measurements.
    fn search(&mut self) -> (Option<bool>, usize) {
        let names = (0..self.count).map(|at| at.to_string()).collect();
        let parents = (0..self.count).map(|at| at.checked_sub(1).into_iter().collect()).collect();
        let commits = Commits::new(names, parents).expect("a line");
        let mut search = Search::new(commits, Settings { build: 0.0, ..Settings::default() });
        loop {
            match search.step() {
                Step::Measure(at, _) => {
                    search.record(Event::Measured { at, value: self.measure(at) });
                }
                Step::Done(Outcome::Found(found)) => {
                    return (Some(found.commit == self.culprit), search.measured());
                }
                Step::Done(_) => return (None, search.measured()),
            }
        }
    }

    /// Plain bisection against the middle of both ends, by the median of so many measurements.
    fn plain(&mut self, runs: usize) -> (bool, usize) {
        let mut used = 0;
        let mut median = |lab: &mut Lab, at| {
            used += runs;
            let mut values: Vec<f64> = (0..runs).map(|_| lab.measure(at)).collect();
            values.sort_by(f64::total_cmp);
            values[runs / 2]
        };
        let good = median(self, Place::Good);
        let bad = median(self, Place::Commit(self.count - 1));
        let border = 0.5 * (good + bad);
        let (mut low, mut high) = (0, self.count - 1);
        while low < high {
            let middle = (low + high) / 2;
            let value = median(self, Place::Commit(middle));
            if (value > border) == (bad > good) { high = middle } else { low = middle + 1 }
        }
        (low == self.culprit, used)
    }
}
