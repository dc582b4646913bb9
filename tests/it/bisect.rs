//! `melbot bisect` on real git trees, with a benchmark that is a small script with noise.

mod faults;
mod killed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data::check_site;
use crate::grown::Grown;
use crate::support::printed;

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
            fs::write(source.join("build.sh"), format!("{build}\n")).unwrap();
            fs::create_dir_all(source.join("files")).unwrap();
            fs::write(source.join(format!("files/{at}")), "").unwrap();
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

    fn branch(&self) -> String {
        self.git(&["branch", "--show-current"]).trim().to_owned()
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
        let output = melbot(&[&["between", text(&search)][..], &arguments].concat());
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
fn a_culprit_that_is_the_luck_of_a_layout_is_unmasked() {
    let share = |build: &str, measured: &str, more: &[&str]| {
        let tree = Tree::new(8, 3, &[]);
        tree.start();
        let measure = tree.measure().replace(" speed", &format!(" {measured} | head -1"));
        let search = tree.search();
        let run = ["run", text(&search), "--json", "--layout", "--no-revert", "--build", build];
        let output = melbot(&[&run[..], &["--measure", &measure], more].concat());
        let account: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(account["likeliest"][0]["commit"], tree.commits[3].as_str(), "{account}");
        // What was measured in this way is done once, also if the search is run again.
        let again = melbot(&[&run[..], &["--measure", "exit 1"], more].concat());
        assert_eq!(again.stdout, output.stdout);
        account["relaid"].clone()
    };
    let kept = ["--image", "built"];
    // What is slow stays so however its code lies, in the tree and as a kept image.
    let stays = "{ cat speed; ls files; echo \"$KCFLAGS\"; } > built";
    for more in [&[][..], &kept] {
        let image = if more.is_empty() { "built" } else { "\"$MELBOT_IMAGE\"" };
        let relaid = share(stays, image, more);
        let found = relaid["share"].as_f64().unwrap();
        assert!((0.6..1.4).contains(&found), "{relaid}");
        assert_eq!(relaid["before"].as_array().unwrap().len(), 5, "{relaid}");
    }
    // Here it is slow for where its code lies.
    let luck = "if [ -n \"$KCFLAGS\" ]; then echo 100; else cat speed; fi > built";
    let relaid = share(luck, "built", &[]);
    assert!(relaid["share"].as_f64().unwrap() < 0.4, "{relaid}");
    // A build that does not know the flags cannot tell.
    let relaid = share("{ cat speed; ls files; } > built", "\"$MELBOT_IMAGE\"", &kept);
    assert!(relaid["failed"].as_str().unwrap().contains("takes no notice of KCFLAGS"), "{relaid}");
}

/// Results in which 6.9 is 8 % slower than 6.8, and the name of the alert that melbot makes of it.
fn alert(results: &Path) -> String {
    let mut grown = Grown::new(results, 7);
    for (kernel, factor) in [("6.6", 1.0), ("6.7", 1.0), ("6.8", 1.0), ("6.9", 1.08)] {
        grown.run(("ivor", "config-build", kernel), "kernbench", factor);
    }
    let printed = printed(&["alerts", text(results), "--json"]);
    let alerts: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(alerts["alerts"].as_array().unwrap().len(), 1, "{alerts}");
    alerts["alerts"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn from_an_alert_to_its_commit_with_logs_of_mmtests() {
    let tree = Tree::new(16, 9, &[5]);
    tree.git(&["tag", "v6.8", &tree.commits[0]]);
    tree.git(&["tag", "v6.9", &tree.commits[15]]);
    let results = tree.dir.path().join("results");
    let id = alert(&results);
    let (source, search) = (tree.source(), results.join("bisects").join(&id));
    let start = melbot(&["start", &id, text(&results), "--tree", text(&source)]);
    assert!(start.status.success(), "{start:?}");

    // The measurement leaves a run of MMTests behind, made of the kept image and nothing else.
    let count = tree.dir.path().join("count");
    let measure = format!(
        "n=$(($(cat {0} 2>/dev/null || echo 0) + 1)); echo $n > {0}; \
         logs=$MELBOT_RUN/iter-0/kernbench/logs; mkdir -p $logs; \
         echo Linux ivor 6.9 > $MELBOT_RUN/iter-0/kernel.version; for jobs in 1 2; do \
         awk -v n=$n 'NR == 1 {{ srand(n); e = $1 / 4 * (1 + (rand() - 0.5) / 50); \
         printf \"30.00user 2.00system 0:%.2felapsed 99%%CPU\\n\", e }}' \
         $MELBOT_IMAGE > $logs/time-$jobs-1; done",
        count.display()
    );
    // The image of commits 10 to 12 is that of commit 9.
    let build = "echo builds; sh build.sh && { cat speed; ls files | grep -vx '1[0-2]'; } > image";
    let run = |hours: &str| {
        let run =
            ["run", text(&search), "--build", build, "--image", "image", "--measure", &measure];
        melbot(&[&run[..], &["--hours", hours, "--json"]].concat())
    };
    let paused = run("0");
    assert_eq!(paused.status.code(), Some(1), "{paused:?}");
    let output = run("1");
    let said = String::from_utf8_lossy(&output.stderr);
    let account: Value = serde_json::from_slice(&output.stdout).expect(&said);
    assert_eq!(account["state"], "found", "{account}");
    assert_eq!(account["likeliest"][0]["commit"], tree.commits[9].as_str(), "{account}");
    assert_eq!(account["alert"]["id"], id.as_str());
    // No commit was built twice.
    let built = |commit: &String| said.matches(&format!("{commit:.12}")).count();
    assert!(tree.commits.iter().any(|commit| built(commit) > 1), "{said}");
    assert!(said.matches("builds").count() <= tree.commits.len(), "{said}");
    // Without the culprit, the bad end is as fast as the good one.
    let reverted = account["reverted"]["median"].as_f64().unwrap();
    assert!((24.0..26.0).contains(&reverted), "{account}");

    let mail = melbot(&["report", text(&search)]);
    let mail = String::from_utf8(mail.stdout).unwrap();
    let introduced = format!("#regzbot introduced: {:.12}", tree.commits[9]);
    assert!(mail.starts_with("Subject: [REGRESSION] kernbench Elapsed-"), "{mail}");
    assert!(mail.contains(&introduced) && mail.contains("(the alert said +8"), "{mail}");
    // What the search measured is no result.
    let check = printed(&["alerts", text(&results), "--json"]);
    assert_eq!(check.matches("\"id\"").count(), 1, "{check}");
    let shown = printed(&["alerts", "show", &id, text(&results)]);
    assert!(shown.contains("explained") && shown.contains(&tree.commits[9]), "{shown}");
    // Going on does nothing more, and says it once.
    assert_eq!(run("1").status.code(), Some(0));
    assert_eq!(printed(&["alerts", "show", &id, text(&results)]), shown);

    // The site tells it, and does not need the git tree for it.
    let site = tree.dir.path().join("site");
    fs::rename(tree.source(), tree.dir.path().join("elsewhere")).unwrap();
    printed(&["site", text(&results), "-o", text(&site)]);
    assert!(check_site(&site).contains("bisect"));
    let page = fs::read_to_string(site.join(format!("bisect/{id}.html"))).unwrap();
    assert!(page.contains("commit 9") && page.contains("#regzbot introduced:"), "{page}");
    // What builds said, and what was measured, can be read from there.
    assert_linked(&site, &page, "-build.stdout.txt");
    assert_linked(&site, &page, &format!("runs/0001-{:.12}", tree.commits[0]));
    let page = fs::read_to_string(site.join(format!("alert/{id}.html"))).unwrap();
    assert!(page.contains("bisect/") && page.contains("commit 9"), "{page}");
    fs::rename(tree.dir.path().join("elsewhere"), tree.source()).unwrap();

    let list = String::from_utf8(melbot(&["list", text(&results)]).stdout).unwrap();
    assert!(list.contains(&id) && list.contains("found, and confirmed"), "{list}");
    // A search may be moved.
    let moved = results.join("bisects/moved");
    fs::rename(&search, &moved).unwrap();
    let search = moved;
    assert_eq!(melbot(&["status", text(&search)]).status.code(), Some(0));
    assert!(melbot(&["clear", text(&search)]).status.success());
    assert!(!search.join("checkout").exists() && !search.join("images").exists());
    assert!(search.join("journal.jsonl").exists());
}

/// A page of searches has a link to this, which leads there.
fn assert_linked(site: &Path, page: &str, end: &str) {
    let mut links = page.split("href=\"").filter_map(|rest| rest.split('"').next());
    let link = links.find(|link| link.ends_with(end));
    let link = link.unwrap_or_else(|| panic!("no link to {end}: {page}"));
    assert!(site.join("bisect").join(link).exists(), "{link}");
}

#[test]
fn nothing_of_others_is_touched() {
    let tree = Tree::new(6, 3, &[]);
    let (source, search) = (tree.source(), tree.search());
    // A folder that is in use is none for a search.
    fs::create_dir_all(search.join("images")).unwrap();
    let (good, bad) = (&tree.commits[0], &tree.commits[5]);
    let ends = ["--tree", text(&source), "--good", good, "--bad", bad];
    let refused = melbot(&[&["between", text(&search)][..], &ends].concat());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not empty"), "{refused:?}");
    fs::remove_dir_all(&search).unwrap();

    // The search lies in the tree, and a measurement loses the link of the checkout to it.
    let inside = source.join("search");
    melbot(&[&["between", text(&inside)][..], &ends].concat());
    fs::write(source.join("speed"), "mine\n").unwrap();
    let run = melbot(&["run", text(&inside), "--measure", "rm -f .git; echo 5"]);
    assert_eq!(run.status.code(), Some(2), "{run:?}");
    assert_eq!(fs::read_to_string(source.join("speed")).unwrap(), "mine\n");

    // A hook names another tree.
    fs::remove_dir_all(&inside).unwrap();
    tree.start();
    let mut run = tree.run_command();
    run.args(["--hours", "0"]).env("GIT_DIR", source.join(".git")).output().unwrap();
    assert_eq!(fs::read_to_string(source.join("speed")).unwrap(), "mine\n");
    assert_eq!(tree.git(&["rev-parse", "--abbrev-ref", "HEAD"]).trim(), tree.branch());
}

#[test]
fn two_at_once_and_ends_that_do_not_follow_one_another_are_refused() {
    let tree = Tree::new(6, 3, &[]);
    tree.start();
    let measure = "touch ../busy; while [ -e ../busy ]; do sleep 0.05; done; cat speed";
    let search = tree.search();
    let mut first = Command::new(env!("CARGO_BIN_EXE_melbot"))
        .args(["bisect", "run", text(&search), "--measure", measure])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !search.join("busy").exists() {
        assert!(Instant::now() < deadline, "it does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    let second = melbot(&["run", text(&search), "--measure", "cat speed"]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("another melbot"), "{second:?}");
    let clear = melbot(&["clear", text(&search)]);
    assert_eq!(clear.status.code(), Some(2), "{clear:?}");
    first.kill().unwrap();
    first.wait().unwrap();

    tree.git(&["checkout", "--quiet", "-b", "aside", &tree.commits[2]]);
    tree.git(&["commit", "--quiet", "--allow-empty", "-m", "aside"]);
    let aside = tree.dir.path().join("aside");
    let bad = &tree.commits[5];
    let ends = ["--tree", text(&tree.source()), "--good", "aside", "--bad", bad].map(str::to_owned);
    let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    let refused = melbot(&[&["between", text(&aside)][..], &ends].concat());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("does not descend from") && told.contains(&tree.commits[2]), "{told}");
}

#[test]
fn what_hangs_is_ended_with_all_that_it_started_and_its_commit_left_out() {
    let tree = Tree::new(10, 5, &[]);
    tree.start();
    let (search, started) = (tree.search(), tree.dir.path().join("started"));
    // Of commits 3 and 4 one cannot be built in time and one not be measured, nor can anything of them be waited for.
    let hang = format!("{{ sleep 1000 & echo $! >> {}; wait; }}", text(&started));
    let at = "n=$(ls files | sort -n | tail -1)";
    let build = format!("{at}; [ $n != 3 ] || {hang}");
    let measure = format!("{at}; [ $n != 4 ] || {hang}; {}", tree.measure());
    let run = ["run", text(&search), "--json", "--minutes", "0.02", "--build", &build];
    let output = melbot(&[&run[..], &["--measure", &measure]].concat());
    let account: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(account["state"], "among", "{account}");
    let journal = fs::read_to_string(tree.journal()).unwrap();
    assert!(journal.contains("does not build within 1 seconds"), "{journal}");
    assert!(journal.contains("cannot be measured within 1 seconds"), "{journal}");
    // Nor is anything left where melbot itself is told to end.
    let mut hanging = Command::new(env!("CARGO_BIN_EXE_melbot"))
        .args(["bisect", "run", text(&other(&tree)), "--measure", &hang])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids = || fs::read_to_string(&started).unwrap();
    let before = pids().lines().count();
    let deadline = Instant::now() + Duration::from_secs(60);
    while pids().lines().count() == before {
        assert!(Instant::now() < deadline, "it does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    let id = hanging.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(hanging.wait().unwrap().code().is_none());
    for pid in pids().lines() {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}

/// Another search of a tree.
fn other(tree: &Tree) -> PathBuf {
    let search = tree.dir.path().join("other");
    let ends = ["--good", &tree.commits[0], "--bad", &tree.commits[9]];
    let between = ["between", text(&search), "--tree", text(&tree.source())].map(str::to_owned);
    let between: Vec<&str> = between.iter().map(String::as_str).collect();
    assert!(melbot(&[&between[..], &ends].concat()).status.success());
    search
}

#[test]
fn a_build_that_makes_nothing_has_no_image() {
    let tree = Tree::new(10, 5, &[]);
    tree.start();
    let search = tree.search();
    // Of commits 4 and 5 nothing is made, and nobody says so.
    let build =
        "n=$(ls files | sort -n | tail -1); [ $n = 4 ] || [ $n = 5 ] || cp speed image; true";
    let measure = tree.measure().replace(" speed", " $MELBOT_IMAGE");
    let run = ["run", text(&search), "--json", "--build", build, "--image", "image"];
    let output = melbot(&[&run[..], &["--measure", &measure]].concat());
    let account: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(account["state"], "among", "{account}");
}

#[test]
fn mistakes_are_told_with_a_remedy() {
    let tree = Tree::new(3, 2, &[]);
    let source = tree.source();
    let search = tree.search();
    let start = |good: &str, bad: &str| {
        let output = melbot(&[
            "between",
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
    assert!(start("HEAD", "HEAD").contains("nothing to search between"));
    tree.start();
    assert!(start("HEAD~2", "HEAD").contains("holds a search already"));
    tree.git(&["tag", "v6.12", "HEAD~1"]);
    assert!(melbot(&["add", text(&search), "6.12", "1.0"]).status.success());
    let nothing = melbot(&["add", text(&search), "6.12", "1.0", "nan"]);
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("none was written down"));
    assert_eq!(count(&tree.journal()), 1);
    let foreign = melbot(&["add", text(&search), "deadbeef", "1.0"]);
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("neither the good end"));
    fs::write(tree.journal(), "{\"commit\":\"x\"}\n").unwrap();
    let damaged = melbot(&["status", text(&search)]);
    assert_eq!(damaged.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("journal.jsonl:1:"), "{damaged:?}");
}
