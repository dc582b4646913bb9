//! Two at once, and killed in the middle.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use super::tree::{SAMPLES, Tree};
use crate::support::{argument, project};

fn start(verb: &str, results: &Path, store: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_melbot"))
        .args([verb, argument(results), "--store", argument(store)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it prints, if it succeeds.
fn finish(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("panicked"), "{}: {said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn several_at_once_all_get_it_right() {
    let tree = Tree::new();
    let results = project().join("sample-results");
    let children: Vec<Child> = (0..4).map(|_| start("extract", &results, &tree.store())).collect();
    // None may wait for us to read what another has printed.
    let outputs: Vec<String> = children.into_iter().map(finish).collect();
    assert!(outputs[0].lines().count() > 1000);
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn killed_at_any_moment_it_does_better_the_next_time() {
    let results = project().join("sample-results");
    let undisturbed = Tree::new();
    let begin = Instant::now();
    let expected = finish(start("extract", &results, &undisturbed.store()));
    let whole = begin.elapsed();
    let compared = finish(start("compare", &results, &undisturbed.store()));

    const MOMENTS: u32 = 12;
    let mut killed = 0;
    let mut tree = Tree::new();
    for moment in 1..=MOMENTS {
        let mut child = start("extract", &results, &tree.store());
        thread::sleep(whole * moment / MOMENTS);
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if moment % 4 == 0 {
            assert_eq!(finish(start("extract", &results, &tree.store())), expected);
            assert_eq!(finish(start("compare", &results, &tree.store())), compared);
            tree = Tree::new();
        }
    }
    assert!(killed >= MOMENTS / 4, "it was killed {killed} times");
}

#[test]
fn a_reader_that_has_seen_enough() {
    let results = project().join("sample-results");
    let tree = Tree::new();
    for arguments in [
        "extract",
        "extract --format csv",
        "extract --json",
        "extract --format parquet",
        "compare",
        "compare --json",
        "compare --format html",
        "check",
    ] {
        let script = format!(
            "{{ \"$0\" {arguments} \"$1\" --store \"$2\"; echo $? >&2; }} | head -c 1 >/dev/null"
        );
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_melbot"), argument(&results)])
            .arg(tree.store())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let fine = if arguments == "check" { &["0\n", "1\n"][..] } else { &["0\n"] };
        assert!(fine.contains(&&*said), "{arguments}: {said}");
    }
}

#[test]
fn an_output_that_is_full() {
    let tree = Tree::new();
    for arguments in ["extract", "extract --json", "extract --format parquet", "compare", "check"] {
        let script = format!("\"$0\" {arguments} \"$1\" --store \"$2\" >/dev/full");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_melbot")])
            .args([tree.path(""), tree.store()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.contains("No space left") && !said.contains("panicked"), "{said}");
    }
    tree.check().has(SAMPLES);
}

#[test]
fn a_slow_reader_does_not_keep_others_waiting() {
    let results = project().join("sample-results");
    let tree = Tree::new();
    let all = finish(start("extract", &results, &tree.store()));
    assert!(all.len() > 70_000, "more than a pipe holds");
    let slow = start("extract", &results, &tree.store());
    assert_eq!(finish(start("extract", &results, &tree.store())), all);
    assert_eq!(finish(slow), all);
}
