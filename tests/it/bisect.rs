//! `melbot bisect` on real git trees, with a benchmark that is a small script with noise.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A git tree whose commits write `speed`; `broken` ones do not build.
struct Tree {
    dir: tempfile::TempDir,
    commits: Vec<String>,
}

impl Tree {
    fn new(count: usize, culprit: usize, broken: &[usize]) -> Tree {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Tree { dir, commits: Vec::new() };
        tree.git(&["init", "--quiet", "."]);
        for at in 0..count {
            let speed = if at >= culprit { 108 } else { 100 };
            let build = if broken.contains(&at) { "exit 1" } else { "exit 0" };
            let source = tree.source();
            fs::write(source.join("speed"), format!("{speed}\n")).unwrap();
            fs::write(source.join("build.sh"), format!("# {at}\n{build}\n")).unwrap();
            tree.git(&["add", "."]);
            tree.git(&["commit", "--quiet", "-m", &format!("commit {at}")]);
            let head = tree.git(&["rev-parse", "HEAD"]);
            tree.commits.push(head.trim().to_owned());
        }
        tree
    }

    fn source(&self) -> PathBuf {
        let source = self.dir.path().join("source");
        fs::create_dir_all(&source).unwrap();
        source
    }

    fn search(&self) -> PathBuf {
        self.dir.path().join("search")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        let output = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(self.source())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The speed, with noise of about 1 % that differs from run to run, but not from test to test.
    fn measure(&self) -> String {
        let count = self.dir.path().join("count");
        format!(
            "n=$(($(cat {0} 2>/dev/null || echo 0) + 1)); echo $n > {0}; \
             awk -v n=$n '{{ srand(n); print $1 + 4 * (rand() + rand() + rand() - 1.5) }}' speed",
            count.display()
        )
    }

    fn start(&self) {
        let (good, bad) = (&self.commits[0], &self.commits[self.commits.len() - 1]);
        let source = self.source();
        let search = self.search();
        let arguments = ["--tree", text(&source), "--good", good, "--bad", bad];
        let output = melbot(&[&["start", text(&search)][..], &arguments].concat());
        assert!(output.status.success(), "{output:?}");
    }

    fn run_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_melbot"));
        command.args(["bisect", "run", text(&self.search()), "--json", "--build", "sh build.sh"]);
        command.args(["--measure", &self.measure()]);
        command
    }

    fn run(&self) -> Value {
        let output = self.run_command().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    fn journal(&self) -> PathBuf {
        self.search().join("journal.jsonl")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn melbot(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_melbot")).arg("bisect").args(arguments).output().unwrap()
}

#[test]
fn the_commit_is_found_although_runs_vary_and_some_do_not_build() {
    let tree = Tree::new(24, 15, &[4, 12, 13]);
    tree.start();
    let account = tree.run();
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[15].as_str());
    assert_eq!(account["likeliest"][0]["subject"], "commit 15");
    // The user's own checkout is as it was.
    assert_eq!(tree.git(&["rev-parse", "HEAD"]).trim(), tree.commits[23]);
}

#[test]
fn a_search_that_is_killed_goes_on_where_it_was() {
    let tree = Tree::new(12, 7, &[]);
    tree.start();
    let mut lines = 0;
    for _ in 0..5 {
        let mut child =
            tree.run_command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while count(&tree.journal()) < lines + 3 && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "no progress");
            thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = count(&tree.journal());
        assert!(now >= lines, "the journal got shorter");
        lines = now;
        // What a write cut off in the middle leaves.
        let mut journal = fs::read(tree.journal()).unwrap();
        journal.extend(b"{\"commit\":\"12");
        fs::write(tree.journal(), journal).unwrap();
    }
    let account = tree.run();
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[7].as_str());
}

fn count(journal: &Path) -> usize {
    fs::read_to_string(journal).map_or(0, |text| text.lines().count())
}

#[test]
fn measurements_from_anywhere_do_as_well() {
    let tree = Tree::new(8, 3, &[]);
    tree.start();
    let search = tree.search();
    for turn in 0..200 {
        let output = melbot(&["next", text(&search), "--json"]);
        let account: Value = serde_json::from_slice(&output.stdout).unwrap();
        let Some(next) = account["next"].as_str() else {
            assert_eq!(account["state"], "found", "{account}");
            assert_eq!(account["likeliest"][0]["commit"], tree.commits[3].as_str());
            return;
        };
        let bad = tree.commits.iter().position(|commit| commit == next).unwrap() >= 3;
        let value = if bad { 50.0 } else { 53.0 } + f64::from(turn % 3) * 0.2;
        let output = melbot(&["add", text(&search), next, &value.to_string()]);
        assert!(output.status.success(), "{output:?}");
    }
    panic!("it does not end");
}

#[test]
fn mistakes_are_told_with_a_remedy() {
    let tree = Tree::new(3, 2, &[]);
    let source = tree.source();
    let search = tree.search();
    let start = |good: &str, bad: &str| {
        let output = melbot(&[
            "start",
            text(&search),
            "--tree",
            text(&source),
            "--good",
            good,
            "--bad",
            bad,
        ]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start("v9.9", "HEAD").contains("no commit \"v9.9\""));
    assert!(start("HEAD", "HEAD~1").contains("nothing to search between"));
    tree.start();
    assert!(start("HEAD~2", "HEAD").contains("holds a search already"));
    let foreign = melbot(&["add", text(&search), "deadbeef", "1.0"]);
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("neither the good end"));
    fs::write(tree.journal(), "{\"commit\":\"x\"}\n").unwrap();
    let damaged = melbot(&["status", text(&search)]);
    assert_eq!(damaged.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("journal.jsonl:1:"), "{damaged:?}");
}
