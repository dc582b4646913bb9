//! Arguments and settings that cannot be meant.

use std::fs;
use std::path::Path;

use super::tree::{SAMPLES, Tree};
use crate::support::{argument, melbot};

#[test]
fn results_that_are_none() {
    let tree = Tree::empty();
    assert!(tree.refused("check", &[]).contains("a run is a folder that holds iter-0"));
    fs::create_dir_all(tree.path("a/b/c")).unwrap();
    fs::write(tree.path("a/file"), "x").unwrap();
    assert!(tree.refused("check", &[]).contains("no runs of MMTests"));
    for missing in [tree.beside("nowhere"), tree.path("a/file")] {
        for verb in ["check", "extract", "compare", "site"] {
            let mut command = melbot();
            command.args([verb, argument(&missing), "--store", argument(&tree.store())]);
            if verb == "site" {
                command.args(["-o", argument(&tree.beside("site"))]);
            }
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(argument(&missing)) && said.contains("no such folder"), "{said}");
        }
    }
}

#[test]
fn names_that_are_not_there_are_answered_with_those_that_are() {
    let tree = Tree::new();
    for (arguments, known) in [
        (["--machine", "ivy"], "ivor"),
        (["--config", "none"], "workload-kernbench"),
        (["--benchmark", "none"], "kernbench"),
    ] {
        for verb in ["compare", "extract", "check"] {
            let said = tree.refused(verb, &arguments);
            assert!(said.contains(known), "{verb}: {said}");
        }
    }
    let said = tree.refused("compare", &["--baseline", "6.10"]);
    assert!(said.contains("6.10") && said.contains("6.11") && said.contains("6.12"), "{said}");
}

#[test]
fn settings_that_are_not_valid() {
    let tree = Tree::new();
    let settings = tree.beside("melbot.toml");
    for (content, line) in [
        ("title = \"x\"\nstore = \n", 2),
        ("# one\n# two\nno_such_key = 1\n", 3),
        ("parser_seconds = \"long\"\n", 1),
        ("parser_seconds = -1\n", 1),
    ] {
        fs::write(&settings, content).unwrap();
        let said = tree.refused("check", &[]);
        assert!(said.contains(&format!("melbot.toml:{line}: ")), "{said}");
    }
    fs::write(&settings, b"\xff").unwrap();
    assert!(tree.refused("check", &[]).contains("melbot.toml"));
    fs::remove_file(&settings).unwrap();
    tree.check().has(SAMPLES).finds_nothing();
    let said = tree.refused("check", &["--settings", "nowhere.toml"]);
    assert!(said.contains("nowhere.toml"), "{said}");
}

#[test]
fn folders_that_are_not_what_the_options_say() {
    let tree = Tree::new();
    let said = tree.refused("check", &["--mmtests", argument(&tree.path(""))]);
    assert!(said.contains("no checkout of MMTests"), "{said}");
    let said = tree.refused("check", &["--tree", argument(&tree.path(""))]);
    assert!(said.contains(argument(&tree.path(""))), "{said}");
    let said = tree.refused("extract", &["-o", "/nowhere/at/all"]);
    assert!(said.contains("/nowhere/at/all"), "{said}");
    assert!(Path::new("/nowhere").symlink_metadata().is_err());
}
