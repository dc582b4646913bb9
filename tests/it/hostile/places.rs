//! Runs and iterations that lie oddly, and notes that do not fit.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::tree::{LOG, RUN, SAMPLES, Tree};
use crate::support::argument;

const OTHER: &str = "ivor/workload-kernbench/6.11";

#[test]
fn one_kernel_only() {
    let tree = Tree::empty();
    tree.add_run(RUN);
    tree.check_all().has(SAMPLES / 2).finds_nothing();
}

#[test]
fn very_many_kernels() {
    let tree = Tree::empty();
    for number in 0..400 {
        tree.add_run(format!("ivor/workload-kernbench/6.{number}"));
    }
    tree.check().has(400 * SAMPLES / 2).finds_nothing();
}

#[test]
fn one_iteration_and_one_sample_only() {
    let tree = Tree::new();
    for run in [RUN, OTHER] {
        fs::remove_dir_all(tree.path(format!("{run}/iter-1"))).unwrap();
        fs::remove_file(tree.path(format!("{run}/iter-0/kernbench/logs/time-1-2"))).unwrap();
    }
    tree.check_all().has(6).finds_nothing();
}

#[test]
fn an_iteration_is_missing() {
    let tree = Tree::new();
    fs::remove_dir_all(tree.path(format!("{RUN}/iter-0"))).unwrap();
    tree.check_all().has(SAMPLES - 6).tells(RUN, "iter-0 is missing");
}

#[test]
fn an_iteration_lacks_a_benchmark() {
    let tree = Tree::new();
    fs::remove_dir_all(tree.path(format!("{RUN}/iter-1/kernbench"))).unwrap();
    let path = format!("{RUN}/iter-1/kernbench/logs");
    tree.check_all().has(SAMPLES - 6).tells(&path, "left no logs in this iteration");
}

#[test]
fn an_iteration_with_a_strange_number() {
    for name in
        ["iter-x", "iter-", "iter-99999999999999", "iter--1", "iter-+1", "iter-01", "iter-1 "]
    {
        let tree = Tree::new();
        tree.write(format!("{RUN}/{name}/kernbench/logs/time-1-1"), LOG);
        let path = format!("{RUN}/{name}");
        tree.check_all().has(SAMPLES).tells(&path, "no usable number");
    }
    let tree = Tree::new();
    tree.write(format!("{RUN}/iter-4294967295/kernbench/logs/time-1-1"), LOG);
    tree.check_all().has(SAMPLES + 3).tells(RUN, "iter-2 is missing");
    let tree = Tree::new();
    tree.write("ivor/workload-kernbench/6.13/iter-x/kernbench/logs/time-1-1", LOG);
    let path = "ivor/workload-kernbench/6.13/iter-x";
    tree.check_all().has(SAMPLES).tells(path, "no usable number");
}

#[test]
fn the_same_run_twice() {
    let tree = Tree::new();
    let told = "machine = \"ivor\"\nconfig = \"workload-kernbench\"\n";
    for copy in ["a/b/6.12", "c/d/6.12", "e/f/6.12 (2)"] {
        tree.add_run(copy);
        tree.write(format!("{copy}/run.toml"), told);
    }
    let checked = tree.check_all().has(SAMPLES + 36);
    let same = |p: &&serde_json::Value| p["what"].as_str().unwrap().contains("same machine");
    assert!(checked.problems().iter().filter(same).count() >= 2);
    let rows = tree.samples();
    let mut names: Vec<&String> = rows.iter().map(|row| &row["run"]).collect();
    names.dedup();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5, "each has a name of its own: {names:?}");
}

#[test]
fn a_note_that_is_not_valid() {
    let path = format!("{RUN}/run.toml");
    for content in [&b"machine = "[..], b"machine = 3\n", b"\xff", b"[", b"machine = \"x"] {
        let tree = Tree::new();
        tree.write(&path, content);
        tree.check_all().has(SAMPLES).tells(&path, "not valid");
    }
    let tree = Tree::new();
    tree.write(&path, vec![b'#'; 1 << 20]);
    tree.check_all().has(SAMPLES).tells(&path, "not valid");
    let tree = Tree::new();
    assert!(Command::new("mkfifo").arg(tree.path(&path)).status().unwrap().success());
    tree.check_all().has(SAMPLES).tells(&path, "not valid");
}

#[test]
fn a_note_with_strange_names() {
    let tree = Tree::new();
    let note = "machine = \"../\\u001b[2J<script>\"\nconfig = \"\"\n";
    tree.write(format!("{RUN}/run.toml"), note);
    tree.check_all().has(SAMPLES).finds_nothing();
    let rows = tree.samples();
    let row = rows.iter().find(|row| row["run"] == "6.12").unwrap();
    assert_eq!(
        (&*row["machine"], &*row["config"]),
        ("../\\u{1b}[2J<script>", "workload-kernbench")
    );
}

#[test]
fn links_that_lead_in_a_circle() {
    let tree = Tree::new();
    symlink("..", tree.path("ivor/up")).unwrap();
    tree.check_all().has(SAMPLES).tells("ivor/up", "leads back to");

    let tree = Tree::new();
    symlink("..", tree.path(format!("{RUN}/iter-0/up"))).unwrap();
    tree.check_all().has(SAMPLES).tells(&format!("{RUN}/iter-0/up"), "leads back to");

    let tree = Tree::new();
    symlink("around", tree.path("ivor/around")).unwrap();
    tree.check_all().has(SAMPLES).tells("ivor/around", "too many levels");
}

#[test]
fn many_links_across_do_not_take_for_ever() {
    let tree = Tree::new();
    for from in 0..9 {
        for to in 0..9 {
            fs::create_dir_all(tree.path(format!("web/{from}"))).unwrap();
            symlink(format!("../{to}"), tree.path(format!("web/{from}/{to}"))).unwrap();
        }
    }
    tree.check().has(SAMPLES);
}

#[test]
fn what_lies_in_the_folder_of_a_site_is_not_replaced_with_it() {
    let tree = Tree::new();
    let site = tree.beside("site");
    let made = tree.melbot("site", &["-o", argument(&site)]);
    assert!(made.status.success());
    let inside = site.join("results");
    fs::rename(tree.path(""), &inside).unwrap();
    let mut command = crate::support::melbot();
    command.args(["site", argument(&inside), "-o", argument(&site)]);
    let output = command.args(["--store", argument(&tree.store())]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the results lie in it") && said.contains("--output"), "{said}");
    assert!(inside.join(RUN).is_dir());
}

#[test]
fn an_empty_iteration_among_runs_hides_none() {
    let tree = Tree::new();
    for stray in ["iter-0", "ivor/iter-0", "ivor/workload-kernbench/iter-3"] {
        fs::create_dir(tree.path(stray)).unwrap();
        tree.check().has(SAMPLES).tells(stray, "in no run");
        fs::remove_dir(tree.path(stray)).unwrap();
    }
}
