//! Names that no sane person gives.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::tree::{LOG, LOGS, RUN, SAMPLES, Tree};

/// Names of files and folders, none longer than 200 bytes.
const NAMES: &[&[u8]] = &[
    b"with space",
    b" ",
    b"\"quoted\" 'twice' `thrice`",
    b"<script>alert(1)<script>",
    b"x..%2f..%2fetc",
    b"c:..\\..\\windows",
    b"$(touch pwned)",
    b"two\nlines",
    b"tab\tbed",
    b"\x1b[2Jcleared",
    b"-rf",
    b"--help",
    b"not \xff\xfe utf-8",
    "right-to-left \u{202e}txt".as_bytes(),
    "\u{1f427}".as_bytes(),
    b"a&b=c?d#e",
    b"{{ 7 * 7 }}",
    b"%n%s%x",
    b"CON",
    b"index.html",
];

fn path(parts: &[&[u8]]) -> OsString {
    OsString::from_vec(parts.join(&b'/'))
}

fn longest() -> Vec<u8> {
    vec![b'x'; 255]
}

fn all() -> impl Iterator<Item = Vec<u8>> {
    NAMES.iter().map(|name| name.to_vec()).chain([longest()])
}

/// Only what the place makes of a name may be odd: nothing is lost.
fn nothing_is_lost(tree: &Tree, samples: u64) {
    let checked = tree.check_all().has(samples);
    assert!(checked.problems().iter().all(|p| p["severity"] == "note"), "{:?}", checked.problems());
}

#[test]
fn any_machine_config_and_run() {
    let tree = Tree::empty();
    let mut samples = 0;
    for name in all() {
        for place in [
            [b"ivor", &name[..], b"6.12"],
            [&name, b"workload-kernbench", b"6.12"],
            [b"ivor", b"workload-kernbench", &name],
        ] {
            tree.add_run(path(&place));
            samples += SAMPLES / 2;
        }
    }
    nothing_is_lost(&tree, samples);
    assert!(!tree.beside("pwned").exists());
    // The names that are shown can be given back.
    let rows = tree.samples();
    for (option, column) in [("machine", "machine"), ("config", "config")] {
        let names: std::collections::BTreeSet<&String> = rows.iter().map(|r| &r[column]).collect();
        assert_eq!(names.len(), all().count() + 1, "{names:?}");
        for name in names.into_iter().filter(|name| name.len() < 200) {
            let wanted = tree.printed("extract", &[&format!("--{option}={name}")]);
            let expected = rows.iter().filter(|row| row[column] == *name).count();
            assert_eq!(wanted.lines().count(), expected + 1, "{name}");
        }
    }
}

#[test]
fn hidden_folders_are_not_looked_at() {
    let tree = Tree::new();
    for place in [".pool/workload-kernbench/6.12", "ivor/.old/6.12", "ivor/workload-kernbench/..."]
    {
        tree.add_run(place);
    }
    tree.check_all().has(SAMPLES).finds_nothing();
}

#[test]
fn any_name_of_a_log() {
    let tree = Tree::new();
    let mut samples = SAMPLES;
    for name in all() {
        let ours = &name[..name.len().min(240)];
        let log = [b"time-", ours, b"-1"].concat();
        tree.write(path(&[LOGS.as_bytes(), &log]), LOG);
        samples += 3;
    }
    nothing_is_lost(&tree, samples);
    let rows = tree.samples();
    assert_eq!(rows.len() as u64, samples);
    assert!(rows.iter().all(|row| !row["operation"].contains(char::is_control)));
}

#[test]
fn any_name_as_a_benchmark() {
    let tree = Tree::new();
    let mut samples = SAMPLES;
    let mut refused = Vec::new();
    for name in all() {
        let folder = [b"kernbench-", &name[..name.len().min(240)]].concat();
        for iteration in [b"iter-0", b"iter-1"] {
            tree.write(path(&[RUN.as_bytes(), iteration, &folder, b"logs/time-1-1"]), LOG);
        }
        let shown = String::from_utf8(folder.clone()).ok();
        let plain = shown.filter(|s| !s.contains(char::is_control) && !s.contains('\u{202e}'));
        match plain {
            Some(_) => samples += 6,
            None => refused.push(folder),
        }
    }
    assert_eq!(refused.len(), 5);
    let checked = tree.check_all().has(samples);
    let said = |p: &&serde_json::Value| p["what"].as_str().unwrap().contains("no benchmark has");
    assert!(checked.problems().iter().filter(said).count() >= refused.len());
}

#[test]
fn a_name_of_a_benchmark_that_nobody_knows() {
    let tree = Tree::new();
    for name in ["my bench <script>", "$(touch pwned)", "-rf"] {
        let logs = format!("{RUN}/iter-0/{name}/logs");
        tree.write(format!("{logs}/x"), "1");
        tree.check_all().has(SAMPLES).tells(&logs, "no reader of its own");
    }
    assert!(!tree.beside("pwned").exists());
}
