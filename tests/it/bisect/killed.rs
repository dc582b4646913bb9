//! A search that is killed at every step in turn comes to the same as one that is not.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;

/// Kills melbot once at this line of the journal, goes on for a while all the same, and spoils what is checked out.
const KILLS: &str = "n=$(wc -l < ../journal.jsonl); kill() {
        at=../../killed-$1-$n
        [ -e \"$KILLED\" ] && [ ! -e $at ] || return 0
        touch $at
        command kill -9 $PPID
        sleep 0.05
        echo 1 > speed
        exit 1
    }";

/// One that is run in one go, or is killed in the middle of each build and each measurement and after each line of
/// its journal.
struct Killed<'a> {
    tree: &'a Tree,
    search: PathBuf,
    keeps: bool,
    killed: &'static str,
}

impl Killed<'_> {
    fn command(&self) -> Command {
        // The noise belongs to the place in the journal: a measurement that is made again has the same.
        let measure = format!(
            "{KILLS}; awk -v n=$n 'NR == 1 {{ srand(n); print $1 + 4 * (rand() + rand() + rand() - 1.5) }}' {} \
             > ../../result; kill measure; [ -z \"$MELBOT_REVERTED\" ] || [ -z \"$KCFLAGS\" ] || exit 1; echo $n >> $(dirname $PWD).measured; cat ../../result",
            if self.keeps { "$MELBOT_IMAGE" } else { "speed" }
        );
        let build = format!(
            "touch ../journal.jsonl; {KILLS}; sh build.sh && {{ cat speed; ls files; echo \"$KCFLAGS\"; }} > image; \
             ended=$?; kill build; echo $n >> $(dirname $PWD).built; exit $ended"
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_melbot"));
        command.args(["bisect", "run", text(&self.search), "--json", "--layout"]);
        command.args(["--build", &build, "--measure", &measure]);
        command.args(if self.keeps { &["--image", "image"][..] } else { &[] });
        command.env("KILLED", self.killed).stderr(Stdio::null());
        command
    }

    fn lines(&self) -> usize {
        count(&self.search.join("journal.jsonl"))
    }

    /// How often each line of its journal was measured for or built for, to the end.
    fn done(&self, what: &str) -> HashMap<usize, usize> {
        let told = fs::read_to_string(self.search.with_extension(what)).unwrap_or_default();
        let mut done = HashMap::new();
        for line in told.lines() {
            *done.entry(line.parse().unwrap()).or_default() += 1;
        }
        done
    }

    /// Its account, but for what the clock says.
    fn account(&self) -> Value {
        let output = self.command().output().unwrap();
        let mut account: Value = serde_json::from_slice(&output.stdout).unwrap();
        account["hours"] = Value::Null;
        account
    }
}

#[test]
fn a_search_that_is_killed_at_every_step_comes_to_the_same_and_does_nothing_twice() {
    for keeps in [false, true] {
        let tree = Tree::new(10, 6, &[4]);
        let begun = |name: &str, killed| {
            let search = tree.dir.path().join(name).join("search");
            fs::create_dir(search.parent().unwrap()).unwrap();
            let ends = ["--good", &tree.commits[0], "--bad", &tree.commits[9]];
            let between = ["between", text(&search), "--tree"];
            let source = tree.source();
            assert!(melbot(&[&between[..], &[text(&source)], &ends].concat()).status.success());
            Killed { tree: &tree, search, keeps, killed }
        };
        let (whole, killed) = (begun("whole", "/nowhere"), begun("killed", "/"));
        let wanted = whole.account();
        assert_eq!(wanted["likeliest"][0]["commit"], whole.tree.commits[6].as_str(), "{wanted}");

        // What is built with another layout lacks nothing.
        assert!(wanted["relaid"]["share"].is_f64(), "{wanted}");

        let mut kills: HashMap<usize, usize> = HashMap::new();
        let mut known = 0;
        let deadline = Instant::now() + Duration::from_secs(240);
        loop {
            let mut melbot = killed.command().stdout(Stdio::null()).spawn().unwrap();
            let ended = loop {
                assert!(Instant::now() < deadline, "no progress after {known} lines");
                if let Some(status) = melbot.try_wait().unwrap() {
                    break status.code();
                }
                if killed.lines() > known {
                    melbot.kill().unwrap();
                    break melbot.wait().unwrap().code();
                }
                thread::sleep(Duration::from_millis(1));
            };
            let lines = killed.lines();
            assert!(lines >= known && lines <= known + 1, "{known}, then {lines}");
            known = lines;
            match ended {
                Some(code) => {
                    assert_eq!(code, 0);
                    break;
                }
                None => *kills.entry(lines).or_default() += 1,
            }
        }
        let marks = |kind: &str| {
            let entries = fs::read_dir(killed.search.parent().unwrap()).unwrap().flatten();
            let start = format!("killed-{kind}-");
            entries.filter(|e| e.file_name().to_str().unwrap().starts_with(&start)).count()
        };
        // Each measurement was killed once, and what was built for it too.
        let measured = wanted["measurements"].as_u64().unwrap() as usize + 5 + 10;
        assert_eq!(marks("measure"), measured);
        assert!(marks("build") > 5, "{}", marks("build"));
        for what in ["measured", "built"] {
            for (line, times) in killed.done(what) {
                // What a kill after the last line interrupted.
                let again = kills.get(&line).copied().unwrap_or(0);
                assert!(times <= 1 + again, "{what} {line}: {times}, killed {again} times");
            }
        }
        let account = killed.account();
        if keeps {
            // Seconds decide there what is cheaper to measure next.
            assert_eq!(account["likeliest"][0]["commit"], wanted["likeliest"][0]["commit"]);
            assert_eq!(account["state"], "found", "{account}");
        } else {
            assert_eq!(account, wanted);
        }
        println!("kept images: {keeps}; {known} lines, {} kills", kills.values().sum::<usize>());
    }
}
