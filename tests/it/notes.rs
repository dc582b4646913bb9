//! What people say about alerts stays with them, whatever happens to data and store.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::grown::Grown;
use crate::support::{argument, melbot};

const KERNELS: [&str; 7] = ["6.1", "6.2", "6.3", "6.4", "6.5", "6.6", "6.7"];

/// A regression by 12 % in 6.4.
fn tree(root: &Path) {
    let mut grown = Grown::new(root, 7);
    for kernel in KERNELS {
        let slower = kernel >= "6.4";
        grown.run(
            ("ivor", "workload-kernbench", kernel),
            "kernbench",
            if slower { 1.12 } else { 1.0 },
        );
    }
}

struct Lab {
    scratch: TempDir,
}

impl Lab {
    fn new() -> Lab {
        let lab = Lab { scratch: TempDir::new().unwrap() };
        tree(&lab.results());
        lab
    }

    fn results(&self) -> std::path::PathBuf {
        self.scratch.path().join("results")
    }

    fn store(&self) -> std::path::PathBuf {
        self.scratch.path().join("store")
    }

    /// Exit status, output and messages of `melbot alerts …`.
    fn alerts(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = melbot()
            .arg("alerts")
            .args(arguments)
            .arg(self.results())
            .args(["--store", argument(&self.store())])
            .current_dir(self.scratch.path())
            .env("EMAIL", "lab@example.org")
            .env("HOME", self.scratch.path())
            .env_remove("XDG_CONFIG_HOME")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn list(&self) -> Vec<Value> {
        let (status, out, messages) = self.alerts(&["list", "--json"]);
        assert_eq!((status, messages.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&out).unwrap();
        report["alerts"].as_array().unwrap().clone()
    }

    fn id(&self) -> String {
        let alerts = self.list();
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts[0]["id"].as_str().unwrap().to_owned()
    }

    fn state(&self) -> String {
        self.list()[0]["state"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_note_survives_new_data_and_new_stores() {
    let lab = Lab::new();
    let id = lab.id();
    assert_eq!(lab.alerts(&["list", "--fail"]).0, 1);

    let (status, out, _) =
        lab.alerts(&["ack", &id, "--reason", "asked on the list", "--date", "2026-11-24"]);
    assert_eq!(status, 0);
    assert!(out.contains(&format!("{id} is acknowledged now: ")), "{out}");
    assert_eq!(lab.state(), "acknowledged");
    assert_eq!(lab.alerts(&["list", "--fail"]).0, 0);
    let csv = lab.alerts(&["--csv"]).1;
    assert!(csv.lines().skip(1).all(|line| line.contains(",acknowledged,") && line.contains(&id)));

    let reason = "new default of *vm.swappiness*\n\nsecond paragraph";
    let note = ["--reason", reason, "--author", "Jane", "--date", "2026-11-25T10:00:00Z"];
    let start = &id[..4];
    assert_eq!(lab.alerts(&[&["note", start, "--state", "explained"], &note[..]].concat()).0, 0);
    let file = lab.results().join("alerts").join(format!("{id}.md"));
    let expected = format!(
        "+++\nid = \"{id}\"\nmachine = \"ivor\"\nconfig = \"workload-kernbench\"\nbenchmark = \
         \"kernbench\"\ndirection = \"regression\"\nlast_good = \"6.3\"\nfirst_bad = \"6.4\"\n+++\n\n\
         ## 2026-11-24 · acknowledged · lab@example.org\n\nasked on the list\n\n\
         ## 2026-11-25T10:00:00Z · explained · Jane\n\n{reason}\n"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    let shown = lab.alerts(&["show", &id]).1;
    for part in ["explained, as Jane said on 2026-11-25", "asked on the list", "second paragraph"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    // A new kernel, and a store that was lost.
    let mut grown = Grown::new(&lab.results(), 99);
    grown.run(("ivor", "workload-kernbench", "6.8"), "kernbench", 1.12);
    fs::remove_dir_all(lab.store()).unwrap();
    assert_eq!((lab.id(), lab.state().as_str()), (id.clone(), "explained"));

    // The change is put right in the data: the note stays, and is listed.
    for kernel in KERNELS.iter().chain(&["6.8"]) {
        grown.run(("ivor", "workload-kernbench", kernel), "kernbench", 1.0);
    }
    assert!(lab.list().is_empty());
    let text = lab.alerts(&[]).1;
    assert!(text.contains("no longer seen") && text.contains(&id), "{text}");
    let (status, shown, _) = lab.alerts(&["show", &id]);
    assert!(status == 0 && shown.contains("second paragraph"), "{shown}");
}

#[test]
fn fixed_by_hand_and_fixed_in_the_data_are_told_apart() {
    let lab = Lab::new();
    let id = lab.id();
    let note = ["note", &id, "--state", "fixed", "--reason", "reverted in 6.8", "--author", "Jane"];
    assert_eq!(lab.alerts(&note).0, 0);
    assert!(lab.alerts(&["show", &id]).1.contains("the data do not show it yet"));
    let mut grown = Grown::new(&lab.results(), 99);
    for kernel in ["6.8", "6.9", "6.10"] {
        grown.run(("ivor", "workload-kernbench", kernel), "kernbench", 1.0);
    }
    let shown = lab.alerts(&["show", &id]).1;
    assert!(shown.contains("the data agree") && shown.contains("fixed in 6.8"), "{shown}");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let lab = Lab::new();
    let id = lab.id();
    for verb in [&["show", "zz"][..], &["ack", "zz", "--reason", "x"]] {
        let (status, out, message) = lab.alerts(verb);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(message.contains("no alert \"zz\"") && message.contains(&id), "{message}");
    }
    let (status, _, message) = lab.alerts(&["ack", &id, "--reason", "x", "--date", "yesterday"]);
    assert!(status == 2 && message.contains("is no date"), "{message}");
    assert!(!lab.results().join("alerts").join(format!("{id}.md")).exists());
}

#[test]
fn damaged_notes_are_told_and_nothing_else_is_lost() {
    let lab = Lab::new();
    let id = lab.id();
    lab.alerts(&["ack", &id, "--reason", "x", "--author", "me"]);
    let folder = lab.results().join("alerts");
    fs::write(folder.join("broken.md"), "+++\nid = 1\n+++\n").unwrap();
    let (status, out, messages) = lab.alerts(&["list"]);
    assert_eq!(status, 0);
    assert!(out.contains("acknowledged"), "{out}");
    assert!(messages.contains("alerts/broken.md:2: front matter is not valid"), "{messages}");
    let place = [argument(&lab.results()), "--store", argument(&lab.store())].map(str::to_owned);
    let check = melbot().arg("check").args(place).output().unwrap();
    assert!(String::from_utf8(check.stdout).unwrap().contains("warning: alerts/broken.md:2: "));
    // And nothing is written to what cannot be read again.
    let file = folder.join(format!("{id}.md"));
    fs::write(&file, "my own text\n").unwrap();
    let (status, _, message) = lab.alerts(&["ack", &id, "--reason", "x", "--author", "me"]);
    assert_eq!(status, 2, "{message}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "my own text\n");
}
