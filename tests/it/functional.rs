//! Functional tests: what newly fails is an alert of its own kind, what is flaky is none.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::data::check_site;
use crate::support::{argument, melbot, printed};

/// A tree in which tests of LTP end like this, kernel by kernel; each mark is an iteration. The lines are
/// those of real LTP (20260130), see `shellpack/ltp.rs`.
fn tree(root: &Path, tests: &[(&str, &[&str])]) {
    for kernel in 0..tests[0].1.len() {
        for iteration in 0..tests[0].1[kernel].len() {
            let folder = root
                .join(format!("ivor/functional-ltp/6.{}/iter-{iteration}/ltp/logs", kernel + 5));
            fs::create_dir_all(&folder).unwrap();
            let mut log = String::from("startup='Wed Nov 25 15:27:10 2026'\n");
            for (test, kernels) in tests {
                let status = u8::from(kernels[kernel].as_bytes()[iteration] == b'F');
                log += &format!(
                    "tag={test} stime=1795620430 dur=0 exit=exited stat={status} core=no cu=3 cs=0\n"
                );
            }
            fs::write(folder.join("runltp-syscalls"), log).unwrap();
            fs::write(folder.join("benchlog-syscalls"), "").unwrap();
        }
    }
}

const TESTS: &[(&str, &[&str])] = &[
    ("getpid01", &["..", "..", "..", ".."]),
    ("brk01", &["..", "..", "FF", "FF"]),
    ("fork14", &["..", ".F", "FF", "F."]),
    ("mmap02", &["FF", "FF", "FF", "FF"]),
];

#[test]
fn a_test_that_newly_fails_is_an_alert_of_its_own_kind() {
    let scratch = TempDir::new().unwrap();
    let [results, store, site] = ["results", "store", "site"].map(|name| scratch.path().join(name));
    tree(&results, TESTS);
    let place = [argument(&results), "--store", argument(&store)];
    let told = printed(&[&["alerts"], &place[..]].concat());
    let expected = "ltp: 1 of 4 tests fails in 6.7 and passed in 6.6: syscalls-brk01";
    assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(expected), "{told}");
    assert!(!told.contains("fork14") && !told.contains("mmap02"), "{told}");
    let status = |more: &[&str]| {
        melbot().args(["alerts", "--fail"]).args(place).args(more).output().unwrap().status.code()
    };
    assert_eq!(status(&[]), Some(1));
    assert_eq!(status(&["--machine", "ivor", "--kernel", "6.6"]), Some(0));

    let json: serde_json::Value =
        serde_json::from_str(&printed(&[&["alerts", "--json"], &place[..]].concat())).unwrap();
    let id = json["failing"][0]["id"].as_str().unwrap();
    let out = ["-o", argument(&site), "--store", argument(&store)];
    printed(&[&["site", argument(&results)], &out[..]].concat());
    let page = fs::read_to_string(site.join(format!("alert/{id}.html"))).unwrap();
    assert!(page.contains("syscalls-brk01") && page.contains("newly failing"), "{page}");
    assert!(check_site(&site).contains("failing"));
    let page = format!("alert/{id}.html");
    for feed in ["alerts.xml", "machines/ivor.xml", "ivor/functional-ltp/alerts.xml"] {
        let feed = fs::read_to_string(site.join(feed)).unwrap();
        assert!(
            feed.contains(&page) && feed.contains("ltp ✗ newly failing in 6.7 on ivor"),
            "{feed}"
        );
    }
    for other in ["index.html", "search.js"] {
        assert!(fs::read_to_string(site.join(other)).unwrap().contains(&page), "{other}");
    }
    let csv = printed(&[&["alerts", "--csv"], &place[..]].concat());
    let line = csv.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{csv}"));
    assert_eq!(
        line,
        format!(
            "ivor,functional-ltp,ivor/functional-ltp,ltp,syscalls-brk01,6.7,failing,,,,,new,{id},,6.6,,\
             still there"
        )
    );
    let list = fs::read_to_string(site.join("alerts.html")).unwrap();
    assert!(list.contains("id=\"failing\"") && list.contains(id), "{list}");
    let comparison = fs::read_to_string(site.join("ivor/functional-ltp/index.html")).unwrap();
    for said in ["passes", "fails 1 of 2", "newly</a>", &format!("alert/{id}.html")] {
        assert!(comparison.contains(said), "{said}");
    }

    // What people say lasts, and is no news any more.
    printed(&["alerts", "ack", id, place[0], place[1], place[2], "--reason", "known on linux-mm"]);
    assert_eq!(status(&[]), Some(0));
    let told = printed(&[&["alerts", "show", id], &place[..]].concat());
    assert!(told.contains("acknowledged") && told.contains("known on linux-mm"), "{told}");
}

#[test]
fn a_repair_is_told() {
    let scratch = TempDir::new().unwrap();
    let [results, store] = ["results", "store"].map(|name| scratch.path().join(name));
    tree(&results, &[("brk01", &[".", "F", "F", "."]), ("getpid01", &[".", ".", ".", "."])]);
    let place = [argument(&results), "--store", argument(&store)];
    let told = printed(&[&["alerts"], &place[..]].concat());
    assert!(told.contains("passes again in 6.8"), "{told}");
    let status = melbot().args(["alerts", "--fail"]).args(place).output().unwrap().status;
    assert_eq!(status.code(), Some(0));
}
