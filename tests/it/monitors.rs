//! What monitors saw comes out of the program as it stands in their logs.

use crate::support::{argument, corpus, melbot, printed, table};

const VALUES: &str = "machine\tconfig\trun\titeration\tbenchmark\tmonitor\tseries\tinterval\tvalue";
const SUMMARY: &str = "machine,config,run,iteration,benchmark,monitor,series,samples,mean,min,median,max,\
                       first,last";

#[test]
fn values_and_their_summary_agree() {
    let corpus = corpus();
    let results = corpus.join("native2");
    let of = |options: &[&str]| {
        printed(&[&["monitors", argument(&results), "--monitor", "vmstat"], options].concat())
    };
    let rows = table(&of(&[]), '\t', VALUES);
    let cs: Vec<_> = rows
        .iter()
        .filter(|row| row["run"] == "6.18.44-rerun" && row["benchmark"] == "dbench")
        .filter(|row| row["series"] == "cs")
        .collect();
    assert_eq!((&*cs[0]["interval"], &*cs[0]["value"]), ("2.0784", "2309.0"), "{:?}", cs[0]);
    let lines = table(&of(&["--summary", "--format", "csv"]), ',', SUMMARY);
    let line = lines
        .iter()
        .find(|l| l["run"] == "6.18.44-rerun" && l["benchmark"] == "dbench" && l["series"] == "cs")
        .unwrap();
    assert_eq!(line["samples"], cs.len().to_string());
    assert_eq!(line["first"], cs[0]["value"]);
    assert_eq!(line["last"], cs[cs.len() - 1]["value"]);
    let series: usize = lines.iter().map(|line| line["samples"].parse::<usize>().unwrap()).sum();
    assert_eq!(series, rows.len());
}

#[test]
fn where_no_monitor_ran_there_is_a_header() {
    let corpus = corpus();
    let results = corpus.join("native2");
    let of = |format: &str| {
        let asked = ["--monitor", "turbostat", "--summary", "--format", format];
        printed(&[&["monitors", argument(&results)], &asked[..]].concat())
    };
    assert!(table(&of("csv"), ',', SUMMARY).is_empty());
    assert_eq!(of("json"), "");
}

#[test]
fn a_monitor_that_is_not_read_is_told() {
    let corpus = corpus();
    let asked = ["monitors", argument(&corpus), "--monitor", "perf"];
    let output = melbot().args(asked).assert().code(2).get_output().clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no monitor \"perf\" is read; there are iostat, mpstat"), "{told}");
}
