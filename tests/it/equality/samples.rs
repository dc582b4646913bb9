//! Every sample is read, with the value that the log holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::{Samples, sources};
use crate::support::{self, Findings, argument, corpus, printed};

const COLUMNS: &str = "machine\tconfig\trun\titeration\tbenchmark\toperation\tinterval\tvalue";

#[test]
fn samples_are_those_of_mmtests() {
    let corpus = corpus();
    let mut ours = extracted(&printed(&["extract", argument(&corpus), "--format", "tsv"]));
    let mut findings = Findings::default();
    for source in sources(&corpus) {
        let place = (source.machine.clone(), source.config.clone());
        let ours = ours.remove(&place).unwrap_or_default();
        let theirs = source.samples();
        let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        for key in keys {
            let mine = as_multiset(ours.get(key), &key.3);
            let expected = as_multiset(theirs.get(key), &key.3);
            findings.check("series", mine.len() == expected.len(), || {
                format!("{place:?} {key:?}: {} samples, not {}", mine.len(), expected.len())
            });
            if mine.len() != expected.len() {
                continue;
            }
            for (mine, expected) in mine.iter().zip(&expected) {
                findings.check("samples", mine == expected, || {
                    format!("{place:?} {key:?}: {mine:?}, not {expected:?}")
                });
            }
        }
    }
    assert!(ours.is_empty(), "results that MMTests does not see: {:?}", ours.keys());
    findings.assert_all_right(&[("samples", 6125), ("series", 405)]);
}

/// Samples by machine and config.
fn extracted(text: &str) -> BTreeMap<(String, String), Samples> {
    let mut samples: BTreeMap<_, Samples> = BTreeMap::new();
    for row in support::table(text, '\t', COLUMNS) {
        let place = (row["machine"].clone(), row["config"].clone());
        let key = ["run", "iteration", "benchmark", "operation"].map(|name| row[name].clone());
        let sample = (row["interval"].parse().unwrap(), row["value"].parse().unwrap());
        samples.entry(place).or_default().entry(key.into()).or_default().push(sample);
    }
    samples
}

/// Sorted, since the order of the files is no property of the data.
fn as_multiset(samples: Option<&Vec<(f64, f64)>>, operation: &str) -> Vec<(f64, f64)> {
    let mut samples = samples.cloned().unwrap_or_default();
    if operation.starts_with("udpstream-loss-") {
        // No log holds it: it is the difference of two numbers with two decimals.
        samples.iter_mut().for_each(|(_, value)| *value = (*value * 100.0).round() / 100.0);
    }
    samples.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    samples
}
