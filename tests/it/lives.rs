//! Alerts over machines and tracks: what became of a change, who else saw it, what else changed.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::grown::Grown;
use crate::support::{argument, melbot, printed, simulated, table};

const KERNELS: [&str; 10] =
    ["6.6", "6.7", "6.8", "6.9", "6.9.1", "6.9.2", "6.10", "6.11", "6.12", "6.13"];

/// ivor and ivy got slower in 6.9 and well again in 6.12, iris did not.
fn tree(root: &Path) {
    let mut grown = Grown::new(root, 3);
    for machine in ["ivor", "ivy", "iris"] {
        for kernel in KERNELS {
            let slow = ["6.9", "6.9.1", "6.9.2", "6.10", "6.11"].contains(&kernel);
            let factor = if slow && machine != "iris" { 1.15 } else { 1.0 };
            let run = grown.run((machine, "workload-kernbench", kernel), "kernbench", factor);
            let options = if slow && machine == "ivy" { "quiet nosmt" } else { "quiet" };
            Grown::log(
                &run,
                &format!("Linux version {kernel}\nCommand line: BOOT_IMAGE=/{kernel} {options}\n"),
            );
        }
    }
}

struct Lab {
    scratch: TempDir,
}

impl Lab {
    fn new() -> Lab {
        let lab = Lab { scratch: TempDir::new().unwrap() };
        tree(&lab.scratch.path().join("results"));
        lab
    }

    fn place(&self) -> [String; 3] {
        let path = |name: &str| argument(&self.scratch.path().join(name)).to_owned();
        [path("results"), "--store".to_owned(), path("store")]
    }

    fn printed(&self, arguments: &[&str]) -> String {
        let place = self.place();
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        printed(&[arguments, &place].concat())
    }

    fn alerts(&self, arguments: &[&str]) -> Vec<Value> {
        let out = self.printed(&[&["alerts", "list", "--json"], arguments].concat());
        let report: Value = serde_json::from_str(&out).unwrap();
        report["alerts"].as_array().unwrap().clone()
    }
}

fn find<'a>(alerts: &'a [Value], machine: &str, kernel: &str) -> &'a Value {
    let found = alerts
        .iter()
        .find(|alert| alert["machine"] == machine && alert["window"]["first_bad"] == kernel);
    found.unwrap_or_else(|| panic!("no alert on {machine} in {kernel}: {alerts:#?}"))
}

#[test]
fn a_life_is_told_with_its_witnesses_and_caveats() {
    let lab = Lab::new();
    let alerts = lab.alerts(&[]);
    let ivor = find(&alerts, "ivor", "6.9");
    let sentence = ivor["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("regressed in 6.9 (+1"), "{sentence}");
    let end = "), fixed in 6.12, still present in 6.9.y (6.9.2)";
    assert!(sentence.ends_with(end), "{sentence}");
    let said = "ivor and ivy agree; iris, measured as well, does not show it";
    assert_eq!(ivor["corroboration"], said);
    assert_eq!(ivor["caveats"], serde_json::json!([]));
    let ivy = find(&alerts, "ivy", "6.9");
    assert_eq!(ivy["caveats"][0]["after"], "nosmt", "{}", ivy["caveats"]);
    let repair = find(&alerts, "ivor", "6.12");
    assert_eq!((&repair["role"], &repair["of"]), (&"repair".into(), &ivor["id"]));
    assert!(alerts.iter().all(|alert| alert["machine"] != "iris"), "{alerts:#?}");

    // A filter chooses, and changes nothing of what is said.
    let only = lab.alerts(&["--machine", "ivor", "--kernel", "6.9", "--severity", "notable"]);
    assert_eq!(only, std::slice::from_ref(ivor));
    assert!(lab.alerts(&["--track", "6.9.y"]).is_empty());
    assert!(lab.alerts(&["--state", "fixed"]).is_empty());

    let window = lab.printed(&["window", "kernbench/Elapsed-1"]);
    for part in ["between 6.8 and 6.9: regressed in 6.9", "nothing moved that holds", "iris"] {
        assert!(window.contains(part), "{part}: {window}");
    }
    let explained =
        lab.printed(&["alerts", "--explain", "kernbench/Elapsed-1@6.9", "--machine", "ivor"]);
    for part in ["Flagged as worse", "Bayes factor", "Prior", "4 iterations with 8 samples"] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    let power = lab.printed(&["plan", "--power", "--machine", "iris"]);
    assert!(power.contains("Elapsed-2") && power.contains("≥ "), "{power}");
}

#[test]
fn a_benchmark_that_is_not_there_is_named_with_those_that_are() {
    let lab = Lab::new();
    let wrong = |arguments: &[&str]| {
        let output = melbot().args(arguments).args(lab.place()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(wrong(&["window", "netperf"]).contains("there are: kernbench"));
    assert!(wrong(&["window", "kernbench/x"]).contains("Elapsed-1, Elapsed-2"));
    assert!(wrong(&["alerts", "--explain", "kernbench"]).contains("BENCHMARK/OPERATION@KERNEL"));
    assert!(wrong(&["alerts", "--explain", "kernbench/Elapsed-1@7"]).contains("6.9.2"));
    assert!(wrong(&["alerts", "--machine", "mars"]).contains("ivor/workload-kernbench"));
}

#[test]
fn what_was_run_with_another_config_is_withheld() {
    let lab = Lab::new();
    for machine in ["ivor", "ivy"] {
        for kernel in KERNELS {
            let late = ["6.9", "6.9.1", "6.9.2", "6.10", "6.11"].contains(&kernel);
            let jobs = if late && machine == "ivor" { 8 } else { 4 };
            let run = format!("results/{machine}/workload-kernbench/{kernel}");
            let config = format!("# {kernel}\nexport KERNBENCH_MAX_THREADS={jobs}\n");
            fs::write(lab.scratch.path().join(run).join("config"), config).unwrap();
        }
    }
    let out = lab.printed(&["alerts", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let withheld = report["withheld"].as_array().unwrap();
    let windows: Vec<(&str, &str)> = withheld
        .iter()
        .map(|w| (w["machine"].as_str().unwrap(), w["window"]["first_bad"].as_str().unwrap()))
        .collect();
    assert_eq!(windows, [("ivor", "6.9"), ("ivor", "6.12")]);
    assert!(withheld[0]["reason"].as_str().unwrap().contains("config files differ"));
    let alerts = report["alerts"].as_array().unwrap();
    assert!(alerts.iter().all(|alert| alert["machine"] == "ivy"), "{alerts:#?}");
    assert!(lab.printed(&["alerts"]).contains("withheld: the MMTests config files differ"));
}

#[test]
fn what_too_few_iterations_leave_open_is_planned() {
    let scratch = TempDir::new().unwrap();
    let results = scratch.path().join("results");
    let mut grown = Grown::new(&results, 5);
    for kernel in ["6.6", "6.7", "6.8", "6.9"] {
        let factor = if kernel == "6.9" { 1.06 } else { 1.0 };
        let run = grown.run(("ivor", "workload-kernbench", kernel), "kernbench", factor);
        if kernel == "6.9" {
            for iteration in 1..4 {
                fs::remove_dir_all(run.join(format!("iter-{iteration}"))).unwrap();
            }
        }
    }
    let store = scratch.path().join("store");
    let place = [argument(&results), "--store", argument(&store)];
    let out = printed(&[&["plan", "--json"], &place[..]].concat());
    let plan: Value = serde_json::from_str(&out).unwrap();
    let first = &plan["reruns"][0];
    assert_eq!(
        (&first["kernel"], &first["machine"], &first["has"]),
        (&"6.9".into(), &"ivor".into(), &1.into())
    );
    assert!(first["boots"].as_u64().unwrap() >= 1);
    let settles = first["settles"].as_array().unwrap();
    assert!(
        settles.iter().any(|s| s["operation"] == "Elapsed-1" && s["against"] == "6.8"),
        "{first}"
    );
    assert!(printed(&[&["plan"], &place[..]].concat()).contains("6.9 on ivor"));
}

#[test]
fn what_was_put_into_the_simulated_tree_is_found() {
    let tree = simulated();
    let results = tree.join("kernbench-tree");
    let store = TempDir::new().unwrap();
    let place = [argument(&results), "--store", argument(store.path())];
    let out = printed(&[&["alerts", "--csv"], &place[..]].concat());
    let columns = out.lines().next().unwrap().to_owned();
    let contract = "machine,config,run_path,benchmark,operation,kernel,direction,effect_pct,low_pct,\
                    high_pct,probability,state";
    assert!(columns.starts_with(contract), "{columns}");
    let rows = table(&out, ',', &columns);
    let at = |kernel: &str| rows.iter().filter(|row| row["kernel"] == kernel).count();
    assert!(at("6.9.2") >= 8 && at("6.10") >= 4, "{out}");
    assert_eq!(at("6.9.2") + at("6.10"), rows.len(), "{out}");
    assert!(rows.iter().all(|row| row["direction"] == "regression"), "{out}");
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        assert!(
            number("low_pct") <= number("effect_pct") && number("effect_pct") <= number("high_pct")
        );
    }
}
