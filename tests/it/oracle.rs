//! What MMTests makes of the corpus: its samples, its tables and its ratio tables, as printed.

use crate::deviations::{Measured, no_table};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::lines;

/// The results of one config on one machine.
pub struct Source {
    pub machine: String,
    pub config: String,
    folder: PathBuf,
}

/// Which samples belong together: run, iteration, benchmark, operation.
pub type Key = (String, String, String, String);

/// Samples as (interval, value).
pub type Samples = BTreeMap<Key, Vec<(f64, f64)>>;

/// A table of `compare-mmtests.pl`.
#[derive(Default)]
pub struct Table {
    /// In the order of the columns; the first is the baseline.
    pub runs: Vec<String>,
    pub rows: Vec<Row>,
    /// Lines that belong to no table: what the tools complained of.
    pub complaints: Vec<String>,
}

pub struct Row {
    /// `Amean`, `Ratio` and so on.
    pub statistic: String,
    /// Empty in the last rows of a ratio table.
    pub operation: String,
    /// As many as runs.
    pub cells: Vec<Cell>,
}

/// The figures of a cell as printed, without what decorates them.
#[derive(Default)]
pub struct Cell {
    pub value: String,
    pub change: String,
    /// Ratio tables only: by how much the intervals are apart.
    pub score: String,
    /// `*` instead of parentheses.
    pub starred: bool,
}

/// All results that MMTests' reporting was run on.
pub fn sources(corpus: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    for machine in folders(corpus) {
        for config in folders(&corpus.join(&machine)) {
            let folder = corpus.join(&machine).join(&config).join("oracle");
            if folder.is_dir() {
                sources.push(Source { machine: machine.clone(), config, folder });
            }
        }
    }
    sources
}

fn folders(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

impl Source {
    /// The benchmarks that MMTests compared, or tried to.
    pub fn benchmarks(&self) -> BTreeSet<String> {
        let names = fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().file_name());
        names
            .filter_map(|name| {
                let name = name.into_string().unwrap();
                let benchmark = name.strip_prefix("compare-")?.strip_suffix(".ratio.txt")?;
                Some(benchmark.to_owned())
            })
            .collect()
    }

    /// Every sample: read by MMTests where it reads right, else read right.
    pub fn samples(&self) -> Samples {
        let mut samples = self.samples_in("samples.tsv");
        let repairs = self.folder.join("samples.fixed.tsv").exists();
        let fixed = if repairs { self.samples_in("samples.fixed.tsv") } else { Samples::new() };
        let repaired: BTreeSet<String> = fixed.keys().map(|key| key.2.clone()).collect();
        samples.retain(|key, _| !repaired.contains(&key.2));
        samples.extend(fixed);
        // What was never printed is no sample, although MMTests has a zero for it.
        let nothing = |name: &str| {
            no_table(&self.machine, &self.config, name)
                .is_some_and(|entry| entry.measured == Measured::Nothing)
        };
        samples.retain(|key, _| !nothing(&key.2));
        samples
    }

    fn samples_in(&self, file: &str) -> Samples {
        let mut samples = Samples::new();
        for line in &lines(self.folder.join(file))[1..] {
            let fields: Vec<&str> = line.split('\t').collect();
            let [run, iteration, benchmark, metric, a, b, interval, value, _] = fields[..] else {
                panic!("{file}: {line}");
            };
            let name = [metric, a, b].into_iter().filter(|part| *part != "_");
            let operation = name.collect::<Vec<_>>().join("-");
            let key = (run.to_owned(), iteration.to_owned(), benchmark.to_owned(), operation);
            let sample = (interval.parse().unwrap(), value.parse().unwrap());
            samples.entry(key).or_default().push(sample);
        }
        samples
    }

    /// The table of a benchmark.
    pub fn table(&self, benchmark: &str) -> Table {
        Table::parse(&lines(self.folder.join(format!("compare-{benchmark}.txt"))))
    }

    /// The ratio table of a benchmark.
    pub fn ratio_table(&self, benchmark: &str) -> Table {
        Table::parse(&lines(self.folder.join(format!("compare-{benchmark}.ratio.txt"))))
    }

    /// The rows of an operation in what `compare-kernels.sh` prints, where MMTests is told which
    /// way some operations are better.
    pub fn told_direction(&self, operation: &str) -> Vec<Row> {
        let lines = lines(self.folder.join("compare-kernels.txt"));
        let rows = lines.iter().filter(|line| line.split_whitespace().nth(1) == Some(operation));
        rows.map(|line| Row::parse(line)).collect()
    }

    /// Unrounded values of the table of a benchmark: for each operation a list for each statistic,
    /// in the order of the table, of the values for each run.
    pub fn unrounded(&self, benchmark: &str) -> Option<BTreeMap<String, Vec<Vec<f64>>>> {
        let text = fs::read(self.folder.join(format!("compare-{benchmark}.json"))).ok()?;
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let number = |value: &serde_json::Value| {
            let text = value.as_str().and_then(|text| text.parse().ok());
            value.as_f64().or(text).unwrap_or(f64::NAN)
        };
        let list = |value: &serde_json::Value| value.as_array().unwrap().clone();
        let operations = json["_ResultsTable"].as_object().unwrap().iter();
        let rows = operations.map(|(operation, rows)| {
            let rows = list(rows).into_iter().map(|row| list(&row).iter().map(number).collect());
            (operation.clone(), rows.collect())
        });
        Some(rows.collect())
    }
}

impl Table {
    fn parse(lines: &[String]) -> Table {
        let mut table = Table::default();
        // Names of runs are cut at the first hyphen and printed on two lines.
        let header = lines.iter().position(|line| line.starts_with("      "));
        let rows = header.map_or(lines.len(), |at| at + 2);
        if let Some(at) = header {
            let halves = lines[at].split_whitespace().zip(lines[at + 1].split_whitespace());
            table.runs = halves.map(|(first, second)| format!("{first}-{second}")).collect();
        }
        table.complaints = lines[..header.unwrap_or(rows)].to_vec();
        table.rows = lines[rows..].iter().map(|line| Row::parse(line)).collect();
        for row in &table.rows {
            assert_eq!(row.cells.len(), table.runs.len(), "{} {}", row.statistic, row.operation);
        }
        table
    }
}

impl Row {
    fn parse(line: &str) -> Row {
        let mut words = line.split_whitespace();
        let statistic = words.next().unwrap().to_owned();
        let second = words.next().unwrap();
        let figures: Vec<&str> = words.collect();
        match statistic.as_str() {
            "Ratio" => {
                let cells = figures.chunks(3).map(Cell::of_ratio).collect();
                Row { statistic, operation: second.to_owned(), cells }
            }
            // The second word is the direction.
            "Gmean" | "Dmean" | "Dmin" | "Dmax" => {
                let cells = figures.iter().map(|word| Cell::of_ratio(&[*word])).collect();
                Row { statistic, operation: String::new(), cells }
            }
            _ => {
                let figures = &line[line.find(second).unwrap() + second.len()..];
                let cells = figures.split_inclusive('%').filter_map(Cell::of_table);
                Row { operation: second.to_owned(), cells: cells.collect(), statistic }
            }
        }
    }
}

impl Cell {
    /// From `0.9090 (   0.00%` or `4.4722 *-65.98%`, behind the closing mark of the cell before.
    fn of_table(text: &str) -> Option<Cell> {
        let text = text.trim_start_matches([')', '*']).strip_suffix('%')?;
        let (value, change) = text.split_once(['(', '*'])?;
        let (value, change) = (value.trim().to_owned(), change.trim().to_owned());
        Some(Cell { value, change, starred: text.contains('*'), ..Cell::default() })
    }

    /// From the words `1.0000`, `(0.00%)` and `(+0.00s)`. With fewer operations than runs MMTests
    /// forgets the signs and parentheses of the last columns.
    fn of_ratio(words: &[&str]) -> Cell {
        let bare = |at: usize| {
            let word = words.get(at).copied().unwrap_or_default();
            word.trim_matches(['(', ')', '%', 's', '+']).to_owned()
        };
        Cell { value: bare(0), change: bare(1), score: bare(2), starred: false }
    }
}
