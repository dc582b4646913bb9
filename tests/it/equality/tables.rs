//! Tables of `melbot compare` against those of `compare-mmtests.pl`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Bench, arithmetic_mean, for_each_benchmark, harmonic_mean, is_close, reads_as};
use crate::deviations::{Instead, Measured, deviation, no_table};
use crate::oracle::{Cell, Row, Table};
use crate::support::{self, Findings, corpus};

const COLUMNS: &str = "machine,config,benchmark,operation,statistic,run,value,change_pct,starred";

#[test]
fn tables_are_those_of_mmtests() {
    let corpus = corpus();
    let mut findings = Findings::default();
    for_each_benchmark(&corpus, |bench| {
        let check = Check { bench, ours: figures(bench, &corpus) };
        check.all(&bench.source.table(bench.name), &mut findings);
    });
    findings.assert_all_right(&[
        ("changes", 3097),
        ("figures", 3097),
        ("figures without data", 54),
        ("own changes", 246),
        ("own figures", 280),
        ("stars", 305),
        ("unrounded", 2941),
    ]);
}

#[derive(Clone, Default)]
struct Figure {
    value: String,
    change: String,
    starred: String,
}

/// Figures by operation, statistic and run.
type Figures = BTreeMap<(String, String, String), Figure>;

fn figures(bench: &Bench, corpus: &Path) -> Figures {
    let mut figures = Figures::new();
    for row in support::table(&bench.compared(corpus, &[]), ',', COLUMNS) {
        let place = [&row["machine"], &row["config"], &row["benchmark"]];
        let asked = [&bench.source.machine, &bench.source.config, bench.name];
        assert_eq!(place, asked, "a row that was not asked for");
        let key = ["operation", "statistic", "run"].map(|name| row[name].clone());
        let [value, change, starred] = ["value", "change_pct", "starred"].map(|n| row[n].clone());
        let twice = figures.insert(key.clone().into(), Figure { value, change, starred });
        assert!(twice.is_none(), "{key:?} is there twice");
    }
    figures
}

struct Check<'a> {
    bench: &'a Bench<'a>,
    ours: Figures,
}

impl Check<'_> {
    fn all(&self, theirs: &Table, findings: &mut Findings) {
        let bench = self.bench;
        for row in &theirs.rows {
            if deviation(bench.name, &row.operation).is_none() {
                self.row(row, findings);
            }
        }
        self.unrounded(theirs, findings);
        let entry = no_table(&bench.source.machine, &bench.source.config, bench.name);
        for operation in bench.operations() {
            let instead = deviation(bench.name, operation).map(|found| found.instead);
            match (instead, entry.map(|entry| entry.measured)) {
                (Some(Instead::ToldDirection), _) => self.told_direction(operation, findings),
                (Some(instead), _) => self.summary(operation, instead, findings),
                (None, Some(Measured::Zeros)) => {
                    self.summary(operation, Instead::SamplesHigherBetter, findings);
                }
                (None, _) => {}
            }
        }
        assert_eq!(theirs.rows.is_empty(), entry.is_some(), "{} has no table", bench.name);
        self.rows_of_our_own(theirs, entry.is_some(), findings);
    }

    /// A row of MMTests'.
    fn row(&self, row: &Row, findings: &mut Findings) {
        for (run, cell) in self.bench.runs.iter().zip(&row.cells) {
            let place = || self.bench.place(&row.operation, &row.statistic, run);
            let Some(mine) = self.figure(&row.operation, &row.statistic, run) else {
                findings.check("figures", false, || format!("{}: there is no such row", place()));
                continue;
            };
            let Figure { value, change, starred } = mine;
            if !self.bench.has_data(&row.operation, run) {
                let empty = value.is_empty() && change.is_empty() && starred != "true";
                findings.check("figures without data", empty, || {
                    format!("{}: `{value}` `{change}`, not empty", place())
                });
                continue;
            }
            findings.check("figures", reads_as(value, &cell.value), || {
                format!("{}: `{value}`, not {}", place(), cell.value)
            });
            findings.check("changes", Self::change_is_right(mine, cell), || {
                format!("{}: change `{change}`, not {}", place(), cell.change)
            });
            let is_mean = ["Amean", "Hmean"].contains(&row.statistic.as_str());
            if is_mean || starred == "true" {
                findings.check("stars", *starred == cell.starred.to_string(), || {
                    format!("{}: starred `{starred}`, not {}", place(), cell.starred)
                });
            }
        }
    }

    /// A change from nothing is no number: it is absent.
    fn change_is_right(mine: &Figure, cell: &Cell) -> bool {
        if cell.change == "NaN" {
            mine.change.is_empty()
        } else {
            reads_as(&mine.change, &cell.change)
        }
    }

    /// Values as MMTests has them before it rounds, for what it reads right.
    fn unrounded(&self, theirs: &Table, findings: &mut Findings) {
        let Some(unrounded) = self.bench.source.unrounded(self.bench.name) else { return };
        for (operation, rows) in unrounded {
            if deviation(self.bench.name, &operation).is_some() {
                continue;
            }
            let printed = theirs.rows.iter().filter(|row| row.operation == operation);
            let statistics: Vec<&str> = printed.map(|row| row.statistic.as_str()).collect();
            assert_eq!(statistics.len(), rows.len(), "{} {operation}", self.bench.name);
            for (statistic, values) in statistics.iter().zip(rows) {
                for (run, value) in self.bench.runs.iter().zip(values) {
                    if !self.bench.has_data(&operation, run) {
                        continue;
                    }
                    let mine = self.figure(&operation, statistic, run).cloned().unwrap_or_default();
                    findings.check("unrounded", is_close(&mine.value, Some(value)), || {
                        let place = self.bench.place(&operation, statistic, run);
                        format!("{place}: `{}`, not {value}", mine.value)
                    });
                }
            }
        }
    }

    fn told_direction(&self, operation: &str, findings: &mut Findings) {
        let rows = self.bench.source.told_direction(operation);
        assert!(!rows.is_empty(), "compare-kernels.sh does not show {operation}");
        rows.iter().for_each(|row| self.row(row, findings));
    }

    /// Minimum, mean and maximum of an operation, computed here from its samples.
    fn summary(&self, operation: &str, instead: Instead, findings: &mut Findings) {
        let means: &[&str] = match instead {
            Instead::SamplesLowerBetter | Instead::NoRatio => &["Amean"],
            Instead::SamplesHigherBetter => &["Hmean"],
            _ => &["Amean", "Hmean"],
        };
        let there = |name: &&str| self.figure(operation, name, &self.bench.runs[0]).is_some();
        let found: Vec<&str> = ["Amean", "Hmean"].into_iter().filter(|name| there(name)).collect();
        let [mean] = found[..] else {
            let place = self.bench.place(operation, "mean", "all");
            findings.check("own figures", false, || format!("{place}: {found:?}, not {means:?}"));
            return;
        };
        findings.check("own figures", means.contains(&mean), || {
            format!("{}, not {means:?}", self.bench.place(operation, mean, "all"))
        });
        for run in &self.bench.runs {
            for statistic in ["Min", "Max", mean] {
                self.summarised(operation, statistic, run, findings);
            }
        }
    }

    fn summarised(&self, operation: &str, statistic: &str, run: &str, findings: &mut Findings) {
        let higher = self.figure(operation, "Hmean", &self.bench.runs[0]).is_some();
        let expected = |run: &str| statistic_of(statistic, &self.bench.values(operation, run));
        let value = expected(run);
        let change = match (expected(&self.bench.runs[0]), value) {
            (Some(old), Some(new)) if old == new => Some(0.0),
            (Some(0.0), Some(_)) => Some(if higher { 100.0 } else { -99.0 }),
            (Some(old), Some(new)) => {
                Some(if higher { new - old } else { old - new } / old * 100.0)
            }
            _ => None,
        };
        let mine = self.figure(operation, statistic, run).cloned().unwrap_or_default();
        let place = || self.bench.place(operation, statistic, run);
        findings.check("own figures", is_close(&mine.value, value), || {
            format!("{}: `{}`, not {value:?}", place(), mine.value)
        });
        findings.check("own changes", is_close(&mine.change, change), || {
            format!("{}: change `{}`, not {change:?}", place(), mine.change)
        });
    }

    /// Rows that MMTests does not have: of deviations, of an operation that the baseline lacks,
    /// or empty.
    fn rows_of_our_own(&self, theirs: &Table, no_table: bool, findings: &mut Findings) {
        let known: BTreeSet<(&str, &str)> = theirs
            .rows
            .iter()
            .map(|row| (row.operation.as_str(), row.statistic.as_str()))
            .collect();
        for ((operation, statistic, run), mine) in &self.ours {
            let deviates = deviation(self.bench.name, operation).is_some();
            let has_data = self.bench.has_data(operation, run);
            if known.contains(&(operation.as_str(), statistic.as_str())) || deviates {
                continue;
            }
            let right = match (has_data, self.bench.baseline_has_data(operation)) {
                (true, true) => no_table,
                (true, false) => !mine.value.is_empty() && mine.change.is_empty(),
                (false, _) => mine.value.is_empty() && mine.change.is_empty(),
            };
            findings.check("rows of our own", right, || {
                let place = self.bench.place(operation, statistic, run);
                format!("{place}: `{}` `{}`: MMTests has no such row", mine.value, mine.change)
            });
        }
    }

    fn figure(&self, operation: &str, statistic: &str, run: &str) -> Option<&Figure> {
        self.ours.get(&(operation.to_owned(), statistic.to_owned(), run.to_owned()))
    }
}

fn statistic_of(name: &str, values: &[f64]) -> Option<f64> {
    match name {
        "Min" => values.iter().copied().reduce(f64::min),
        "Max" => values.iter().copied().reduce(f64::max),
        "Amean" => arithmetic_mean(values),
        "Hmean" => harmonic_mean(values),
        _ => unreachable!("{name}"),
    }
}
