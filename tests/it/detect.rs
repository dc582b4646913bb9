//! How many of the changes that were put into data melbot finds, and how many of its alerts are
//! false, on the series with known truth of `tests/data/detect.tar.xz`.
//!
//! The rules are those of `benches/scoreboard/score.py`. The limits are not what melbot reaches (that
//! stands in docs/VERDICTS.md) but what it must not fall below.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Row, argument, fields, printed, unpacked};

/// How far from a change a claim may lie, in kernels.
const TOLERANCE: usize = 1;

/// Where a kernel stands.
#[derive(Clone)]
struct Place {
    track: String,
    pos: usize,
    has_parent: bool,
}

struct Event {
    track: String,
    first: usize,
    last: usize,
    direction: String,
    drift: bool,
    scored: bool,
}

impl Event {
    fn distance(&self, place: &Place) -> usize {
        self.first.saturating_sub(place.pos).max(place.pos.saturating_sub(self.last))
    }

    fn is_near(&self, place: &Place) -> bool {
        place.track == self.track && self.distance(place) <= TOLERANCE
    }
}

/// A suite and a name in it.
type Key = (String, String);

/// What is true.
struct Truth {
    kernels: BTreeMap<Key, Place>,
    /// Measured kernels of each series.
    series: BTreeMap<Key, BTreeSet<String>>,
    events: BTreeMap<Key, Vec<Event>>,
}

fn key(row: &Row, name: &str) -> Key {
    (row["suite"].clone(), row[name].clone())
}

impl Truth {
    /// Of a folder with `input` and `truth`.
    fn read(folder: &Path) -> Truth {
        let table = |name: &str| rows(&folder.join(name));
        let place = |row: &Row| Place {
            track: row["track"].clone(),
            pos: row["pos"].parse().unwrap(),
            has_parent: !row["parent"].is_empty(),
        };
        let kernels: BTreeMap<Key, Place> =
            table("input/kernels.csv").iter().map(|r| (key(r, "kernel"), place(r))).collect();
        let mut series: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
        for row in table("input/samples.csv") {
            series.entry(key(&row, "series")).or_default().insert(row["kernel"].clone());
        }
        let mut events: BTreeMap<Key, Vec<Event>> = BTreeMap::new();
        for row in table("truth/truth.csv") {
            let first = &kernels[&key(&row, "kernel")];
            let last = kernels.get(&key(&row, "end_kernel")).unwrap_or(first);
            events.entry(key(&row, "series")).or_default().push(Event {
                track: first.track.clone(),
                first: first.pos,
                last: last.pos,
                direction: row["direction"].clone(),
                drift: row["kind"] == "drift",
                scored: row["scored"] == "1",
            });
        }
        Truth { kernels, series, events }
    }

    /// Scores claims, rows with suite, series, kernel and direction, by suite.
    fn score(&self, claims: &[Row]) -> BTreeMap<String, Score> {
        let is_claim = |row: &&Row| ["regression", "improvement"].contains(&&*row["direction"]);
        let mut by_series: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
        for row in claims.iter().filter(is_claim) {
            by_series.entry(key(row, "series")).or_default().push(row);
        }
        let mut suites: BTreeMap<String, Score> = BTreeMap::new();
        for (series, kernels) in &self.series {
            let claims: Vec<(&str, &Place)> = by_series
                .get(series)
                .into_iter()
                .flatten()
                .map(|row| (&*row["direction"], &self.kernels[&key(row, "kernel")]))
                .collect();
            let events = self.events.get(series).map_or(&[][..], Vec::as_slice);
            let places: Vec<&Place> =
                kernels.iter().map(|k| &self.kernels[&(series.0.clone(), k.clone())]).collect();
            suites.entry(series.0.clone()).or_default().add(&score(events, &claims, &places));
        }
        suites
    }
}

#[derive(Default)]
struct Score {
    found: usize,
    exact: usize,
    missed: usize,
    wrong: usize,
    unchanged: usize,
}

impl Score {
    fn add(&mut self, other: &Score) {
        self.found += other.found;
        self.exact += other.exact;
        self.missed += other.missed;
        self.wrong += other.wrong;
        self.unchanged += other.unchanged;
    }

    fn total(suites: &BTreeMap<String, Score>) -> Score {
        let mut total = Score::default();
        suites.values().for_each(|suite| total.add(suite));
        total
    }

    fn f1(&self) -> f64 {
        let all = 2 * self.found + self.wrong + self.missed;
        if self.found == 0 { 0.0 } else { 2.0 * self.found as f64 / all as f64 }
    }

    fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.wrong) as f64
    }

    fn exact(&self) -> f64 {
        self.exact as f64 / self.found as f64
    }

    fn false_per_1000(&self) -> f64 {
        1000.0 * self.wrong as f64 / self.unchanged as f64
    }
}

/// One series: an event takes the nearest claim of its direction; a drift takes any number.
fn score(events: &[Event], claims: &[(&str, &Place)], kernels: &[&Place]) -> Score {
    let mut candidates = Vec::new();
    for (e, event) in events.iter().enumerate().filter(|(_, event)| event.scored) {
        for (c, (direction, place)) in claims.iter().enumerate() {
            if *direction == event.direction && event.is_near(place) {
                candidates.push((event.distance(place), e, c));
            }
        }
    }
    candidates.sort_unstable();
    let (mut found, mut used) = (BTreeMap::new(), BTreeSet::new());
    for (distance, e, c) in candidates {
        if used.contains(&c) {
            continue;
        }
        if let std::collections::btree_map::Entry::Vacant(free) = found.entry(e) {
            free.insert(distance);
            used.insert(c);
        } else if events[e].drift {
            used.insert(c);
        }
    }
    let excused = |place: &Place| events.iter().any(|e| !e.scored && e.is_near(place));
    let unused = claims.iter().enumerate().filter(|(c, _)| !used.contains(c));
    let quiet = |place: &&&Place| place.has_parent && !events.iter().any(|e| e.is_near(place));
    Score {
        found: found.len(),
        exact: found.values().filter(|distance| **distance == 0).count(),
        missed: events.iter().filter(|event| event.scored).count() - found.len(),
        wrong: unused.filter(|(_, (_, place))| !excused(place)).count(),
        unchanged: kernels.iter().filter(quiet).count(),
    }
}

/// The rows of a CSV file, or of its compressed form.
fn rows(path: &Path) -> Vec<Row> {
    let packed = path.with_extension("csv.gz");
    let text = match fs::File::open(packed) {
        Ok(file) => std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap(),
        Err(_) => fs::read_to_string(path).unwrap(),
    };
    parsed(&text)
}

fn parsed(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let columns: Vec<String> = fields(lines.next().unwrap(), ',');
    lines.map(|line| columns.iter().cloned().zip(fields(line, ',')).collect()).collect()
}

fn judged(folder: &Path) -> BTreeMap<String, Score> {
    let claims = printed(&["judge", argument(&folder.join("input"))]);
    Truth::read(folder).score(&parsed(&claims))
}

/// Fails unless all of these hold; says all that do not.
#[track_caller]
fn hold(limits: &[(&str, f64, f64, f64)]) {
    for (what, low, value, high) in limits {
        println!("{what}: {value:.3}, from {low} to {high}");
    }
    let broken = limits.iter().filter(|(_, low, value, high)| !(low..=high).contains(&value));
    assert_eq!(broken.map(|limit| limit.0).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn changes_are_found_and_few_alerts_are_false() {
    let kit = unpacked("detect.tar.xz");
    let suites = judged(&kit);
    let total = Score::total(&suites);
    assert_eq!((suites.len(), total.found + total.missed), (6, 255), "the kit as it was packed");
    let macro_f1 = suites.values().map(Score::f1).sum::<f64>() / suites.len() as f64;
    hold(&[
        ("F1", 0.71, total.f1(), 1.0),
        ("macro-F1", 0.62, macro_f1, 1.0),
        ("precision", 0.90, total.precision(), 1.0),
        ("false alerts per 1,000", 0.0, total.false_per_1000(), 1.25),
        ("the kernel itself is named", 0.97, total.exact(), 1.0),
    ]);
}

#[test]
fn kernels_that_are_bad_alone_are_found() {
    let kit = unpacked("detect.tar.xz");
    let total = Score::total(&judged(&kit.join("blip")));
    assert_eq!(total.found + total.missed, 251, "the kit as it was packed");
    hold(&[
        ("F1", 0.70, total.f1(), 1.0),
        ("false alerts per 1,000", 0.0, total.false_per_1000(), 2.0),
    ]);
}

#[test]
fn changes_are_found_in_trees_of_results() {
    let kit = unpacked("detect.tar.xz");
    let series: BTreeMap<[String; 3], Key> = rows(&kit.join("mmtests/map.csv"))
        .iter()
        .map(|row| (["tree", "benchmark", "metric"].map(|n| row[n].clone()), key(row, "series")))
        .collect();
    let store = TempDir::new().unwrap();
    let trees = kit.join("mmtests");
    let place = [argument(&trees), "--store", argument(store.path())];
    let text = printed(&[&["alerts", "--csv", "--all"], &place[..]].concat());
    let claims: Vec<Row> = parsed(&text)
        .into_iter()
        .map(|row| {
            let tree = row["run_path"].split('/').next().unwrap().to_owned();
            let (suite, series) =
                series[&[tree, row["benchmark"].clone(), row["operation"].clone()]].clone();
            // Runs of one name in several trees of one machine are numbered: 6.10, 6.10 (2), …
            let kernel = format!("v{}", row["kernel"].split(' ').next().unwrap());
            let direction = row["direction"].clone();
            let columns = ["suite", "series", "kernel", "direction"].map(str::to_owned);
            columns.into_iter().zip([suite, series, kernel, direction]).collect()
        })
        .collect();
    let total = Score::total(&Truth::read(&kit.join("mmtests_kit")).score(&claims));
    assert_eq!(total.found + total.missed, 52, "the kit as it was packed");
    hold(&[("F1", 0.79, total.f1(), 1.0), ("precision", 0.90, total.precision(), 1.0)]);
}
