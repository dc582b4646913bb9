//! What monitors saw comes out of the program as it stands in their logs.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

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
    assert!(told.contains("no monitor \"perf\" is read; there are bdi, df, ftrace"), "{told}");
}

/// Real monitors of the corpus on a page: what MMTests' own report says of the same run is there too.
#[test]
fn a_comparison_has_a_page_of_what_the_monitors_saw() {
    let corpus = corpus();
    let scratch = TempDir::new().unwrap();
    let site = scratch.path().join("site");
    let store = scratch.path().join("store");
    let results = corpus.join("tcg1");
    let asked = ["site", argument(&results), "-o", argument(&site), "--store", argument(&store)];
    printed(&asked);
    let folder = found(&site, "scheduler-pipes");
    let comparison = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(comparison.contains("monitors/perfpipe.html\">what the monitors saw"));
    let page = fs::read_to_string(folder.join("monitors/perfpipe.html")).unwrap();
    // "Duration System" of compare-kernels.sh, and "Ops Minor Faults" are in its report.
    for seen in ["33.8", "system CPU (mpstat all-%sys)", "page faults", "class=\"k4\"", "idle CPU"]
    {
        assert!(page.contains(seen), "{seen}");
    }
    assert!(!page.contains("id=\"problems\""), "nothing is wrong with these monitors");
}

fn found(site: &Path, config: &str) -> std::path::PathBuf {
    let machines = fs::read_dir(site).unwrap().flatten().map(|entry| entry.path().join(config));
    machines.into_iter().find(|path| path.is_dir()).expect("pages of the config")
}

/// A tree of eight kernels whose vmstat sees more system CPU from 6.5 on, and a benchmark that is slower.
fn watched_tree(root: &Path) {
    let mut random = 1_u64;
    let mut noise = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1.0 + 0.04 * ((random >> 33) as f64 / (1_u64 << 31) as f64 - 0.5)
    };
    for kernel in 0..8 {
        let (slower, system) = if kernel >= 5 { (1.1, 31.0) } else { (1.0, 12.0) };
        for iteration in 0..4 {
            let run = root.join(format!("ivor/workload-kernbench/6.{kernel}/iter-{iteration}"));
            let logs = run.join("kernbench/logs");
            fs::create_dir_all(&logs).unwrap();
            for sample in 1..=3 {
                let elapsed = 40.0 * slower * noise();
                let line =
                    format!("30.00user 2.00system 0:{elapsed:.2}elapsed 99%CPU (0avgtext)k\n");
                fs::write(logs.join(format!("time-2-{sample}")), line).unwrap();
            }
            let mut log = String::from(
                " 1795354530.0 1.0 1.0 -- r b swpd free buff cache si so bi bo in cs us sy id wa st gu\n\
                 \x201795354530.0 1.0 1.0 -- 1 0 0 9 9 9 0 0 0 0 1 1 1 1 97 0 0 0\n",
            );
            for second in 1..20 {
                let [sy, cs, interrupts] =
                    [system, 5000.0, 900.0 * slower * 2.0].map(|v| v * noise());
                log += &format!(
                    " {}.0 {second}.5 1.0 -- 2 0 0 1000000 5000 70000 0 0 0 8 {interrupts:.0} {cs:.0} 50 \
                     {sy:.0} 30 0 0 0\n",
                    1_795_354_530 + second
                );
            }
            fs::write(run.join("vmstat-kernbench"), log).unwrap();
        }
    }
}

#[test]
fn an_alert_tells_what_else_moved() {
    let scratch = TempDir::new().unwrap();
    let [results, store, site] = ["results", "store", "site"].map(|name| scratch.path().join(name));
    watched_tree(&results);
    let with_store = ["--store", argument(&store)];
    printed(&[&["site", argument(&results), "-o", argument(&site)], &with_store[..]].concat());
    let alerts = fs::read_dir(site.join("alert")).unwrap().flatten().map(|entry| entry.path());
    let pages: Vec<(PathBuf, String)> = alerts
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    let at = |(_, page): &&(PathBuf, String)| page.contains("6.4 → 6.5");
    let (path, page) = pages.iter().find(at).expect("an alert at 6.5");
    let (_, moved) = page.split_once("id=\"moved\"").unwrap();
    let (table, _) = moved.split_once("</table>").unwrap();
    assert!(table.contains("system CPU<small>vmstat sy</small>"), "{table}");
    assert!(table.contains("× 2.5") || table.contains("× 2.6"), "{table}");
    assert!(!table.contains("vmstat cs") && !table.contains("vmstat free"), "{table}");

    // The command line says the same, and so does the data beside the page.
    let id = path.file_stem().unwrap().to_str().unwrap();
    let show = |more: &[&str]| {
        printed(&[&["alerts", "show", id, argument(&results)], more, &with_store[..]].concat())
    };
    let told = show(&[]);
    let line =
        told.lines().find(|line| line.contains("vmstat sy")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("system CPU") && line.contains("× 2."), "{line}");
    assert!(
        told.contains("series moved by more than chance") && !told.contains("vmstat cs"),
        "{told}"
    );
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let json = parsed(&show(&["--json"]));
    assert_eq!(json["moved"]["shifts"][0]["series"], "sy", "{json}");
    let beside = parsed(&fs::read_to_string(path.with_extension("json")).unwrap());
    assert_eq!(beside["moved"], json["moved"]);
}
