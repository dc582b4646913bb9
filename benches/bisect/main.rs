//! How often a bisection names the right commit, and with how many measurements, by simulation:
//! melbot's search beside plain bisection that decides on one and on five measurements a step.
//!
//! `cargo bench --bench bisect`. A measurement has normal noise, and one in fifty is a bad boot, 10 to
//! 30 % slower. D is the distance of the ends in deviations of that noise. Measurements of the ends
//! and of the confirmation are counted. Builds are free here, as the peers know no cost of a build.
//!
//! In a rough tree one commit in thirty does not build, every build is faster or slower than it should
//! be by a fifth of the noise (in a rougher one by a third), and every eighth commit is a merge.

use std::time::{Duration, Instant};

use melbot::bisect::{Commits, Event, Outcome, Place, Purpose, Search, Settings, Step};
use rayon::prelude::*;

/// Deviation of a measurement, as a share.
const NOISE: f64 = 0.01;
/// What the tree is like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tree {
    /// One line of commits that all build.
    Even,
    Rough,
    Rougher,
}

impl Tree {
    /// Deviation of a build, in those of a measurement.
    fn jitter(self) -> f64 {
        match self {
            Tree::Even => 0.0,
            Tree::Rough => 0.2,
            Tree::Rougher => 1.0 / 3.0,
        }
    }

    fn is_even(self) -> bool {
        self == Tree::Even
    }
}

/// One commit in so many does not build in a rough tree.
const BROKEN: usize = 30;

fn main() {
    // `cargo bench` adds an argument of its own.
    let repeats = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let repeats: u64 = repeats.unwrap_or(1000);
    println!(
        "{:>14} {:>4} | {:>6} {:>6} {:>6} {:>5} {:>6} {:>6} {:>8} | {:>6} {:>5} | {:>6} {:>5}",
        "commits",
        "D",
        "found",
        "wrong",
        "open",
        "runs",
        "sure",
        "right",
        "longest",
        "1 run",
        "runs",
        "5 runs",
        "runs"
    );
    for n in [16, 256, 4096] {
        for tree in [Tree::Even, Tree::Rough, Tree::Rougher] {
            for distance in [1.0, 1.5, 2.0, 3.0, 5.0] {
                line(n, tree, distance, repeats);
            }
        }
    }
}

fn line(n: usize, tree: Tree, distance: f64, repeats: u64) {
    let each = |repeat| {
        let mut lab = Lab::new(n, tree, distance, repeat);
        let searched = lab.search();
        // Plain bisection knows nothing of commits that cannot be measured.
        (searched, tree.is_even().then(|| (lab.plain(1), lab.plain(5))))
    };
    let all: Vec<_> = (0..repeats).into_par_iter().map(each).collect();
    let share = |count: usize, of: usize| count as f64 / of as f64;
    let ended = |how| share(all.iter().filter(|(s, _)| s.found == how).count(), all.len());
    let mean = |sum: usize| share(sum, all.len());
    let named: Vec<(f64, bool)> = all.iter().filter_map(|(s, _)| s.named).collect();
    print!(
        "{:>14} {distance:>4.1} | {:>6.3} {:>6.3} {:>6.3} {:>5.1} {:>6.3} {:>6.3} {:>8.1?} |",
        match tree {
            Tree::Even => n.to_string(),
            Tree::Rough => format!("{n}, rough"),
            Tree::Rougher => format!("{n}, rougher"),
        },
        ended(Some(true)),
        ended(Some(false)),
        ended(None),
        mean(all.iter().map(|(s, _)| s.runs).sum()),
        named.iter().map(|(sure, _)| sure).sum::<f64>() / named.len() as f64,
        share(named.iter().filter(|(_, right)| *right).count(), named.len()),
        all.iter().map(|(s, _)| s.longest).max().unwrap_or_default(),
    );
    let plain: Vec<_> = all.iter().filter_map(|(_, plain)| *plain).collect();
    if !plain.is_empty() {
        let right = |which: fn(&Both) -> bool| mean(plain.iter().filter(|p| which(p)).count());
        let runs = |which: fn(&Both) -> usize| mean(plain.iter().map(which).sum());
        print!(" {:>6.3} {:>5.1} |", right(|p| p.0.0), runs(|p| p.0.1));
        print!(" {:>6.3} {:>5.1}", right(|p| p.1.0), runs(|p| p.1.1));
    }
    println!();
}

/// Plain bisection on one and on five measurements a step: whether it was right, and measurements.
type Both = ((bool, usize), (bool, usize));

/// How a search went.
struct Searched {
    /// Whether the right commit was named and confirmed; `None` if none was.
    found: Option<bool>,
    /// What was thought of the likeliest commit, and whether it was right, when it was first to be confirmed.
    named: Option<(f64, bool)>,
    runs: usize,
    /// What the slowest decision took.
    longest: Duration,
}

/// Commits, one of which made everything after it slower.
struct Lab {
    parents: Vec<Vec<usize>>,
    /// Commits that do not build.
    broken: Vec<bool>,
    /// What the luck of its build makes of each.
    builds: Vec<f64>,
    /// Which commits are slow.
    slow: Vec<bool>,
    culprit: usize,
    gap: f64,
    random: fastrand::Rng,
}

impl Lab {
    fn new(count: usize, tree: Tree, distance: f64, repeat: u64) -> Lab {
        let mut random = fastrand::Rng::with_seed(repeat * 7919 + count as u64);
        let culprit = random.usize(..count);
        let parents: Vec<Vec<usize>> = (0..count).map(|at| parents(at, tree)).collect();
        let mut slow: Vec<bool> = Vec::new();
        for (at, parents) in parents.iter().enumerate() {
            slow.push(at == culprit || parents.iter().any(|up| slow[*up]));
        }
        // Neither end, nor the culprit or what it is set against, without which nothing can be named.
        let ends = [culprit, count - 1];
        let needed = |at| ends.contains(&at) || parents[culprit].contains(&at);
        let broken =
            (0..count).map(|at| !tree.is_even() && !needed(at) && random.usize(..BROKEN) == 0);
        let broken = broken.collect();
        let builds = (0..count)
            .map(|_| if tree.is_even() { 0.0 } else { tree.jitter() * normal(&mut random) });
        let builds = builds.collect();
        Lab { parents, broken, builds, slow, culprit, gap: distance * NOISE, random }
    }

    fn measure(&mut self, at: Place) -> f64 {
        let (slow, build) = match at {
            Place::Good => (false, 0.0),
            Place::Commit(at) => (self.slow[at], self.builds[at]),
        };
        let noise = build + normal(&mut self.random);
        let stray = if self.random.f64() < 0.02 { 0.1 + 0.2 * self.random.f64() } else { 0.0 };
        (4.0 + NOISE * noise + stray + if slow { self.gap } else { 0.0 }).exp()
    }

    fn search(&mut self) -> Searched {
        let names = (0..self.parents.len()).map(|at| at.to_string()).collect();
        let commits = Commits::new(names, self.parents.clone()).expect("a graph");
        let mut search = Search::new(commits, Settings { build: 0.0, ..Settings::default() });
        let (mut named, mut longest) = (None, Duration::ZERO);
        loop {
            let before = Instant::now();
            let step = search.step();
            longest = longest.max(before.elapsed());
            let found = match step {
                Step::Measure(Place::Commit(at), _) if self.broken[at] => {
                    search.record(Event::Skipped(at));
                    continue;
                }
                Step::Measure(at, purpose) => {
                    if purpose == Purpose::Confirm {
                        named.get_or_insert_with(|| self.likeliest(&search));
                    }
                    search.record(Event::Measured { at, value: self.measure(at) });
                    continue;
                }
                Step::Done(Outcome::Found(found)) => Some(found.commit == self.culprit),
                Step::Done(_) => None,
            };
            return Searched { found, named, runs: search.measured(), longest };
        }
    }

    fn likeliest(&self, search: &Search) -> (f64, bool) {
        let posterior = search.posterior();
        let best = (0..posterior.len()).max_by(|a, b| posterior[*a].total_cmp(&posterior[*b]));
        let best = best.expect("there are candidates");
        (posterior[best], best == self.culprit)
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
        let bad = median(self, Place::Commit(self.parents.len() - 1));
        let border = 0.5 * (good + bad);
        let (mut low, mut high) = (0, self.parents.len() - 1);
        while low < high {
            let middle = (low + high) / 2;
            let value = median(self, Place::Commit(middle));
            if (value > border) == (bad > good) { high = middle } else { low = middle + 1 }
        }
        (low == self.culprit, used)
    }
}

/// A line; in a rough tree every eighth commit merges the third before it, which forked off with the
/// second before it.
fn parents(at: usize, tree: Tree) -> Vec<usize> {
    match (tree.is_even(), at % 8) {
        (false, 5) => vec![at - 2],
        (false, 7) => vec![at - 1, at - 3],
        _ => at.checked_sub(1).into_iter().collect(),
    }
}

fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * random.f64().max(f64::MIN_POSITIVE).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}
