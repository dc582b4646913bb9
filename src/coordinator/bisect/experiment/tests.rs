use std::fs;
use std::time::Duration;

use super::*;
use crate::coordinator::bisect::assignment::{By, Stage};
use crate::lab::Lab;
use crate::queue::Worker;

const SETTINGS: &str = "[trees.t]\nurl = \"t\"\n[kconfigs.k]\nbase = \"kconfig\"\n";
const JOB: &str = r#"{"machines": ["m"], "config": "c", "kernel": {"package": "k.deb"},
    "mmtests": {"source": "m"}}"#;
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn experiment(relaid: bool) -> Experiment {
    Experiment { commit: COMMIT.to_owned(), key: format!("it {relaid}"), boots: 1, relaid }
}

/// Does what is queued: builds lay code out as these say, one after the other, and runs bring nothing home.
fn work(queue: &mut Queue, layouts: &[Option<&str>]) {
    let mut layouts = layouts.iter();
    loop {
        let worker = |kind, machine: Option<&str>| Worker {
            name: "worker".to_owned(),
            kinds: vec![kind],
            machine: machine.map(str::to_owned),
            lease: Duration::from_secs(60),
        };
        if let Some(taken) = queue.take(&worker(Kind::Build, None)).expect("it can be asked") {
            let build = serde_json::json!({
                "outcome": "built", "commit": COMMIT, "kconfig": "k", "package": "kernel.tar.gz",
                "layout": layouts.next().expect("one for each build"), "began": "", "seconds": 1, "log": "",
            });
            queue.finish(&taken.lease, &build.to_string()).expect("ours");
        } else if let Some(taken) =
            queue.take(&worker(Kind::Run, Some("m"))).expect("it can be asked")
        {
            queue.finish(&taken.lease, "{}").expect("ours");
        } else {
            return;
        }
    }
}

#[test]
fn a_build_that_does_not_lay_code_out_in_another_way_is_told_from_one_that_does() {
    for (plain, relaid, unheard) in [
        (Some("1"), Some("1"), true),
        (Some("1"), Some("2"), false),
        // Builds of an earlier melbot do not say.
        (None, None, false),
        (None, Some("2"), false),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("coordinator.toml", SETTINGS), ("kconfig", ""), ("kernel.tar.gz", "")]
        {
            fs::write(folder.path().join(name), text).expect("writable");
        }
        let desk = Desk::at(&Lab::at(folder.path()).expect("there")).expect("valid");
        let mut queue = desk.queue().expect("new");
        let assignment = Assignment {
            by: By::Hand,
            began: 0,
            stage: Stage::Running,
            why: None,
            resumed: 0,
            widened: false,
            tree: "t".to_owned(),
            kconfig: "k".to_owned(),
            layout: true,
            priority: 0,
            job: serde_json::from_str(JOB).expect("valid"),
        };
        let alert = Alerted {
            id: "w1m8p0nt".to_owned(),
            notes: PathBuf::new(),
            machine: "m".to_owned(),
            config: "c".to_owned(),
            benchmark: "b".to_owned(),
            operation: "o".to_owned(),
            last_good: String::new(),
            first_bad: String::new(),
            direction: String::new(),
            change_pct: 8.0,
            interval_pct: (7.0, 9.0),
        };
        let bench = Bench { desk: &desk, assignment: &assignment, alert: &alert };
        let mut ask = |relaid| bench.ask(&mut queue, &experiment(relaid), &|| true).expect("asked");
        assert!(matches!(ask(false), Some(Came::Waits(_))));
        assert!(matches!(ask(true), Some(Came::Waits(_))));
        work(&mut queue, &[plain, relaid]);
        let mut ask = |relaid| bench.ask(&mut queue, &experiment(relaid), &|| true).expect("asked");
        // Without another layout there is nothing to be told.
        assert!(matches!(ask(false), Some(Came::Failed(..))));
        let came = ask(true);
        assert_eq!(came == Some(Came::Broken(UNHEARD.to_owned())), unheard, "{came:?}");
    }
}
