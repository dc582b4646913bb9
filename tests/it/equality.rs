//! melbot computes what MMTests computes, figure by figure, over the whole corpus.
//!
//! A figure is equal if it reads the same with as many decimals as MMTests prints. The exceptions
//! are in `deviations`, each with its reason; these rules hold everywhere:
//!
//! * A run or an operation without data has empty figures; MMTests prints `0.0000 (0.00%)`.
//! * A change from no figure is empty; MMTests prints `NaN`.
//! * An operation that the baseline lacks has values but no change; MMTests leaves it out.
//! * Means over operations leave out what has no data; MMTests takes it for `1.0`.

mod ratios;
mod samples;
mod tables;

use std::collections::BTreeSet;
use std::path::Path;

use crate::deviations::{DEVIATIONS, NO_TABLE, deviation};
use crate::oracle::{Samples, Source, sources};
use crate::support::{argument, corpus, printed};

/// One benchmark of one config on one machine.
struct Bench<'a> {
    source: &'a Source,
    name: &'a str,
    samples: &'a Samples,
    /// The first is the baseline.
    runs: Vec<String>,
}

/// Calls `check` with every benchmark of the corpus.
fn for_each_benchmark(corpus: &Path, mut check: impl FnMut(&Bench)) {
    for source in sources(corpus) {
        let samples = source.samples();
        for name in source.benchmarks() {
            check(&Bench::new(&source, &name, &samples));
        }
    }
}

impl<'a> Bench<'a> {
    fn new(source: &'a Source, name: &'a str, samples: &'a Samples) -> Bench<'a> {
        let of_table = source.table(name).runs;
        let of_ratio_table = source.ratio_table(name).runs;
        let measured: BTreeSet<String> = samples.keys().map(|key| key.0.clone()).collect();
        let headers = [of_table, of_ratio_table, measured.into_iter().collect()];
        let runs = headers.into_iter().find(|runs| !runs.is_empty()).unwrap_or_default();
        Bench { source, name, samples, runs }
    }

    /// What `melbot compare` prints of this benchmark, as CSV.
    fn compared(&self, corpus: &Path, options: &[&str]) -> String {
        let Source { machine, config, .. } = self.source;
        let mut arguments = vec!["compare", argument(corpus), "--format", "csv"];
        arguments.extend(["--machine", machine, "--config", config, "--benchmark", self.name]);
        if let Some(baseline) = self.runs.first() {
            arguments.extend(["--baseline", baseline]);
        }
        arguments.extend(options);
        printed(&arguments)
    }

    /// The operations that some run has samples of.
    fn operations(&self) -> BTreeSet<&str> {
        let mine = self.samples.keys().filter(|key| key.2 == self.name);
        mine.map(|key| key.3.as_str()).collect()
    }

    /// The values of an operation in all iterations of a run.
    fn values(&self, operation: &str, run: &str) -> Vec<f64> {
        let mine = self.samples.iter().filter(|(key, _)| {
            (key.0.as_str(), key.2.as_str(), key.3.as_str()) == (run, self.name, operation)
        });
        mine.flat_map(|(_, samples)| samples.iter().map(|(_, value)| *value)).collect()
    }

    fn has_data(&self, operation: &str, run: &str) -> bool {
        !self.values(operation, run).is_empty()
    }

    fn baseline_has_data(&self, operation: &str) -> bool {
        self.runs.first().is_some_and(|baseline| self.has_data(operation, baseline))
    }

    /// Names a figure in a message.
    fn place(&self, operation: &str, what: &str, run: &str) -> String {
        let Source { machine, config, .. } = self.source;
        format!("{machine}/{config} {} {operation} {what} {run}", self.name)
    }
}

/// Whether a figure of melbot's, rounded as MMTests rounds, is the figure that MMTests prints.
fn reads_as(ours: &str, theirs: &str) -> bool {
    if theirs == "NaN" {
        return ours.is_empty();
    }
    let decimals = theirs.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let Ok(ours) = ours.parse::<f64>() else { return false };
    let is_zero = |text: &str| text.trim_start_matches('-').chars().all(|c| "0.".contains(c));
    let rounded = format!("{ours:.decimals$}");
    rounded == theirs || (is_zero(&rounded) && is_zero(theirs))
}

/// Whether a figure of melbot's is this number, or empty for none, but for the order of additions.
fn is_close(ours: &str, expected: Option<f64>) -> bool {
    match (ours.parse::<f64>(), expected) {
        (Ok(ours), Some(expected)) => (ours - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
        (Err(_), None) => ours.is_empty(),
        _ => false,
    }
}

fn arithmetic_mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// There is none with a zero among the values: MMTests dies of a division.
fn harmonic_mean(values: &[f64]) -> Option<f64> {
    let positive = !values.is_empty() && values.iter().all(|value| *value > 0.0);
    positive.then(|| values.len() as f64 / values.iter().map(|value| 1.0 / value).sum::<f64>())
}

#[test]
fn every_listed_deviation_is_met_in_the_corpus() {
    let corpus = corpus();
    let sources = sources(&corpus);
    for entry in NO_TABLE {
        let known = |s: &&Source| s.machine == entry.machine && s.config == entry.config;
        let source = sources.iter().find(known).expect(entry.why);
        assert!(source.benchmarks().contains(entry.benchmark), "{}", entry.why);
        let said = source.table(entry.benchmark).complaints;
        assert!(said.iter().any(|line| line.contains(entry.says)), "{}: {said:?}", entry.why);
    }
    for entry in DEVIATIONS {
        let met = sources
            .iter()
            .flat_map(|source| source.samples().into_keys())
            .any(|key| deviation(&key.2, &key.3).is_some_and(|found| std::ptr::eq(found, entry)));
        assert!(met, "{} {}: {}", entry.benchmark, entry.operations, entry.why);
    }
}
