//! Tables of `melbot compare --ratio` against those of `compare-mmtests.pl --print-ratio`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Bench, arithmetic_mean, for_each_benchmark, harmonic_mean, is_close, reads_as};
use crate::deviations::{Instead, deviation};
use crate::oracle::{Cell, Row, Table};
use crate::support::{self, Findings, corpus};

const COLUMNS: &str = "machine,config,benchmark,operation,run,ratio,change_pct,score";

/// The rows that condense all operations.
const TOTALS: [&str; 4] = ["Gmean", "Dmean", "Dmin", "Dmax"];

#[test]
fn ratio_tables_are_those_of_mmtests() {
    let corpus = corpus();
    let mut findings = Findings::default();
    for_each_benchmark(&corpus, |bench| {
        let check = Check { bench, ours: ratios(bench, &corpus) };
        check.all(&bench.source.ratio_table(bench.name), &mut findings);
    });
    findings.assert_all_right(&[
        ("bare totals", 296),
        ("own ratios", 74),
        ("own totals", 86),
        ("ratio figures", 387),
        ("ratios without data", 9),
        ("totals", 210),
    ]);
}

#[derive(Clone, Default)]
struct Ratio {
    ratio: String,
    change: String,
    score: String,
}

/// Ratios by operation and run.
type Ratios = BTreeMap<(String, String), Ratio>;

fn ratios(bench: &Bench, corpus: &Path) -> Ratios {
    let mut ratios = Ratios::new();
    for row in support::table(&bench.compared(corpus, &["--ratio"]), ',', COLUMNS) {
        let key = (row["operation"].clone(), row["run"].clone());
        let [ratio, change, score] = ["ratio", "change_pct", "score"].map(|n| row[n].clone());
        let twice = ratios.insert(key.clone(), Ratio { ratio, change, score });
        assert!(twice.is_none(), "{key:?} is there twice");
    }
    ratios
}

struct Check<'a> {
    bench: &'a Bench<'a>,
    ours: Ratios,
}

impl Check<'_> {
    fn all(&self, theirs: &Table, findings: &mut Findings) {
        let (rows, totals): (Vec<&Row>, Vec<&Row>) =
            theirs.rows.iter().partition(|row| row.statistic == "Ratio");
        let known: BTreeSet<&str> = rows.iter().map(|row| row.operation.as_str()).collect();
        for row in &rows {
            if deviation(self.bench.name, &row.operation).is_none() {
                self.row(row, findings);
            }
        }
        for operation in self.bench.operations() {
            match deviation(self.bench.name, operation).map(|found| found.instead) {
                None | Some(Instead::ToldDirection | Instead::NoRatio) => {}
                Some(instead) => self.of_samples(operation, instead, findings),
            }
        }
        self.rows_of_our_own(&known, findings);
        for name in TOTALS {
            let row = totals.iter().find(|row| row.statistic == name).copied();
            self.total(name, row, &known, findings);
        }
    }

    /// A row of MMTests'.
    fn row(&self, row: &Row, findings: &mut Findings) {
        let operation = &row.operation;
        for (run, cell) in self.bench.runs.iter().zip(&row.cells) {
            let mine = self.ratio(operation, run);
            let Ratio { ratio, change, score } = &mine;
            let place = || self.bench.place(operation, "ratio", run);
            if !self.bench.has_data(operation, run) {
                findings.check("ratios without data", mine.is_empty(), || {
                    format!("{}: `{ratio}` `{change}` `{score}`, not empty", place())
                });
                continue;
            }
            let pairs = [(ratio, &cell.value), (change, &cell.change), (score, &cell.score)];
            for (mine, theirs) in pairs {
                findings.check("ratio figures", reads_as(mine, theirs), || {
                    format!("{}: `{mine}`, not {theirs}", place())
                });
            }
        }
    }

    /// The ratio of an operation that MMTests does not read, or whose direction it mistakes.
    fn of_samples(&self, operation: &str, instead: Instead, findings: &mut Findings) {
        // Of a deviation that leaves the direction open: less is better of this one, and more of the
        // table, so that the ratio is turned over.
        let expected = |old: [Mean; 2], new: [Mean; 2]| match instead {
            Instead::SamplesLowerBetter => divided(new[0], old[0], -100.0),
            Instead::SamplesHigherBetter => divided(new[1], old[1], 100.0),
            _ => divided(old[0], new[0], 100.0),
        };
        let means = |run: &str| {
            let values = self.bench.values(operation, run);
            [arithmetic_mean(&values), harmonic_mean(&values)]
        };
        for run in &self.bench.runs {
            let (ratio, change) = expected(means(&self.bench.runs[0]), means(run));
            let mine = self.ratio(operation, run);
            let right = is_close(&mine.ratio, ratio) && is_close(&mine.change, change);
            findings.check("own ratios", right, || {
                let place = self.bench.place(operation, "ratio", run);
                format!("{place}: `{}` `{}`, not {ratio:?} {change:?}", mine.ratio, mine.change)
            });
        }
    }

    /// Operations that MMTests does not show: of deviations, or those that have no ratio.
    fn rows_of_our_own(&self, known: &BTreeSet<&str>, findings: &mut Findings) {
        for ((operation, run), mine) in &self.ours {
            let name = operation.as_str();
            let deviates = deviation(self.bench.name, name)
                .is_some_and(|found| found.instead != Instead::NoRatio);
            if known.contains(name) || TOTALS.contains(&name) || deviates {
                continue;
            }
            findings.check("rows of our own", mine.is_empty(), || {
                let place = self.bench.place(operation, "ratio", run);
                format!("{place}: `{}`: MMTests has no such row", mine.ratio)
            });
        }
    }

    /// Equal to MMTests' where all operations have data and are read right, else to what follows
    /// from our own rows.
    fn total(
        &self,
        name: &str,
        theirs: Option<&Row>,
        known: &BTreeSet<&str>,
        findings: &mut Findings,
    ) {
        for (at, run) in self.bench.runs.iter().enumerate() {
            let sound = !known.is_empty()
                && known.iter().all(|operation| {
                    let deviates = deviation(self.bench.name, operation).is_some();
                    self.bench.has_data(operation, run) && !deviates
                });
            let mine = self.ratio(name, run);
            let place = || self.bench.place(name, "over all", run);
            let cell: Option<&Cell> = theirs.map(|row| &row.cells[at]).filter(|_| sound);
            if let Some(cell) = cell {
                findings.check("totals", reads_as(&mine.ratio, &cell.value), || {
                    format!("{}: `{}`, not {}", place(), mine.ratio, cell.value)
                });
            } else {
                let expected = self.total_of_our_own(name, run);
                findings.check("own totals", is_close(&mine.ratio, expected), || {
                    format!("{}: `{}`, not {expected:?}", place(), mine.ratio)
                });
            }
            let bare = mine.change.is_empty() && mine.score.is_empty();
            findings.check("bare totals", bare, || format!("{}: more than one figure", place()));
        }
    }

    fn total_of_our_own(&self, name: &str, run: &str) -> Option<f64> {
        let mine = self
            .ours
            .iter()
            .filter(|((operation, of), _)| of == run && !TOTALS.contains(&operation.as_str()));
        let (ratios, scores): (Vec<_>, Vec<_>) = mine
            .map(|(_, mine)| (mine.ratio.parse::<f64>().ok(), mine.score.parse::<f64>().ok()))
            .unzip();
        // A ratio of zero has no logarithm and is left out.
        let positive = ratios.into_iter().flatten().filter(|ratio| *ratio > 0.0);
        let logarithms: Vec<f64> = positive.map(f64::ln).collect();
        let scores: Vec<f64> = scores.into_iter().flatten().collect();
        match name {
            "Gmean" => arithmetic_mean(&logarithms).map(f64::exp),
            "Dmean" => arithmetic_mean(&scores),
            "Dmin" => scores.into_iter().reduce(f64::min),
            "Dmax" => scores.into_iter().reduce(f64::max),
            _ => unreachable!("{name}"),
        }
    }

    fn ratio(&self, operation: &str, run: &str) -> Ratio {
        self.ours.get(&(operation.to_owned(), run.to_owned())).cloned().unwrap_or_default()
    }
}

impl Ratio {
    fn is_empty(&self) -> bool {
        self.ratio.is_empty() && self.change.is_empty() && self.score.is_empty()
    }
}

type Mean = Option<f64>;

/// The ratio of two means, and its distance from 1 times `percent`.
fn divided(new: Mean, old: Mean, percent: f64) -> (Option<f64>, Option<f64>) {
    let ratio = match (new, old) {
        (Some(new), Some(old)) if new == old => Some(1.0),
        (Some(new), Some(old)) if old != 0.0 => Some(new / old),
        _ => None,
    };
    (ratio, ratio.map(|ratio| (ratio - 1.0) * percent))
}
