//! The simulated machines of sample-results, and the story that they tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::recipe;
use crate::support::{argument, printed, project};

#[test]
fn the_simulated_machines_are_what_their_recipe_makes() {
    let root = project().join("sample-results");
    let made = recipe::files();
    if std::env::var_os("MELBOT_WRITE_SAMPLES").is_some() {
        write(&root, &made);
    }
    let mut there = BTreeMap::new();
    for machine in ["simulated1", "simulated2"] {
        collect(&root, &root.join(machine), &mut there);
    }
    let names = |files: &BTreeMap<PathBuf, String>| -> Vec<PathBuf> {
        files.keys().filter(|path| !path.ends_with("README.md")).cloned().collect()
    };
    assert_eq!(names(&there), names(&made));
    for (path, text) in &made {
        assert_eq!(&there[path], text, "{}", path.display());
    }
}

fn write(root: &Path, files: &BTreeMap<PathBuf, String>) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            files.insert(path.strip_prefix(root).unwrap().to_owned(), text);
        }
    }
}

/// Each alert on the simulated machines, and what has to be said of it.
const STORY: &[(&str, &str, &str)] = &[
    (
        "▼  stream on simulated1 (workload-stream)  new, notable",
        "regressed in 6.4 (−10.4 % [−10.9, −9.8]), fixed in 6.8 and 6.5.3",
        "simulated2, measured as well, does not show it",
    ),
    (
        "▼  stream on simulated1 (workload-stream)  new, notable",
        "regressed in 6.11 (−9.2 % [−9.8, −8.5]), still present in 6.12, backported to 6.9.3 (−9.6 % \
         [−10.2, −8.9]), not seen in 6.5.y",
        "simulated1 and simulated2 agree",
    ),
    (
        "▼  stream on simulated1 (workload-stream)  new, notable",
        "regressed in 6.9.3 (−10.0 % [−10.8, −9.3]), as mainline had in 6.11, still present in 6.9.y \
         (6.9.4)",
        "the same as",
    ),
    (
        "▼  stream on simulated2 (workload-stream)  new, notable",
        "regressed in 6.11 (−8.5 % [−9.3, −7.7]), still present in 6.12",
        "simulated2 and simulated1 agree",
    ),
    (
        "▼  kernbench on simulated1 (workload-kernbench)  acknowledged, notable",
        "regressed in 6.9 (+6.6 % [5.9, 7.3]), still present in 6.13-rc1, not measured in 6.9.y",
        "last good 6.8, first 6.9",
    ),
    (
        "▲  kernbench on simulated1 (workload-kernbench)  new, severe",
        "improved in 6.5 (−20.0 % [−20.5, −19.5]), kept in 6.13-rc1 (55 % of it), not measured in \
         6.5.y and 6.9.y",
        "2 of 3 operations moved",
    ),
    (
        "▲  stream on simulated1 (workload-stream)  new, notable",
        "improved in 6.8 (+11.5 % [11.0, 12.0])",
        "repairs",
    ),
    (
        "▲  stream on simulated1 (workload-stream)  new, notable",
        "improved in 6.5.3 (+11.9 % [10.8, 13.0])",
        "repairs",
    ),
];

fn alerts(store: &Path, arguments: &[&str]) -> String {
    let results = project().join("sample-results");
    printed(&[&["alerts", argument(&results), "--store", argument(store)], arguments].concat())
}

#[test]
fn the_simulated_machines_tell_their_story() {
    let store = TempDir::new().unwrap();
    let said = alerts(store.path(), &[]);
    let paragraphs: Vec<&str> =
        said.split("\n\n").filter(|text| text.contains(" on simulated")).collect();
    for (title, life, more) in STORY {
        let has = |text: &&&str| {
            // Without the name of the alert.
            let head: Vec<&str> = title.split("  ").collect();
            head.iter().chain([life, more]).all(|part| text.contains(part))
        };
        assert_eq!(paragraphs.iter().filter(has).count(), 1, "{title}\n{life}\n{said}");
    }
    let suspect = "looks worse in 6.13-rc1: 3 operations, worst System-4";
    assert_eq!(paragraphs.iter().filter(|text| text.contains(suspect)).count(), 1, "{said}");
    assert_eq!(paragraphs.len(), STORY.len() + 1, "{said}");

    // Of the real kernels, each with a single iteration, nothing is said for certain.
    assert!(said.starts_with("8 alerts: 4 regressions still there (3 new); "), "{said}");

    let rows = alerts(store.path(), &["--csv", "--all", "--machine", "simulated1"]);
    let undecided: Vec<&str> = rows.lines().filter(|row| row.contains(",inconclusive,")).collect();
    assert_eq!(undecided.len(), 1, "{rows}");
    assert!(undecided[0].contains(",kernbench,System-4,6.11,"), "{rows}");
}

#[test]
fn nothing_is_odd_about_the_simulated_machines() {
    let results = project().join("sample-results");
    let store = TempDir::new().unwrap();
    for machine in ["simulated1", "simulated2"] {
        let place = [argument(&results), "--store", argument(store.path()), "--machine", machine];
        let said = printed(&[&["check"], &place[..]].concat());
        assert!(said.ends_with("nothing is missing, nothing is odd\n"), "{said}");
    }
}
