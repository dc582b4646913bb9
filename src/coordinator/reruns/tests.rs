use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::lab::Lab;
use crate::queue::{Clock, Worker};

const JOB: &str = r#"{"job": {"config": "c", "run": "6.2", "iterations": 3,
    "kernel": {"package": "k.deb"}, "mmtests": {"source": "m"}}}"#;

/// A lab with a kernel that took an hour for three iterations.
fn world(budget: &str) -> (tempfile::TempDir, Arc<AtomicI64>, Desk, Queue) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("coordinator.toml"), budget).expect("writable");
    let mut desk = Desk::at(&Lab::at(folder.path()).expect("there")).expect("valid");
    let time = Arc::new(AtomicI64::new(10 * WEEK));
    let now = Arc::clone(&time);
    desk.clock = Clock::new(move || now.load(Ordering::SeqCst));
    let mut queue = desk.queue().expect("new");
    for kernel in ["6.2", "6.3"] {
        let job = NewJob {
            key: format!("run m c {kernel}"),
            kind: Kind::Run,
            title: kernel.to_owned(),
            machine: Some("m".to_owned()),
            lane: String::new(),
            priority: 0,
            task: JOB.replace("6.2", kernel),
            attempts: 1,
            needs: Vec::new(),
        };
        queue.submit(&[(job, Vec::new())]).expect("submitted");
        run_all(&mut queue, &time, 1.0);
    }
    (folder, time, desk, queue)
}

/// Does what is queued for the machine, each in so many hours; gives how many there were.
fn run_all(queue: &mut Queue, time: &AtomicI64, hours: f64) -> usize {
    let worker = Worker {
        name: "client m".to_owned(),
        kinds: vec![Kind::Run],
        machine: Some("m".to_owned()),
        lease: Duration::from_secs(1_000_000),
    };
    let mut done = 0;
    while let Some(taken) = queue.take(&worker).expect("it can be asked") {
        time.fetch_add((hours * HOUR) as i64, Ordering::SeqCst);
        queue.finish(&taken.lease, "{}").expect("ours");
        done += 1;
    }
    done
}

fn plan(kernel: &str) -> Plan {
    let text = format!(
        r#"{{"reruns": [{{"machine": "m", "config": "c", "kernel": "{kernel}", "boots": 3,
            "also": [], "settles": [{{}}, {{}}], "undecided": 4}}]}}"#
    );
    serde_json::from_str(&text).expect("valid")
}

fn task(kernel: &str) -> AnalyseTask {
    AnalyseTask { machine: "m".to_owned(), kernel: kernel.to_owned(), tell: true }
}

#[test]
fn what_is_undecided_is_run_again_so_many_times_and_told_of_afterwards() {
    let (_folder, time, desk, mut queue) = world("[reruns]\nrounds = 2\n");
    for round in 1..=3 {
        let ordered = planned(&desk, &mut queue, &task("6.2"), &plan("6.2")).expect("ordered");
        let line = "c: 3 more of 6.2, to settle 2 of 4 undecided";
        let wanted: &[&str] = if round <= 2 { &[line] } else { &[] };
        assert_eq!(ordered.queued, wanted, "round {round}");
        // Whoever is killed before he has said so finds the same again, and queues nothing more.
        let again = planned(&desk, &mut queue, &task("6.2"), &plan("6.2")).expect("ordered");
        assert_eq!(again, ordered);
        assert_eq!(run_all(&mut queue, &time, 1.0), usize::from(round <= 2));
    }
    let jobs = queue.jobs(&Filter::default()).expect("readable");
    let rerun = jobs.iter().find(|job| job.key == "rerun 1 run m c 6.2").expect("queued");
    let run = run_of(rerun).expect("ours");
    assert!(run.job.more && run.job.iterations == 3, "{run:?}");
    let told = jobs.iter().filter(|job| job.kind == Kind::Analyse && job.blocked == 0);
    assert_eq!(told.count(), 2);
    // Other kernels are the business of others.
    let other = planned(&desk, &mut queue, &task("6.3"), &plan("6.2")).expect("ordered");
    assert_eq!(other, Ordered::default());
}

#[test]
fn no_more_hours_are_spent_in_a_week_than_the_budget_has() {
    let (_folder, time, desk, mut queue) = world("[reruns]\nhours_per_week = 1.5\n");
    let order = |kernel: &str, queue: &mut Queue| {
        planned(&desk, queue, &task(kernel), &plan(kernel)).expect("ordered")
    };
    assert_eq!(order("6.2", &mut queue).queued.len(), 1);
    // What is queued is as good as spent, and so is what was run.
    assert_eq!(order("6.3", &mut queue).put_off.len(), 1);
    run_all(&mut queue, &time, 1.0);
    let put_off = order("6.3", &mut queue).put_off;
    assert!(put_off[0].ends_with("0.5 hours are left for reruns this week"), "{put_off:?}");
    time.fetch_add(WEEK, Ordering::SeqCst);
    assert_eq!(order("6.3", &mut queue).queued.len(), 1);
}
