//! What is found in a tree, whatever its layout.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::discover::{FoundRun, discover};

const MACHINES: &[&str] = &["ivor", "ivy", "tcg1", "network"];
const CONFIGS: &[&str] = &["network-tbench", "scheduler-pipes", "workload-kernbench", "my-own"];
const RUNS: &[&str] = &["6.12", "6.12-rc4", "vanilla", "iter-backup"];

/// Machine, config and run, and whether the config is the outer folder.
type Wanted = (&'static str, &'static str, &'static str, bool);

fn wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let one = (
        prop::sample::select(MACHINES),
        prop::sample::select(CONFIGS),
        prop::sample::select(RUNS),
        any::<bool>(),
    );
    prop::collection::vec(one, 1..8)
}

fn make(root: &Path, runs: &[Wanted]) -> BTreeMap<String, (&'static str, &'static str)> {
    let mut made = BTreeMap::new();
    for (machine, config, run, config_first) in runs {
        let [outer, inner] = if *config_first { [config, machine] } else { [machine, config] };
        let path = format!("{outer}/{inner}/{run}");
        let iteration = root.join(&path).join("iter-0");
        fs::create_dir_all(&iteration).unwrap();
        fs::write(iteration.join("kernel.version"), format!("Linux {machine} 6.12")).unwrap();
        made.insert(path, (*machine, *config));
    }
    made
}

fn fingerprints(root: &Path) -> BTreeMap<String, blake3::Hash> {
    let runs = discover(root).runs;
    runs.into_iter().map(|run: FoundRun| (run.path, run.fingerprint)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_run_is_found_where_its_host_says(runs in wanted()) {
        let root = tempfile::tempdir().unwrap();
        let made = make(root.path(), &runs);
        let found = discover(root.path());
        prop_assert!(found.problems.is_empty(), "{:?}", found.problems);
        let paths: BTreeSet<&String> = found.runs.iter().map(|run| &run.path).collect();
        prop_assert_eq!(paths, made.keys().collect());
        let places: BTreeSet<_> =
            found.runs.iter().map(|r| (&r.place.machine, &r.place.config, &r.place.name)).collect();
        prop_assert_eq!(places.len(), found.runs.len(), "no two runs have one place");
        for run in &found.runs {
            let place = (run.place.machine.as_str(), run.place.config.as_str());
            prop_assert_eq!(place, made[&run.path]);
        }
    }

    #[test]
    fn a_fingerprint_changes_with_its_run_and_no_other(runs in wanted(), which in any::<prop::sample::Index>()) {
        let root = tempfile::tempdir().unwrap();
        let made = make(root.path(), &runs);
        let before = fingerprints(root.path());
        prop_assert_eq!(&before, &fingerprints(root.path()));
        let changed = which.get(&made.keys().collect::<Vec<_>>()).to_string();
        fs::write(root.path().join(&changed).join("iter-0/new"), "").unwrap();
        for (path, fingerprint) in fingerprints(root.path()) {
            prop_assert_eq!(fingerprint != before[&path], path == changed, "{}", path);
        }
    }

    #[test]
    fn any_folders_are_looked_through(
        paths in prop::collection::vec("[a-c.]{1,3}(/(iter-[0-2x]|logs|[a-c]{1,2})){0,4}", 0..12),
    ) {
        let root = tempfile::tempdir().unwrap();
        for path in &paths {
            // A name of dots alone is no new folder.
            let _ = fs::create_dir_all(root.path().join(path.replace("..", "d")));
        }
        let found = discover(root.path());
        for run in &found.runs {
            prop_assert!(run.dir.is_dir());
            prop_assert!(run.dir.starts_with(root.path()));
        }
        let places: BTreeSet<_> =
            found.runs.iter().map(|r| (&r.place.machine, &r.place.config, &r.place.name)).collect();
        prop_assert_eq!(places.len(), found.runs.len());
    }
}
