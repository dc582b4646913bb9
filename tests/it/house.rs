//! Rules of the house that the compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules from the lowest floor to the highest; see ARCHITECTURE.md.
const FLOORS: &[&[&str]] = &[
    &["model", "stats"],
    &["mmtests", "import", "notes", "store", "lab", "notify"],
    &["kernel", "queue", "analysis"],
    &["bisect", "client", "coordinator", "demo", "report", "serve", "site"],
    &["cli"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn floor(module: &str) -> usize {
    let found = FLOORS.iter().position(|modules| modules.contains(&module));
    found.unwrap_or_else(|| panic!("{module} is on no floor: add it here and to ARCHITECTURE.md"))
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut uses = 0;
    for file in sources(&root().join("src")) {
        let inside = file.strip_prefix(root().join("src")).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        if module.ends_with(".rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            let Some((_, after)) = line.split_once("crate::") else { continue };
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            let used = &after[..end];
            let place = format!("{}:{number}", inside.display());
            assert!(
                floor(used) <= floor(module),
                "{place}: {module} uses {used}, which is above it"
            );
            uses += 1;
        }
    }
    assert!(uses > 30, "only {uses} uses were found: is this test still looking?");
}

#[test]
fn no_http_stack_comes_in_through_polars() {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal,build", "--prefix", "none", "--frozen"])
        .current_dir(root())
        .output()
        .expect("cargo is there, it runs this test");
    let tree = String::from_utf8(cargo.stdout).unwrap();
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"polars-io"), "{}", String::from_utf8_lossy(&cargo.stderr));
    for name in ["reqwest", "h2", "rustls", "object_store"] {
        assert!(!crates.contains(&name), "{name} is built: see crates with `cargo tree -i {name}`");
    }
}

#[test]
fn files_have_one_subject() {
    for file in sources(&root().join("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{}: {lines} lines: does it still have one subject?", file.display());
    }
}
