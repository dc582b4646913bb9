//! What a site tells those who put it on a web server: its address, what is still to come, what changed.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::grown::Grown;
use crate::support::melbot;

/// Makes the site and gives the lines of what changed.
fn changes(scratch: &Path) -> Vec<String> {
    melbot()
        .current_dir(scratch)
        .args(["site", "results", "-o", "site", "--store", "store", "--changes", "changes"])
        .args(["--base-url", "https://example.org/kernels"])
        .assert()
        .success();
    fs::read_to_string(scratch.join("changes")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn an_upload_is_told_what_is_new_and_what_is_gone() {
    let scratch = TempDir::new().unwrap();
    let here = scratch.path();
    let mut results = Grown::new(&here.join("results"), 7);
    results.run(("ivor", "c", "6.1"), "kernbench", 1.0);
    let newest = results.run(("ivor", "c", "6.2"), "kernbench", 1.0);
    results.run(("ivy", "c", "6.1"), "kernbench", 1.0);

    let all = changes(here);
    assert!(all.iter().all(|line| here.join("site").join(&line[2..]).is_file()), "{all:?}");
    for new in ["+ index.html", "+ ivor/c/6.2.html", "+ assets/style.css"] {
        assert!(all.iter().any(|line| line == new), "{new}");
    }
    assert!(changes(here).is_empty());

    // Runs that are still to come are told on the pages of their machine, and of no other.
    let pending = r#"{"as_of": 1, "runs": [{"machine": "ivor", "config": "c", "kernel": "6.3"}]}"#;
    fs::write(here.join("results/pending.json"), pending).unwrap();
    let expected = ["index.html", "index.json", "machines/ivor.html", "machines/ivor.json"];
    assert_eq!(changes(here), expected.map(|path| format!("+ {path}")));
    let home = fs::read_to_string(here.join("site/index.html")).unwrap();
    assert!(home.contains("1 run is queued, as of 1970-01-01 00:00 UTC."));
    assert!(
        home.contains(r#"<link rel="canonical" href="https://example.org/kernels/index.html">"#)
    );

    fs::remove_dir_all(newest).unwrap();
    let gone = changes(here);
    for line in ["- ivor/c/6.2.html", "- kernels/6.2.html", "+ ivor/c/index.html"] {
        assert!(gone.iter().any(|found| found == line), "{line} is not in {gone:?}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_how_to_write_one() {
    let scratch = TempDir::new().unwrap();
    Grown::new(&scratch.path().join("results"), 7).run(("m", "c", "6.1"), "kernbench", 1.0);
    for url in ["example.org", "https://me:secret@example.org/", "https://a/?b"] {
        let output = melbot()
            .current_dir(scratch.path())
            .args(["site", "results", "-o", "site", "--base-url", url])
            .assert()
            .code(2);
        let told = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(told.contains("https://example.org/kernels/"), "{told}");
        assert!(!scratch.path().join("site").exists());
    }
}
