//! The site of the sample results, seen by a reader with a browser.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{argument, melbot, project};

/// Links, anchors, filters, dark mode, phone width, valid HTML, nothing from the network:
/// `tests/browser/check.mjs` says what exactly.
#[test]
#[ignore = "needs Chromium, Node and `npm ci` in tests/browser; tests/run sees to that"]
fn every_page_of_the_sample_site_works_in_a_browser() {
    let scratch = TempDir::new().unwrap();
    let site = scratch.path().join("site");
    build_site(&project().join("sample-results"), &site, &scratch.path().join("store"));

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
