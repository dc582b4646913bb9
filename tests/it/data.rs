//! What a site has for other programs: each page that holds data has it as JSON, as the schema says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::schema::Schema;
use crate::support::{argument, melbot, project};

/// Checks all data of a site, and tells its kinds.
pub fn check_site(site: &Path) -> BTreeSet<String> {
    let text = |path: &str| fs::read_to_string(site.join(path)).unwrap();
    let mut schema = Schema::new(&text("schema.json"));
    let data =
        files(site).into_iter().filter(|path| path.ends_with(".json") && path != "schema.json");
    data.map(|path| schema.check(&path, &text(&path))).collect()
}

/// All files below a folder, with their paths in it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path()).iter().map(|path| format!("{name}/{path}"))),
            false => found.push(name),
        }
    }
    found
}

#[test]
fn every_page_of_the_sample_site_that_holds_data_has_it_as_its_schema_says() {
    let scratch = TempDir::new().unwrap();
    let [site, store] = ["site", "store"].map(|name| scratch.path().join(name));
    let results = project().join("sample-results");
    melbot()
        .args(["site", argument(&results), "-o", argument(&site), "--store", argument(&store)])
        .assert()
        .success();
    let read = |path: &str| fs::read_to_string(site.join(path)).unwrap();
    let kinds = check_site(&site);
    let expected = [
        "alert",
        "alerts",
        "benchmark",
        "comparison",
        "histories",
        "home",
        "kernel",
        "machine",
        "monitors",
        "problems",
        "runs",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());

    // Pages without data are lists of pages, and how to read them.
    let without: Vec<String> = files(&site)
        .into_iter()
        .filter(|path| path.ends_with(".html"))
        .filter(|path| !read(path).contains("this page as JSON"))
        .collect();
    assert_eq!(without.len(), 4, "{without:?}");
    for path in without {
        assert!(path == "help.html" || path.ends_with("s/index.html"), "{path}");
    }

    // From the first file everything else is found.
    let home: serde_json::Value = serde_json::from_str(&read("index.json")).unwrap();
    let named = ["kernels", "machines", "benchmarks", "comparisons"];
    let links = named.iter().flat_map(|list| home[list].as_array().unwrap());
    for link in links {
        assert!(site.join(link["data"].as_str().unwrap()).is_file(), "{link}");
    }
}
