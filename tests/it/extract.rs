//! The lines that condense samples follow from the samples.

use std::collections::BTreeMap;

use tempfile::TempDir;

use crate::support::{argument, printed, project, table};

const SAMPLES: &str = "machine\tconfig\trun\titeration\tbenchmark\toperation\tinterval\tvalue";
const SUMMARY: &str =
    "machine,config,run,iteration,benchmark,operation,samples,mean,min,median,p95,max";
const PART: [&str; 6] = ["machine", "config", "run", "iteration", "benchmark", "operation"];

#[test]
fn a_summary_condenses_the_samples_of_each_iteration() {
    let store = TempDir::new().unwrap();
    let results = project().join("sample-results");
    let extract = |options: &[&str]| {
        let mut arguments = vec!["extract", argument(&results), "--store", argument(store.path())];
        arguments.extend(options);
        printed(&arguments)
    };
    let mut values: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
    for row in table(&extract(&[]), '\t', SAMPLES) {
        let key = PART.map(|name| row[name].clone()).to_vec();
        values.entry(key).or_default().push(row["value"].parse().unwrap());
    }
    let lines = table(&extract(&["--summary", "--format", "csv"]), ',', SUMMARY);
    assert_eq!(lines.len(), values.len());
    assert!(lines.len() > 100, "{}", lines.len());
    for line in lines {
        let mut values = values.remove(PART.map(|name| line[name].clone()).as_slice()).unwrap();
        values.sort_by(f64::total_cmp);
        let number = |name: &str| line[name].parse::<f64>().unwrap();
        assert_eq!(number("samples"), values.len() as f64);
        assert_eq!((number("min"), number("max")), (values[0], values[values.len() - 1]));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((number("mean") - mean).abs() <= 1e-9 * mean.abs(), "{line:?}");
        let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        assert!((number("median") - (below + above) / 2.0).abs() <= 1e-9 * above.abs(), "{line:?}");
        assert!(number("p95") >= number("median") && number("p95") <= number("max"), "{line:?}");
    }
}
