//! What pages say because somebody told it, not because it was measured.

use super::*;
use crate::notes::pending::PendingRun;

const NAMES: &[&str] = &["6.1", "6.2"];

fn pending(runs: &[(&str, &str, &str, bool)]) -> Pending {
    let run = |(machine, config, kernel, running): &(&str, &str, &str, bool)| PendingRun {
        machine: (*machine).to_owned(),
        config: (*config).to_owned(),
        kernel: (*kernel).to_owned(),
        running: *running,
    };
    let runs = runs.iter().map(run).collect();
    Pending { as_of: 1_767_261_600, until: Some(1_767_348_000), runs }
}

fn told(runs: &[Run], pending: &Pending) -> BTreeMap<String, String> {
    site_as_asked(runs, &[], &Notes::default(), pending, &SiteOptions::default())
}

/// The cells of a row of the coverage, by the link that its head begins with.
fn cells<'p>(page: &'p str, row: &str) -> Vec<&'p str> {
    let coverage = page.split_once("table class=\"coverage\"").expect("a coverage").1;
    let rows = coverage.split("<tr>").filter(|text| text.contains(&format!("<a href=\"{row}\">")));
    let row = rows.last().expect("a row");
    let cells = row.split("<td class=\"").skip(1);
    cells.map(|cell| cell.split_once('"').expect("a class").0).collect()
}

#[test]
fn the_coverage_tells_what_is_queued_and_what_runs() {
    let runs = invented_runs(&["ivor", "ivy"], &["c"], NAMES, 3, 2);
    let site = told(
        &runs,
        &pending(&[
            ("ivor", "c", "6.3", true),
            ("ivy", "c", "6.3", false),
            ("ivy", "c", "6.2", false),
            ("new", "c", "6.3", false),
        ]),
    );
    check(&site);
    let home = &site["index.html"];
    let said = "1 run is under way and 3 queued; all should be measured by 2026-01-02 10:00 UTC, \
                as of 2026-01-01 10:00 UTC.";
    assert!(home.contains(said));
    let last = |row: &str| cells(home, row).pop();
    assert_eq!(last("ivor/c/index.html"), Some("pending"));
    assert_eq!(cells(home, "ivy/c/index.html").len(), 3);
    // What is measured again shows what is there until it begins.
    assert_ne!(cells(home, "ivy/c/index.html")[1], "pending");
    assert!(home.contains("title=\"c on ivor with 6.3: being measured\""));
    assert!(site["machines/ivy.html"].contains("2 runs are queued, as of"));
    assert!(!site["machines/ivy.html"].contains("all should be measured"));
    let data: serde_json::Value = serde_json::from_str(&site["index.json"]).expect("JSON");
    assert_eq!(data["pending"]["running"], 1);
    assert_eq!(data["kernels"][2]["data"], serde_json::Value::Null);
    assert_eq!(data["comparisons"][0]["coverage"][2], "running");
}

#[test]
fn nothing_is_said_where_nothing_is_to_come() {
    let runs = invented_runs(&["ivor"], &["c"], NAMES, 3, 2);
    let home = &told(&runs, &Pending::default())["index.html"];
    assert!(!home.contains("as of") && !home.contains("queued"));
}

#[test]
fn a_config_that_fell_behind_is_stale() {
    let mut runs = invented_runs(&["ivor", "ivy"], &["c"], NAMES, 3, 2);
    let site = told(&runs, &Pending::default());
    assert!(!site["index.html"].contains("stale"));
    let newest = runs.iter().filter_map(|run| run.started).max().expect("a time");
    for run in runs.iter_mut().filter(|run| run.machine == "ivy") {
        run.started = run.started.map(|at| at.min(newest - 46 * 86_400));
    }
    let site = told(&runs, &Pending::default());
    check(&site);
    for page in ["index.html", "machines/ivy.html"] {
        assert_eq!(site[page].matches("stale: newest run of ").count(), 1, "{page}");
    }
    assert!(!site["machines/ivor.html"].contains("stale"));
}

#[test]
fn a_site_that_knows_its_address_says_so_where_it_is_read_elsewhere() {
    let runs = invented_runs(&["ivor"], &["c"], NAMES, 12, 4);
    let base_url = Some("https://example.org/kernels".parse().expect("an address"));
    let options = SiteOptions { base_url, ..SiteOptions::default() };
    let site = site_as_asked(&runs, &[], &Notes::default(), &Pending::default(), &options);
    check(&site);
    let canonical =
        "<link rel=\"canonical\" href=\"https://example.org/kernels/ivor/c/index.html\">";
    assert!(site["ivor/c/index.html"].contains(canonical));
    let feed = &site["ivor/c/alerts.xml"];
    assert!(feed.contains("xml:base=\"https://example.org/kernels/ivor/c/alerts.xml\""));
    let pages = site.iter().filter(|(path, _)| path.starts_with("alert/"));
    let mut mails = pages.filter(|(_, page)| page.contains("Subject: [REGRESSION]"));
    let (path, page) = mails.next().expect("a mail");
    assert!(page.contains(&format!("\nhttps://example.org/kernels/{path}\n")), "{page}");
    let data: serde_json::Value = serde_json::from_str(&site["index.json"]).expect("JSON");
    assert_eq!(data["url"], "https://example.org/kernels/");
}
