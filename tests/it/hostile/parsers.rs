//! Parsers of a checkout of MMTests that do not do what they should.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::tree::{RUN, SAMPLES, Tree};

const LOGS: &str = "ivor/workload-kernbench/6.12/iter-0/newbench-fast/logs";
const YAML: &str = "summarise: Multiops\ntput:\n  units: MBYTES_PER_SECOND\n  preferhigher: true\n";

/// A tree with a benchmark that only this parser reads. It may take a second.
fn with_parser(script: &str) -> Tree {
    let tree = Tree::new();
    let checkout = tree.beside("mmtests");
    let bench = checkout.join("shellpack_src/src/newbench");
    fs::create_dir_all(&bench).unwrap();
    fs::write(bench.join("shellpack.yaml"), YAML).unwrap();
    fs::write(tree.beside("melbot.toml"), "parser_seconds = 1\n").unwrap();
    tree.write(format!("{LOGS}/result"), "12\n");
    tree.write(format!("{RUN}/iter-1/newbench-fast/logs/result"), "13\n");
    let tree = tree.with("--mmtests", &checkout);
    set_parser(&tree, script);
    tree
}

fn parser(tree: &Tree) -> PathBuf {
    tree.beside("mmtests/shellpack_src/src/newbench/parse-results")
}

fn set_parser(tree: &Tree, script: &str) {
    fs::write(parser(tree), format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(parser(tree), fs::Permissions::from_mode(0o755)).unwrap();
}

const GOOD: &str = r#"printf 'tput\t1\t_\t1\t%s\t_\n' "$(cat "$1"/result)""#;

#[test]
fn one_that_works() {
    let tree = with_parser(GOOD);
    tree.check_all().has(SAMPLES + 2).finds_nothing();
    assert!(tree.printed("extract", &[]).contains("newbench-fast\ttput-1\t1\t13\n"));
}

#[test]
fn one_that_was_mended_is_asked_again() {
    let tree = with_parser("exit 1");
    tree.check().has(SAMPLES).tells(LOGS, "exit status: 1");
    set_parser(&tree, GOOD);
    tree.check().has(SAMPLES + 2).finds_nothing();
    set_parser(&tree, &format!("sleep 1.3; {GOOD}"));
    tree.check().has(SAMPLES).tells(LOGS, "stopped after 1 seconds");
    fs::write(tree.beside("melbot.toml"), "parser_seconds = 20\n").unwrap();
    tree.check().has(SAMPLES + 2).finds_nothing();
}

#[test]
fn one_that_hangs_is_stopped_with_all_its_children() {
    let mark = format!("31.{}", std::process::id());
    for script in [
        format!("sleep {mark}"),
        format!("sleep {mark} & sleep {mark}"),
        format!("exec >&- 2>&-; sleep {mark}"),
        format!("while :; do sleep {mark}; done"),
    ] {
        let tree = with_parser(&script);
        fs::remove_dir_all(tree.path(format!("{RUN}/iter-1/newbench-fast"))).unwrap();
        let begin = Instant::now();
        tree.check().has(SAMPLES).tells(LOGS, "stopped after 1 seconds");
        assert!(begin.elapsed() < Duration::from_secs(15), "{script}");
        assert_no_process(&mark);
    }
    let tree = with_parser(&format!("{GOOD}\nsleep {mark} >/dev/null 2>&1 &"));
    tree.check().has(SAMPLES + 2);
    assert_no_process(&mark);
}

fn assert_no_process(mark: &str) {
    thread::sleep(Duration::from_millis(50));
    let all = Command::new("ps").args(["-eo", "stat,args"]).output().unwrap();
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    let left: Vec<&str> = all.lines().filter(|l| l.contains(mark) && !l.starts_with('Z')).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn one_that_prints_garbage() {
    let tree = with_parser("head -c 20000 /dev/urandom; echo; printf 'a\\tb\\tc\\td\\te\\tf\\n'");
    tree.check_all().has(SAMPLES).tells(LOGS, "is no number");
    let tree = with_parser(r"printf 'tput\t\033[2J\t<script>\t1\t5\t_\ntput\t_\t_\t1\tNaN\t_\n'");
    tree.check_all().has(SAMPLES + 2).tells(LOGS, "a value that is no number");
    let tree = with_parser(r"printf '\033[2Jtrouble\n' >&2; exit 3");
    tree.check_all().has(SAMPLES).tells(LOGS, "[2Jtrouble");
}

#[test]
fn one_that_prints_strange_numbers() {
    let tree = with_parser(
        r#"i=0; for v in -1 0 1e-320 1e100 5e-324 -1e100; do
            i=$((i + 1)); printf 'tput\t%s\t_\t1\t%s\t_\nlat\t%s\t_\t1\t%s\t_\n' $i $v $i $v
        done"#,
    );
    // The same benchmark of the other kernel, so that there is something to compare.
    for iteration in ["iter-0", "iter-1"] {
        let path = format!("ivor/workload-kernbench/6.11/{iteration}/newbench-fast/logs/result");
        tree.write(path, "1\n");
    }
    tree.check_all().has(SAMPLES + 48).finds_nothing();
}

#[test]
fn one_that_never_stops_printing() {
    let tree = with_parser("exec yes");
    fs::write(tree.beside("melbot.toml"), "parser_seconds = 20\n").unwrap();
    fs::remove_dir_all(tree.path(format!("{RUN}/iter-1/newbench-fast"))).unwrap();
    tree.check().has(SAMPLES).tells(LOGS, "printed more than 256 MiB");
    let tree = with_parser(&format!("yes | head -c 1000000 >&2 && {GOOD}"));
    tree.check().has(SAMPLES + 2).tells(LOGS, "MMTests' parser: y");
}

#[test]
fn one_that_fails() {
    let tree = with_parser("echo cannot find it >&2; exit 1");
    tree.check_all().has(SAMPLES).tells(LOGS, "cannot find it");
    let tree = with_parser("kill -9 $$");
    tree.check_all().has(SAMPLES).tells(LOGS, "signal: 9");
}

#[test]
fn one_that_cannot_be_started() {
    let tree = with_parser(GOOD);
    fs::set_permissions(parser(&tree), fs::Permissions::from_mode(0o644)).unwrap();
    tree.check_all().has(SAMPLES).tells(LOGS, "cannot be started");
    fs::remove_file(parser(&tree)).unwrap();
    tree.check_all().has(SAMPLES).tells(LOGS, "no benchmark for");
}

#[test]
fn a_description_that_is_not_valid() {
    let tree = with_parser(GOOD);
    let yaml = parser(&tree).with_file_name("shellpack.yaml");
    for content in [&b"a: [b"[..], b"\xff\xfe", b"- just\n- a list\n", b"x: &x [*x, *x]\n"] {
        fs::write(&yaml, content).unwrap();
        tree.check_all().has(SAMPLES).tells(LOGS, "shellpack.yaml");
    }
    fs::remove_file(&yaml).unwrap();
    tree.check_all().has(SAMPLES).tells(LOGS, "shellpack.yaml");
    fs::write(&yaml, "").unwrap();
    tree.check_all();
}
