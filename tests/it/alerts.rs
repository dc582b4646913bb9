//! `melbot alerts` finds what was put into a tree of results, and nothing else.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{argument, melbot, printed, table};

const COLUMNS: &str = "machine,config,run_path,benchmark,operation,kernel,direction,effect_pct,\
                       low_pct,high_pct,probability,state,alert,severity,last_good,commits,life";

/// A tree of eight kernels with five iterations each, in which the kernels from `first_slow` on take
/// this much longer.
fn tree(root: &Path, first_slow: usize, factor: f64) {
    let mut random = 1_u64;
    let mut noise = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1.0 + 0.02 * ((random >> 33) as f64 / (1_u64 << 31) as f64 - 0.5)
    };
    for kernel in 0..8 {
        let slower = if kernel >= first_slow { factor } else { 1.0 };
        for iteration in 0..5 {
            let boot = noise();
            let run = root.join(format!("ivor/workload-kernbench/6.{kernel}"));
            let logs = run.join(format!("iter-{iteration}/kernbench/logs"));
            fs::create_dir_all(&logs).unwrap();
            for jobs in [1, 2, 4] {
                for sample in 1..=3 {
                    let elapsed = 40.0 / f64::from(jobs) * slower * boot * noise();
                    let line =
                        format!("30.00user 2.00system 0:{elapsed:.2}elapsed 99%CPU (0avgtext)k\n");
                    fs::write(logs.join(format!("time-{jobs}-{sample}")), line).unwrap();
                }
            }
        }
    }
}

fn changes(first_slow: usize, factor: f64) -> Vec<[String; 3]> {
    let scratch = TempDir::new().unwrap();
    let (results, store) = (scratch.path().join("results"), scratch.path().join("store"));
    tree(&results, first_slow, factor);
    let place = [argument(&results), "--store", argument(&store)];
    let out = printed(&[&["alerts", "--csv"], &place[..]].concat());
    let status = melbot().args(["alerts", "--fail"]).args(place).output().unwrap().status;
    let rows = table(&out, ',', COLUMNS);
    let worse = rows.iter().any(|row| row["direction"] == "regression");
    assert_eq!(status.code(), Some(i32::from(worse)));
    let columns = ["operation", "kernel", "direction"];
    rows.iter().map(|row| columns.map(|name| row[name].clone())).collect()
}

fn expected(direction: &str) -> Vec<[String; 3]> {
    let all = ["Elapsed-1", "Elapsed-2", "Elapsed-4"];
    all.map(|name| [name.to_owned(), "6.5".to_owned(), direction.to_owned()]).to_vec()
}

#[test]
fn a_regression_is_found_at_its_kernel() {
    assert_eq!(changes(5, 1.10), expected("regression"));
}

#[test]
fn an_improvement_is_found_at_its_kernel() {
    assert_eq!(changes(5, 0.90), expected("improvement"));
}

#[test]
fn where_nothing_changed_there_is_no_alert() {
    assert_eq!(changes(5, 1.0), Vec::<[String; 3]>::new());
}
