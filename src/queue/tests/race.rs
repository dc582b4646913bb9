//! Many workers at one queue: each job exactly once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::queue::{Clock, Filter, Kind, NewJob, Queue, State, Worker};

fn job(number: usize) -> NewJob {
    NewJob {
        key: format!("job {number}"),
        kind: Kind::Run,
        title: format!("job {number}"),
        machine: None,
        lane: format!("lane {}", number % 7),
        priority: 0,
        task: String::new(),
        attempts: 1,
        needs: Vec::new(),
    }
}

/// Lets workers race for jobs, and gives the seconds it took.
fn race(path: &Path, workers: usize, jobs: usize) -> f64 {
    let mut queue = Queue::open(path, Clock::system()).expect("it works");
    let all: Vec<_> = (0..jobs).map(|number| (job(number), Vec::new())).collect();
    queue.submit(&all).expect("it works");
    let done = Mutex::new(BTreeMap::<i64, usize>::new());
    let began = Instant::now();
    thread::scope(|scope| {
        for number in 0..workers {
            let done = &done;
            scope.spawn(move || {
                let mut queue = Queue::open(path, Clock::system()).expect("it works");
                let worker = Worker {
                    name: format!("worker {number}"),
                    kinds: vec![Kind::Run],
                    machine: None,
                    lease: Duration::from_secs(600),
                };
                while let Some(taken) = queue.take(&worker).expect("it works") {
                    *done.lock().expect("it works").entry(taken.job.id).or_default() += 1;
                    queue.finish(&taken.lease, "").expect("it works");
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let done = done.into_inner().expect("it works");
    assert_eq!(done.len(), jobs, "jobs that were done");
    assert!(done.values().all(|times| *times == 1), "a job was done more than once");
    let states = vec![State::Done];
    let over = queue.jobs(&Filter { states, ..Filter::default() }).expect("it works");
    assert_eq!(over.len(), jobs);
    assert!(over.iter().all(|job| job.losses == 0 && job.failures == 0));
    seconds
}

#[test]
fn each_job_is_done_once_however_many_race_for_it() {
    let (workers, jobs) = match std::env::var_os("MELBOT_SLOW_TESTS") {
        Some(_) => (50, 10_000),
        None => (20, 500),
    };
    let told = |where_: &str, seconds: f64| {
        let rate = jobs as f64 / seconds;
        println!("{where_}: {workers} workers did {jobs} jobs in {seconds:.1} s: {rate:.0}/s");
    };
    let folder = tempfile::tempdir().expect("it works");
    told("SQLite", race(&folder.path().join("queue.db"), workers, jobs));
    #[cfg(feature = "postgres")]
    {
        let server = super::server::Server::shared();
        told("PostgreSQL", race(server.database().as_ref(), workers, jobs));
    }
}
