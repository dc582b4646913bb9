//! Functional tests: those that fail with a kernel and passed with the one it was made from.
//!
//! A test passes or fails, and no statistics are needed: it is newly failing where every iteration of a
//! kernel fails, and every iteration of the nearest measured kernel before it passed. What both passes and
//! fails with one kernel, or has failed and passed again twice before, is a test that cannot be relied on,
//! and is no alert.

use std::collections::BTreeMap;

use serde::Serialize;

use super::alert::Window;
use super::identity;
use super::judged::track_name;
use super::measured::{BenchmarkKey, SeriesKey};
use super::words::{and, counted};
use crate::analysis::History;
use crate::notes::{Entry, Notes, State};

/// Tests that are named in a sentence.
const NAMED: usize = 3;

/// How often a test failed, and how often it was run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Iterations in which it failed.
    pub failed: usize,
    /// Iterations.
    pub runs: usize,
}

/// What became of a test with one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passes,
    Fails,
    Mixed,
}

impl Tally {
    fn outcome(self) -> Outcome {
        match self.failed {
            0 => Outcome::Passes,
            failed if failed == self.runs => Outcome::Fails,
            _ => Outcome::Mixed,
        }
    }
}

/// All tests, each with its kernels as places in the history.
#[derive(Clone, Debug, Default)]
pub struct Tests(BTreeMap<SeriesKey, BTreeMap<usize, Tally>>);

/// Tests of one benchmark that a kernel makes fail.
#[derive(Clone, Debug, Serialize)]
pub struct Failing {
    /// Stable name, as that of an alert.
    pub id: String,
    /// Benchmark, config, machine.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// Last kernel with which they passed, and first with which they fail.
    pub window: Window,
    /// Track of the latter; empty for free text.
    pub track: String,
    /// The tests.
    pub tests: Vec<FailedTest>,
    /// Tests of the benchmark that were run with the first bad kernel.
    pub run: usize,
    /// What people say about it, as of the last note.
    pub state: State,
    /// All that people said about it, oldest first.
    pub notes: Vec<Entry>,
}

/// A test that fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// Its name.
    pub test: String,
    /// Iterations of the first bad kernel, all of which failed.
    pub iterations: usize,
    /// Kernels with which it passes again.
    pub repaired: Vec<String>,
    /// It passes with the newest kernels that came of the bad one.
    pub over: bool,
}

impl FailedTest {
    /// What became of it.
    pub fn sentence(&self) -> String {
        let repaired: Vec<&str> = self.repaired.iter().map(String::as_str).collect();
        match (self.over, repaired.as_slice()) {
            (false, []) => "still there".to_owned(),
            (false, kernels) => format!("passes again in {}, and is still there", and(kernels)),
            (true, kernels) => format!("passes again in {}", and(kernels)),
        }
    }
}

impl Failing {
    /// `true` if all of it was repaired.
    pub fn is_over(&self) -> bool {
        self.tests.iter().all(|test| test.over)
    }

    /// Nobody has said anything about it, and it is still there.
    pub fn is_news(&self) -> bool {
        self.state == State::New && !self.is_over()
    }

    /// `ltp: 2 of 300 tests fail in 6.9 and passed in 6.8: mm-brk01 and mm-mmap02`.
    pub fn title(&self) -> String {
        format!("{}: {}", self.of.benchmark, self.told())
    }

    /// The same without the benchmark.
    pub fn told(&self) -> String {
        let mut names: Vec<&str> =
            self.tests.iter().take(NAMED).map(|test| test.test.as_str()).collect();
        let more = self.tests.len() - names.len();
        let others = format!("{more} more");
        if more > 0 {
            names.push(&others);
        }
        let verb = if self.tests.len() == 1 { "fails" } else { "fail" };
        format!(
            "{} of {} {verb} in {} and passed in {}: {}",
            self.tests.len(),
            counted(self.run, "test"),
            self.window.first_bad,
            self.window.last_good,
            and(&names)
        )
    }

    /// What became of it.
    pub fn sentence(&self) -> String {
        let over = self.tests.iter().filter(|test| test.over).count();
        let mut kernels: Vec<&str> =
            self.tests.iter().flat_map(|test| &test.repaired).map(String::as_str).collect();
        kernels.dedup();
        kernels.truncate(NAMED);
        match over {
            all if all == self.tests.len() => format!("passes again in {}", and(&kernels)),
            0 if kernels.is_empty() => "still there".to_owned(),
            _ => format!("{over} of {} repaired", self.tests.len()),
        }
    }
}

impl Tests {
    /// Adds what the iterations of a kernel measured, each a number of failures.
    pub fn add(&mut self, key: SeriesKey, kernel: usize, iterations: impl Iterator<Item = f64>) {
        let tally = self.0.entry(key).or_default().entry(kernel).or_default();
        for failures in iterations {
            tally.runs += 1;
            tally.failed += usize::from(failures != 0.0);
        }
    }

    /// What newly fails, by benchmark and kernel.
    pub fn failing(&self, history: &History, notes: &Notes) -> Vec<Failing> {
        let mut found: BTreeMap<(BenchmarkKey, usize), (usize, Vec<FailedTest>)> = BTreeMap::new();
        for (key, kernels) in &self.0 {
            for (good, bad) in turns(history, kernels) {
                let test = failed(history, key, kernels, bad);
                let place = found.entry((key.of.clone(), bad)).or_insert((good, Vec::new()));
                place.1.push(test);
            }
        }
        let name = |kernel: usize| name(history, kernel).to_owned();
        let run = |of: &BenchmarkKey, kernel: usize| {
            let tests = self.0.iter().filter(|(key, _)| key.of == *of);
            tests.filter(|(_, kernels)| kernels.contains_key(&kernel)).count()
        };
        let mut all: Vec<Failing> = found
            .into_iter()
            .map(|((of, bad), (good, tests))| {
                let window = Window { last_good: name(good), first_bad: name(bad), commits: None };
                let id = identity::of_failing(&of, &window.first_bad);
                let said = notes.of(&id);
                Failing {
                    track: track_name(&window.first_bad),
                    run: run(&of, bad),
                    state: said.map_or(State::New, |said| said.state()),
                    notes: said.map_or(Vec::new(), |said| said.entries.clone()),
                    id,
                    of,
                    window,
                    tests,
                }
            })
            .collect();
        all.sort_by_key(|failing| failing.is_over());
        all
    }
}

fn name(history: &History, kernel: usize) -> &str {
    history.tree.kernels.get(kernel).map_or("", |kernel| &kernel.name)
}

/// Nearest kernel before this one with which the test was run.
fn before(history: &History, kernels: &BTreeMap<usize, Tally>, kernel: usize) -> Option<usize> {
    history.tree.ancestors(kernel).find(|ancestor| kernels.contains_key(ancestor))
}

/// Kernels with which the test begins to fail, each behind the last with which it passed; none of a test
/// that cannot be relied on.
fn turns(history: &History, kernels: &BTreeMap<usize, Tally>) -> Vec<(usize, usize)> {
    if kernels.values().any(|tally| tally.outcome() == Outcome::Mixed) {
        return Vec::new();
    }
    let fails = |kernel: usize| kernels[&kernel].outcome() == Outcome::Fails;
    let begins = |kernel: usize| {
        let good = before(history, kernels, kernel)?;
        (fails(kernel) && !fails(good)).then_some((good, kernel))
    };
    let earlier = |kernel: usize| {
        let measured = history.tree.ancestors(kernel).filter(|up| kernels.contains_key(up));
        measured.filter(|up| begins(*up).is_some()).count()
    };
    kernels
        .keys()
        .filter_map(|kernel| begins(*kernel))
        .filter(|(_, bad)| earlier(*bad) < 2)
        .collect()
}

fn failed(
    history: &History,
    key: &SeriesKey,
    kernels: &BTreeMap<usize, Tally>,
    bad: usize,
) -> FailedTest {
    let fails = |kernel: usize| kernels[&kernel].outcome() == Outcome::Fails;
    let after: Vec<usize> = kernels
        .keys()
        .copied()
        .filter(|kernel| history.tree.ancestors(*kernel).any(|ancestor| ancestor == bad))
        .collect();
    let repaired = after
        .iter()
        .filter(|kernel| !fails(**kernel) && before(history, kernels, **kernel).is_some_and(fails));
    let is_last = |kernel: &&usize| {
        let mut others = after.iter();
        !others.any(|other| before(history, kernels, *other) == Some(**kernel))
    };
    FailedTest {
        test: key.operation.clone(),
        iterations: kernels[&bad].runs,
        repaired: repaired.map(|kernel| name(history, *kernel).to_owned()).collect(),
        over: !after.is_empty() && after.iter().filter(is_last).all(|kernel| !fails(*kernel)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::measured::Place;
    use super::*;
    use crate::model::Run;

    /// Tests by name, each with what its iterations gave, kernel by kernel: `6.8 ..` passed twice, `6.9 .F`
    /// passed and failed.
    fn failing(kernels: &[&str], tests: &[(&str, &str)]) -> Vec<Failing> {
        let runs: Vec<Run> =
            kernels.iter().map(|name| Run { name: (*name).to_owned(), ..Run::default() }).collect();
        let history = History::new(&runs.iter().collect::<Vec<_>>());
        let mut all = Tests::default();
        for (test, row) in tests {
            for (kernel, marks) in row.split(", ").filter_map(|cell| cell.split_once(' ')) {
                let place = Place { machine: "ivor".to_owned(), ..Place::default() };
                let of = BenchmarkKey { place, benchmark: "ltp".to_owned() };
                let key = SeriesKey { of, operation: (*test).to_owned() };
                let values = marks.chars().map(|mark| if mark == 'F' { 1.0 } else { 0.0 });
                all.add(key, history.place(kernel).unwrap(), values);
            }
        }
        all.failing(&history, &Notes::default())
    }

    fn titles(found: &[Failing]) -> Vec<String> {
        found.iter().map(|failing| format!("{}; {}", failing.title(), failing.sentence())).collect()
    }

    const KERNELS: [&str; 6] = ["6.7", "6.8", "6.9", "6.9.1", "6.10", "6.11"];

    #[test]
    fn tests_that_begin_to_fail_with_one_kernel_are_one_alert() {
        let found = failing(
            &KERNELS,
            &[
                ("brk01", "6.8 ., 6.9 F, 6.10 F"),
                ("mmap02", "6.8 .., 6.9 FF"),
                ("fork01", "6.8 ., 6.9 ."),
            ],
        );
        let expected =
            "ltp: 2 of 3 tests fail in 6.9 and passed in 6.8: brk01 and mmap02; still there";
        assert_eq!(titles(&found), [expected]);
        assert!(found[0].is_news());
        assert_eq!(found[0].id, failing(&KERNELS[1..4], &[("x", "6.8 ., 6.9 F")])[0].id);
    }

    #[test]
    fn what_passes_and_fails_with_one_kernel_is_no_alert() {
        for row in ["6.7 .F, 6.8 ., 6.9 F", "6.8 ..., 6.9 F.F", "6.8 ., 6.9 F, 6.10 .F"] {
            assert_eq!(titles(&failing(&KERNELS, &[("a", row)])), Vec::<String>::new(), "{row}");
        }
        // Nor is one that always failed, or that nothing is known of before.
        for row in ["6.8 F, 6.9 F", "6.9 F"] {
            assert_eq!(titles(&failing(&KERNELS, &[("a", row)])), Vec::<String>::new(), "{row}");
        }
    }

    #[test]
    fn what_comes_and_goes_is_not_told_again_and_again() {
        let names: Vec<String> = (1..=12).map(|at| format!("6.{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let cells: Vec<String> = names
            .iter()
            .zip(0..)
            .map(|(name, at)| format!("{name} {}", if at % 2 == 1 { "F" } else { "." }))
            .collect();
        assert_eq!(failing(&names, &[("a", &cells.join(", "))]).len(), 2);
    }

    #[test]
    fn a_repair_is_told_with_its_kernel() {
        let found = failing(&KERNELS, &[("a", "6.8 ., 6.9 F, 6.9.1 F, 6.10 F, 6.11 .")]);
        assert_eq!(found[0].tests[0].repaired, ["6.11"]);
        assert!(!found[0].is_over(), "the stable series still has it");
        let found = failing(&KERNELS, &[("a", "6.8 ., 6.9 F, 6.9.1 ., 6.10 F, 6.11 .")]);
        assert!(found[0].is_over() && !found[0].is_news());
        assert_eq!(found[0].sentence(), "passes again in 6.9.1 and 6.11");
    }
}
