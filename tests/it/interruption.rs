//! Whatever happens to the process, a reader finds the old site or the new one, never half of one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::project;

/// How many moments are tried, spread over the time that the whole job takes.
const MOMENTS: u32 = 40;

/// Every file of a folder with its bytes, by path.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let inside = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(inside, fs::read(&path).unwrap());
            }
        }
    }
    files
}

struct Scene {
    scratch: TempDir,
}

impl Scene {
    fn new() -> Scene {
        Scene { scratch: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Starts making a site of the sample results under this title.
    fn start(&self, title: &str, site: &Path, store: &Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_melbot"))
            .args(["site", "--title", title, "-o"])
            .arg(site)
            .arg("--store")
            .arg(store)
            // One config: the sites are made dozens of times, by a program that is not optimised.
            .arg(project().join("sample-results/tcg1/scheduler-pipes"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn make(&self, title: &str, site: &Path, store: &Path) -> Duration {
        let start = Instant::now();
        assert!(self.start(title, site, store).wait().unwrap().success());
        start.elapsed()
    }

    /// Copies some of the sample results to results that a test may change.
    fn copy(&self, part: &str) {
        let (from, to) =
            (project().join("sample-results").join(part), self.path("results").join(part));
        for (file, bytes) in content(&from) {
            fs::create_dir_all(to.join(&file).parent().unwrap()).unwrap();
            fs::write(to.join(file), bytes).unwrap();
        }
    }

    /// Makes the site of what was copied; its files.
    fn make_of_copies(&self, site: &Path, store: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let status = Command::new(env!("CARGO_BIN_EXE_melbot"))
            .arg("site")
            .arg(self.path("results"))
            .arg("-o")
            .arg(site)
            .arg("--store")
            .arg(store)
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        content(site)
    }
}

#[test]
fn a_killed_process_leaves_the_old_site_or_the_new_one() {
    let scene = Scene::new();
    let (site, store) = (scene.path("site"), scene.path("store"));
    let other = scene.path("other");
    scene.make("old", &other, &scene.path("other-store"));
    let old = content(&other);
    let whole = scene.make("new", &other, &scene.path("another-store"));
    let new = content(&other);
    assert_ne!(old, new);

    scene.make("old", &site, &store);
    let (mut before, mut after) = (0, 0);
    for moment in 1..=MOMENTS {
        // Without the store the process reads everything again, and can be killed doing so.
        let _ = fs::remove_dir_all(&store);
        let mut child = scene.start("new", &site, &store);
        thread::sleep(whole * moment / MOMENTS);
        child.kill().unwrap();
        child.wait().unwrap();
        let found = content(&site);
        match (found == old, found == new) {
            (true, false) => before += 1,
            (false, true) => after += 1,
            _ => panic!("half a site after {moment}/{MOMENTS} of {whole:?}"),
        }
        if found == new {
            scene.make("old", &site, &store);
            assert_eq!(content(&site), old, "the old site can be made again");
        }
    }
    assert!(before > 0, "no process was killed early: {before} {after}");
    scene.make("new", &site, &store);
    assert_eq!(content(&site), new, "the store is whole again, and so is the site");
    let left: Vec<_> = fs::read_dir(scene.scratch.path()).unwrap().flatten().collect();
    let names: Vec<String> =
        left.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(
        !names.iter().any(|name| name.contains(".new-") || name.contains(".old-")),
        "{names:?}"
    );
}

#[test]
fn two_processes_at_once_make_the_same_site() {
    let scene = Scene::new();
    let (site, store) = (scene.path("site"), scene.path("store"));
    scene.make("one", &scene.path("alone"), &scene.path("alone-store"));
    let mut children: Vec<Child> = (0..4).map(|_| scene.start("one", &site, &store)).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let mut alone = content(&scene.path("alone"));
    let mut together = content(&site);
    // Of the two places only the stamp may differ: it names the way to the raw logs.
    let marker = Path::new(".melbot-site");
    assert!(alone.remove(marker).is_some() && together.remove(marker).is_some());
    assert_eq!(alone, together);
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let scene = Scene::new();
    let (site, store) = (scene.path("site"), scene.path("store"));
    scene.make("same", &site, &store);
    let first = content(&site);
    fs::remove_dir_all(&site).unwrap();
    fs::remove_dir_all(&store).unwrap();
    scene.make("same", &site, &store);
    assert_eq!(content(&site), first);
}

#[test]
fn one_more_run_leaves_the_pages_of_others_alone() {
    let scene = Scene::new();
    let (site, store) = (scene.path("site"), scene.path("store"));
    scene.copy("tcg1/scheduler-pipes/6.1.192-stable");
    scene.copy("tcg1/network-tbench");
    let before = scene.make_of_copies(&site, &store);
    scene.copy("tcg1/scheduler-pipes/6.12.117-stable");
    let after = scene.make_of_copies(&site, &store);
    let changed = |path: &Path| before.get(path) != after.get(path);
    assert!(changed(Path::new("tcg1/scheduler-pipes/index.html")));
    // Verdicts rest on what all results have in common, so that of another config may move a little;
    // what was measured there does not.
    let is_run = |path: &Path| path.to_string_lossy().ends_with("-stable.html");
    let pages =
        before.keys().filter(|path| path.starts_with("tcg1/network-tbench") && is_run(path));
    assert!(pages.clone().count() >= 4);
    for page in pages.chain([&PathBuf::from("help.html"), &PathBuf::from("problems.html")]) {
        assert!(!changed(page), "{page:?} changed with a run of another config");
    }
    assert!(!changed(Path::new("tcg1/scheduler-pipes/6.1.192-stable.html")));
}

/// What happens to results between two sites.
type Step = (&'static str, fn(&Scene));

#[test]
fn whatever_happened_to_the_results_the_site_is_that_made_from_nothing() {
    const STEPS: [Step; 8] = [
        ("begun", |scene| {
            scene.copy("tcg1/scheduler-pipes/6.1.192-stable");
            scene.copy("tcg1/workload-syscalls/6.1.192-stable");
        }),
        ("a run added", |scene| scene.copy("tcg1/scheduler-pipes/6.12.117-stable")),
        ("a config added", |scene| scene.copy("tcg1/network-tbench")),
        ("an older run added", |scene| scene.copy("tcg1/scheduler-pipes/5.10.262-stable")),
        ("the logs of a run changed", |scene| {
            let run = scene.path("results/tcg1/scheduler-pipes/6.12.117-stable");
            let mut changed = 0;
            for (file, bytes) in content(&run) {
                let text = String::from_utf8_lossy(&bytes);
                if text.contains(" usecs/op") {
                    fs::write(run.join(file), text.replace(" usecs/op", "1 usecs/op")).unwrap();
                    changed += 1;
                }
            }
            assert!(changed > 0);
        }),
        ("the log of a kernel changed", |scene| {
            let run = scene.path("results/tcg1/workload-syscalls/6.1.192-stable");
            fs::write(run.join("iter-0/dmesg"), "[ 1.0] WARNING: CPU: 0 at mm/x.c:3\n").unwrap();
        }),
        ("a run removed", |scene| {
            let run = scene.path("results/tcg1/network-tbench/6.1.192-stable");
            fs::remove_dir_all(run).unwrap();
        }),
        ("a config removed", |scene| {
            fs::remove_dir_all(scene.path("results/tcg1/workload-syscalls")).unwrap();
        }),
    ];
    let scene = Scene::new();
    let mut before = BTreeMap::new();
    for (number, (what, happens)) in STEPS.iter().enumerate() {
        happens(&scene);
        let again = scene.make_of_copies(&scene.path("site"), &scene.path("store"));
        let cold = scene.make_of_copies(
            &scene.path(&format!("cold-{number}")),
            &scene.path(&format!("cold-store-{number}")),
        );
        let differing: Vec<&PathBuf> = again
            .keys()
            .chain(cold.keys())
            .filter(|path| again.get(*path) != cold.get(*path))
            .collect();
        assert!(differing.is_empty(), "{what}: {differing:?}");
        assert_ne!(again, before, "{what}");
        before = again;
    }
}
