mod race;
#[cfg(feature = "postgres")]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;

struct World {
    #[expect(dead_code, reason = "it goes away with the world")]
    folder: tempfile::TempDir,
    #[cfg(feature = "postgres")]
    #[expect(dead_code, reason = "it goes away with the last world")]
    server: Option<Arc<server::Server>>,
    queue: Queue,
    time: Arc<AtomicI64>,
}

/// The same on a file, and on a server where melbot is built for one.
fn on_each(test: impl Fn(World)) {
    test(World::in_file());
    #[cfg(feature = "postgres")]
    test(World::on_server());
}

impl World {
    fn in_file() -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (time, clock) = clock();
        let queue = Queue::open(&folder.path().join("queue.db"), clock).expect("new");
        World {
            folder,
            #[cfg(feature = "postgres")]
            server: None,
            queue,
            time,
        }
    }

    #[cfg(feature = "postgres")]
    fn on_server() -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (time, clock) = clock();
        let server = server::Server::shared();
        let queue = Queue::open(server.database().as_ref(), clock).expect("new");
        World { folder, server: Some(server), queue, time }
    }

    fn pass(&self, seconds: i64) {
        self.time.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn add(&mut self, job: NewJob) -> i64 {
        self.queue.submit(&[(job, Vec::new())]).expect("submitted")[0].id
    }

    fn take(&mut self, worker: &Worker) -> Option<Taken> {
        self.queue.take(worker).expect("it can be asked")
    }

    fn state(&self, id: i64) -> State {
        self.queue.job(id).expect("there").state
    }

    fn events(&self, id: i64) -> Vec<String> {
        let history = self.queue.history(id).expect("there");
        history.into_iter().map(|event| event.event).collect()
    }
}

fn clock() -> (Arc<AtomicI64>, Clock) {
    let time = Arc::new(AtomicI64::new(1_000_000));
    let now = Arc::clone(&time);
    (time, Clock::new(move || now.load(Ordering::SeqCst)))
}

fn job(key: &str, kind: Kind) -> NewJob {
    NewJob {
        key: key.to_owned(),
        kind,
        title: key.to_owned(),
        machine: None,
        lane: String::new(),
        priority: 0,
        task: "{}".to_owned(),
        attempts: 3,
        needs: Vec::new(),
    }
}

fn worker(kinds: &[Kind]) -> Worker {
    Worker {
        name: "worker".to_owned(),
        kinds: kinds.to_vec(),
        machine: None,
        lease: Duration::from_secs(60),
    }
}

#[test]
fn the_same_key_is_the_same_job() {
    on_each(|mut world| {
        let one = world.add(job("a", Kind::Build));
        let other = NewJob { title: "another title".to_owned(), ..job("a", Kind::Build) };
        assert_eq!(world.add(other), one);
        assert_eq!(world.queue.jobs(&Filter::default()).expect("readable").len(), 1);
        assert_eq!(world.events(one), ["submitted"]);
    });
}

#[test]
fn a_job_waits_for_what_it_needs() {
    on_each(|mut world| {
        let submitted = world
            .queue
            .submit(&[
                (job("build", Kind::Build), Vec::new()),
                (job("run", Kind::Run), vec![Earlier { place: 0, success: true }]),
            ])
            .expect("submitted");
        let run = submitted[1].id;
        assert!(world.take(&worker(&[Kind::Run])).is_none());
        let build = world.take(&worker(&[Kind::Build])).expect("there is one");
        world.queue.finish(&build.lease, "built").expect("ours");
        assert_eq!(world.take(&worker(&[Kind::Run])).map(|taken| taken.job.id), Some(run));
        assert_eq!(
            world.queue.needs(run).expect("there"),
            [Need { job: build.job.id, success: true }]
        );
        assert_eq!(world.queue.job(build.job.id).expect("there").outcome.as_deref(), Some("built"));
    });
}

#[test]
fn what_cannot_be_done_without_another_fails_with_it_and_what_only_follows_it_does_not() {
    on_each(|mut world| {
        let hard = Earlier { place: 0, success: true };
        let ids: Vec<i64> = world
            .queue
            .submit(&[
                (job("build", Kind::Build), Vec::new()),
                (job("run", Kind::Run), vec![hard]),
                (job("publish", Kind::Analyse), vec![Earlier { place: 1, success: true }]),
                (job("summary", Kind::Analyse), vec![Earlier { place: 1, success: false }]),
            ])
            .expect("submitted")
            .iter()
            .map(|submitted| submitted.id)
            .collect();
        let build = world.take(&worker(&[Kind::Build])).expect("there is one");
        world.queue.give_up(&build.lease, "does not build").expect("ours");
        let states: Vec<State> = ids.iter().map(|id| world.state(*id)).collect();
        assert_eq!(states, [State::Failed, State::Failed, State::Failed, State::Waiting]);
        let why = world.queue.job(ids[1]).expect("there").outcome;
        assert_eq!(why.as_deref(), Some("it needs job 1, which is failed"));
        // A second try takes along what failed with it.
        world.queue.retry(ids[0]).expect("it failed");
        let states: Vec<State> = ids.iter().map(|id| world.state(*id)).collect();
        assert_eq!(states, [State::Waiting; 4]);
        assert!(world.take(&worker(&[Kind::Run, Kind::Analyse])).is_none());
        let late =
            NewJob { needs: vec![Need { job: 99, success: true }], ..job("late", Kind::Run) };
        assert!(matches!(world.queue.submit(&[(late, Vec::new())]), Err(QueueError::NoJob(99))));
        assert_eq!(world.queue.jobs(&Filter::default()).expect("readable").len(), 4);
    });
}

#[test]
fn a_machine_does_its_own_jobs_and_a_builder_those_of_no_machine() {
    on_each(|mut world| {
        let machine = Some("ivor".to_owned());
        let run = world.add(NewJob { machine: machine.clone(), ..job("run", Kind::Run) });
        assert!(world.take(&worker(&[Kind::Run])).is_none());
        let other = Worker { machine: Some("ivy".to_owned()), ..worker(&[Kind::Run]) };
        assert!(world.take(&other).is_none());
        let own = Worker { machine, ..worker(&[Kind::Run]) };
        assert_eq!(world.take(&own).map(|taken| taken.job.id), Some(run));
    });
}

#[test]
fn urgent_jobs_come_first_and_no_lane_waits_for_another() {
    on_each(|mut world| {
        for (key, lane, priority) in
            [("a1", "a", 0), ("a2", "a", 0), ("a3", "a", 0), ("b1", "b", 0), ("u", "a", 5)]
        {
            let new = NewJob { lane: lane.to_owned(), priority, ..job(key, Kind::Run) };
            world.add(new);
        }
        let order: Vec<String> = std::iter::from_fn(|| world.take(&worker(&[Kind::Run])))
            .map(|taken| taken.job.key)
            .collect();
        assert_eq!(order, ["u", "b1", "a1", "a2", "a3"]);
    });
}

#[test]
fn a_lease_that_runs_out_gives_the_job_to_another_and_says_so() {
    on_each(|mut world| {
        let id = world.add(job("run", Kind::Run));
        let first = world.take(&worker(&[Kind::Run])).expect("there is one");
        world.pass(50);
        world.queue.renew(&first.lease).expect("ours");
        world.pass(50);
        assert!(world.take(&worker(&[Kind::Run])).is_none());
        world.pass(11);
        let second = world.take(&worker(&[Kind::Run])).expect("it was lost");
        assert_eq!((second.job.id, second.job.losses), (id, 1));
        assert_eq!(world.events(id), ["submitted", "taken", "lost", "taken"]);
        for result in [world.queue.renew(&first.lease), world.queue.finish(&first.lease, "")] {
            assert!(matches!(result, Err(QueueError::Lost { .. })), "{result:?}");
        }
        world.queue.finish(&second.lease, "").expect("ours");
        assert_eq!(world.state(id), State::Done);
    });
}

#[test]
fn what_makes_workers_vanish_is_given_up_at_last() {
    on_each(|mut world| {
        let id = world.add(job("run", Kind::Run));
        let mut taken = 0;
        while world.take(&worker(&[Kind::Run])).is_some() {
            taken += 1;
            world.pass(3600);
        }
        assert_eq!((taken, world.state(id)), (20, State::Failed));
    });
}

#[test]
fn what_fails_is_tried_again_after_pauses_that_grow() {
    on_each(|mut world| {
        let id = world.add(job("run", Kind::Run));
        for pause in [60, 120] {
            let taken = world.take(&worker(&[Kind::Run])).expect("its turn");
            assert_eq!(world.queue.fail(&taken.lease, "oh").expect("ours"), State::Waiting);
            world.pass(pause - 1);
            assert!(world.take(&worker(&[Kind::Run])).is_none());
            world.pass(1);
        }
        let taken = world.take(&worker(&[Kind::Run])).expect("its turn");
        assert_eq!(world.queue.fail(&taken.lease, "oh").expect("ours"), State::Failed);
        assert_eq!(world.queue.job(id).expect("there").failures, 3);
    });
}

#[test]
fn whoever_has_a_job_that_is_cancelled_is_told() {
    on_each(|mut world| {
        let id = world.add(job("run", Kind::Run));
        let taken = world.take(&worker(&[Kind::Run])).expect("there is one");
        world.queue.cancel(id, "not needed").expect("it is running");
        let told = world.queue.renew(&taken.lease).expect_err("it was cancelled");
        assert_eq!(told.to_string(), "job 1 is ours no more: it is cancelled");
        assert!(matches!(world.queue.cancel(id, ""), Err(QueueError::Refused { .. })));
    });
}

#[test]
fn what_is_paused_is_not_taken() {
    on_each(|mut world| {
        world.add(NewJob { machine: Some("ivor".to_owned()), ..job("run", Kind::Run) });
        let ivor = Worker { machine: Some("ivor".to_owned()), ..worker(&[Kind::Run]) };
        for scope in [Scope::All, Scope::Kind(Kind::Run), Scope::Machine("ivor".to_owned())] {
            world.queue.pause(&scope).expect("writable");
            assert!(world.take(&ivor).is_none(), "{scope}");
            assert_eq!(world.queue.paused().expect("readable"), std::slice::from_ref(&scope));
            world.queue.resume(&scope).expect("writable");
        }
        assert!(world.take(&ivor).is_some());
    });
}

#[test]
fn a_client_that_is_started_again_gives_back_what_it_had() {
    on_each(|mut world| {
        let id = world.add(job("run", Kind::Run));
        let had = world.take(&worker(&[Kind::Run])).expect("there is one");
        assert_eq!(world.queue.recover("another").expect("writable"), 0);
        assert_eq!(world.queue.recover("worker").expect("writable"), 1);
        assert_eq!(world.events(id), ["submitted", "taken", "lost"]);
        assert!(matches!(world.queue.renew(&had.lease), Err(QueueError::Lost { .. })));
        assert!(world.take(&worker(&[Kind::Run])).is_some());
    });
}

#[test]
fn a_change_that_fails_is_none() {
    on_each(|mut world| {
        let late = NewJob { needs: vec![Need { job: 99, success: true }], ..job("b", Kind::Run) };
        let both = [(job("a", Kind::Run), Vec::new()), (late, Vec::new())];
        assert!(world.queue.submit(&both).is_err());
        assert_eq!(world.queue.jobs(&Filter::default()).expect("readable"), []);
        world.queue.check().expect("whole");
    });
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_waiting() {
    on_each(|mut world| {
        world.pass(1_000_000);
        let id = world.add(job("a", Kind::Build));
        let taken = world.take(&worker(&[Kind::Build])).expect("there is one");
        world.queue.fail(&taken.lease, "no").expect("ours");
        assert!(world.take(&worker(&[Kind::Build])).is_none(), "it is tried again in a minute");
        world.pass(-3 * 3600);
        assert_eq!(world.take(&worker(&[Kind::Build])).expect("there is one").job.id, id);
    });
}
