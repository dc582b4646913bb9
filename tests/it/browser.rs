//! The site of the sample results, seen by a reader with a browser.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{argument, melbot, project, simulated};

/// Links, anchors, filters, dark mode, phone width, valid HTML, nothing from the network:
/// `tests/browser/check.mjs` says what exactly.
#[test]
#[ignore = "needs Chromium, Node and `npm ci` in tests/browser; tests/run sees to that"]
fn every_page_of_the_sample_site_works_in_a_browser() {
    check(&project().join("sample-results"));
}

/// The same with alerts on mainline and on stable series, one of them with notes.
#[test]
#[ignore = "needs Chromium, Node and `npm ci` in tests/browser; tests/run sees to that"]
fn every_page_of_a_site_with_alerts_works_in_a_browser() {
    let results = simulated();
    let store = TempDir::new().unwrap();
    let with_store = ["--store", argument(store.path())];
    let list = melbot().args(["alerts", argument(&results), "--csv"]).args(with_store).output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    let id = list.lines().nth(1).unwrap().split(',').nth(12).unwrap();
    let reason = "*looked at*: <b>a new default</b>, see [the list](https://example.org/)";
    melbot()
        .args(["alerts", "note", id, argument(&results), "--state", "explained"])
        .args(["--reason", reason])
        .args(with_store)
        .assert()
        .success();
    check(&results);
}

fn check(results: &Path) {
    let scratch = TempDir::new().unwrap();
    let site = scratch.path().join("site");
    build_site(results, &site, &scratch.path().join("store"));

    let script = project().join("tests/browser/check.mjs");
    let checked = Command::new("node").arg(script).arg(&site).output().expect("node runs");
    let said = String::from_utf8_lossy(&checked.stdout);
    let failed = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}{failed}");
    println!("{said}");
}

fn build_site(results: &Path, site: &Path, store: &Path) {
    melbot()
        .args(["site", argument(results), "-o", argument(site), "--store", argument(store)])
        .assert()
        .success();
}
