use super::*;

/// A job; what it runs is its title, and it took so many seconds if it is over.
pub fn job(id: i64, kind: Kind, machine: Option<&str>, state: State, seconds: i64) -> Job {
    let over = state == State::Done;
    Job {
        id,
        key: id.to_string(),
        kind,
        title: String::new(),
        machine: machine.map(str::to_owned),
        lane: "mainline".to_owned(),
        priority: 0,
        task: String::new(),
        state,
        blocked: 0,
        attempts: 1,
        failures: 0,
        losses: 0,
        not_before: 0,
        created: 0,
        started: (state != State::Waiting).then_some(0),
        ended: over.then_some(1000 * seconds),
        owner: None,
        lease_until: None,
        outcome: None,
    }
}

/// Two kernels are built, each runs on two machines, and each run is analysed.
fn known(builders: usize) -> Known {
    use Kind::{Analyse, Build, Run};
    let done = vec![
        job(1, Build, None, State::Done, 100),
        job(2, Run, Some("ivor"), State::Done, 1000),
        job(3, Run, Some("ivy"), State::Done, 500),
        job(4, Analyse, None, State::Done, 10),
    ];
    let mut open = Vec::new();
    let mut needs = BTreeMap::new();
    for build in [10, 20] {
        open.push(job(build, Build, None, State::Waiting, 0));
        for (place, machine) in [(1, "ivor"), (3, "ivy")] {
            let (run, analysis) = (build + place, build + place + 1);
            open.push(job(run, Run, Some(machine), State::Waiting, 0));
            open.push(job(analysis, Analyse, None, State::Waiting, 0));
            needs.insert(run, vec![Need { job: build, success: true }]);
            needs.insert(analysis, vec![Need { job: run, success: true }]);
        }
    }
    Known { now: 0, open, done, needs, paused: Vec::new(), builders }
}

#[test]
fn machines_wait_for_kernels_and_for_one_another() {
    let estimate = estimate(&known(1));
    let at = |id: i64| estimate.jobs[&id];
    assert_eq!((at(10), at(20)), ((0, 100_000), (100_000, 200_000)));
    assert_eq!((at(11), at(13)), ((100_000, 1_100_000), (100_000, 600_000)));
    assert_eq!((at(21), at(23)), ((1_100_000, 2_100_000), (600_000, 1_100_000)));
    assert_eq!(at(22), (2_100_000, 2_110_000));
    let sentence = estimate.sentence(0).expect("something is to be done");
    assert_eq!(
        sentence,
        "caught up in about 35 min, if nothing new comes: analyses 35 min, builds 3 min, \
         ivor 35 min, ivy 18 min"
    );
}

#[test]
fn more_builders_build_at_once() {
    let estimate = estimate(&known(2));
    assert_eq!((estimate.jobs[&10].1, estimate.jobs[&20].1), (100_000, 100_000));
    assert_eq!(estimate.caught_up, Some(2_110_000));
}

#[test]
fn a_job_at_work_counts_from_its_begin_and_one_that_takes_too_long_a_tenth_more() {
    for (now, end) in [(40_000, 100_000), (99_000, 109_000), (500_000, 510_000)] {
        let mut known = known(1);
        known.now = now;
        known.open[0].state = State::Running;
        known.open[0].started = Some(0);
        let estimate = estimate(&known);
        assert_eq!(estimate.jobs[&10], (0, end), "{now}");
        assert_eq!(estimate.jobs[&20].0, end, "{now}");
    }
}

#[test]
fn what_is_paused_or_was_never_done_is_said() {
    let mut paused = known(1);
    paused.paused = vec![Scope::Machine("ivor".to_owned())];
    let estimated = estimate(&paused);
    assert_eq!((estimated.held, estimated.unknown), (4, 0), "two runs and what waits for them");
    assert!(estimated.sentence(0).is_some_and(|said| said.ends_with("; 4 jobs paused")));
    let mut new = known(1);
    new.done.retain(|job| job.kind != Kind::Run);
    let estimated = estimate(&new);
    assert_eq!((estimated.unknown, estimated.jobs.contains_key(&11)), (4, false));
    assert!(estimated.sentence(0).is_some_and(|said| said.starts_with("caught up in more than")));
    assert_eq!(estimate(&Known::default()).sentence(0), None);
}

#[test]
fn iterations_and_machines_are_learnt_apart() {
    let task = |config: &str, iterations: u32| {
        format!(
            r#"{{"job": {{"machines": [], "config": "{config}", "iterations": {iterations},
            "kernel": {{"package": ""}}, "mmtests": {{"source": "m"}}}}}}"#
        )
    };
    let mut known = known(1);
    known.done[1].task = task("long", 2);
    known.open[1].task = task("long", 3);
    assert_eq!(estimate(&known).jobs[&11], (100_000, 1_600_000), "500 s an iteration");
}
