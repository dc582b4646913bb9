//! The store: it is never wrong, only absent.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use super::tree::{LOG, LOGS, RUN, SAMPLES, Tree, VICTIM, files};
use crate::support::argument;

/// All that the program makes of the tree.
fn everything(tree: &Tree) -> String {
    let checked = tree.melbot("check", &["--json"]);
    let checked = String::from_utf8(checked.stdout).unwrap();
    checked + &tree.printed("extract", &[]) + &tree.printed("compare", &["--json"])
}

#[test]
fn whatever_is_broken_in_it_is_read_again() {
    let tree = Tree::new();
    let expected = everything(&tree);
    let names: Vec<_> = files(&tree.store());
    let ends = |end: &str| names.iter().filter(|n| n.extension().is_some_and(|e| e == end)).count();
    assert_eq!((ends("parquet"), ends("record"), ends("memory")), (2, 2, 1), "{names:?}");
    for name in &names {
        let whole = fs::read(name).unwrap();
        let mut turned = whole.clone();
        if let Some(byte) = turned.get_mut(whole.len() / 2) {
            *byte ^= 4;
        }
        let half = whole[..whole.len() / 2].to_vec();
        for broken in [turned, half, Vec::new(), b"PAR1 garbage PAR1".to_vec()] {
            fs::write(name, broken).unwrap();
            assert_eq!(everything(&tree), expected, "{}", name.display());
        }
        fs::remove_file(name).unwrap();
        assert_eq!(everything(&tree), expected, "{}", name.display());
    }
    fs::remove_dir_all(tree.store()).unwrap();
    assert_eq!(everything(&tree), expected);
}

#[test]
fn it_is_mended_where_it_was_broken() {
    let tree = Tree::new();
    let expected = tree.printed("extract", &[]);
    let all = files(&tree.store());
    let parquet = all.iter().find(|name| name.extension().is_some_and(|e| e == "parquet")).unwrap();
    let whole = fs::read(parquet).unwrap();
    fs::write(parquet, "garbage").unwrap();
    assert_eq!(tree.printed("extract", &[]), expected);
    assert_eq!(fs::read(parquet).unwrap(), whole);
}

#[test]
fn a_changed_log_is_noticed() {
    let tree = Tree::new();
    let before = tree.printed("extract", &[]);
    let path = tree.path(VICTIM);
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let changed = LOG.replace("3.96", "4.96");
    assert_eq!(changed.len(), LOG.len());
    fs::write(&path, changed).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let after = tree.printed("extract", &[]);
    assert_ne!(after, before);
    assert!(after.contains("\t4.96\n"), "{after}");
}

#[test]
fn an_added_and_a_removed_log_are_noticed() {
    let tree = Tree::new();
    tree.check().has(SAMPLES);
    tree.write(format!("{LOGS}/time-1-3"), LOG);
    tree.check().has(SAMPLES + 3);
    tree.remove_victim();
    tree.check().has(SAMPLES);
    fs::remove_dir_all(tree.path(RUN)).unwrap();
    tree.check().has(SAMPLES / 2);
    assert_eq!(files(&tree.store()).len(), 3, "what is of no use is removed: a lock and a run");
}

#[test]
fn a_store_that_cannot_be() {
    let tree = Tree::new();
    fs::write(tree.beside("file"), "").unwrap();
    for (place, remedy) in [(tree.beside("file"), "folder"), (Path::new("/sys/melbot").into(), "")]
    {
        let mut command = crate::support::melbot();
        command.args(["check", argument(&tree.path("")), "--store", argument(&place)]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(argument(&place)) && said.contains("--store"), "{said}");
        assert!(said.contains(remedy), "{said}");
    }
}

#[test]
fn what_the_system_refused_once_is_read_at_the_next_time() {
    let tree = Tree::new();
    let expected = everything(&Tree::new());
    let site = tree.beside("site");
    let make = |limit: &str| {
        let script = format!("{limit}\nexec \"$0\" site \"$1\" --store \"$2\" -o \"$3\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_melbot")])
            .args([tree.path(""), tree.store(), site.clone()])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // Too few for the logs of two runs at a time.
    let refused = make("ulimit -n 7");
    assert!(!refused.contains("no problems"), "{refused}");
    let made = make("");
    assert!(made.starts_with("2 runs;") && made.contains("no problems"), "{made}");
    assert!(make("").starts_with("nothing changed"), "all was there the last time");
    assert_eq!(everything(&tree), expected);
}

/// Runs `melbot check` in a shell after some preparation.
fn after(tree: &Tree, preparation: &str) -> (Option<i32>, String) {
    let script = format!("{preparation}\nexec \"$0\" check \"$1\" --store \"$2\"");
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_melbot")])
        .args([tree.path(""), tree.store()])
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_full_disk() {
    let tree = Tree::new();
    fs::create_dir(tree.store()).unwrap();
    let (status, said) = after(&tree, "mount -t tmpfs -o size=4k none \"$2\" || exit 77");
    if status == Some(77) || said.starts_with("unshare") {
        println!("skipped, this user may not mount: {said}");
        return;
    }
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("No space left") && said.contains("--store"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    tree.check().has(SAMPLES).finds_nothing();
}

#[test]
fn a_file_that_may_not_grow() {
    let tree = Tree::new();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" check \"$1\" --store \"$2\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_melbot")])
        .args([tree.path(""), tree.store()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("too large") && !said.contains("panicked"), "{said}");
    tree.check().has(SAMPLES).finds_nothing();
}
