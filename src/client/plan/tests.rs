use super::*;
use crate::client::journal::Facts;

const SHAPE: Shape = Shape { iterations: 2, fresh_boots: true, attempts: 2 };

fn done(step: Step) -> Event {
    Event::Done { step, facts: Facts::default(), seconds: 1 }
}

fn failed(step: Step, why: Why) -> Event {
    Event::Failed { step, why, what: "x".to_owned(), console: Vec::new(), seconds: 1 }
}

/// Goes through a job; `fails` tells which steps fail, by step and how often it was tried before.
fn course(shape: Shape, mut fails: impl FnMut(Step, u32) -> Option<Why>) -> (Vec<String>, Outcome) {
    let mut events = Vec::new();
    let mut steps = Vec::new();
    let mut tried: BTreeMap<Step, u32> = BTreeMap::new();
    loop {
        assert!(steps.len() < 200, "it never ends: {steps:?}");
        match next(shape, &events) {
            Next::End(outcome) => return (steps, outcome),
            Next::Do(step) => {
                let tries = tried.entry(step).or_default();
                steps.push(step.to_string());
                events.push(Event::Began { step });
                events.push(fails(step, *tries).map_or(done(step), |why| failed(step, why)));
                *tries += 1;
            }
        }
    }
}

#[test]
fn all_goes_well() {
    let (steps, outcome) = course(SHAPE, |_, _| None);
    let expected = "reserve, deploy, prepare, install, boot 0, run 0, collect 0, boot 1, run 1, \
                    collect 1, publish, power off, release";
    assert_eq!((steps.join(", ").as_str(), outcome), (expected, Outcome::Finished));
}

#[test]
fn without_fresh_boots_one_is_enough() {
    let (steps, _) = course(Shape { fresh_boots: false, ..SHAPE }, |_, _| None);
    assert!(steps.join(", ").contains("boot 0, run 0, collect 0, run 1, collect 1, publish"));
}

#[test]
fn a_panic_in_a_run_is_rescued_and_the_iteration_begins_again() {
    let (steps, outcome) =
        course(SHAPE, |step, tries| (step == Step::Run(1) && tries == 0).then_some(Why::Panic));
    assert!(steps.join(", ").contains("run 1, rescue 1, boot 1, run 1, collect 1, publish"));
    assert_eq!(outcome, Outcome::Finished);
}

#[test]
fn a_full_disk_is_made_anew() {
    let (steps, _) =
        course(SHAPE, |step, tries| (step == Step::Run(0) && tries == 0).then_some(Why::DiskFull));
    assert!(steps.join(", ").contains("run 0, rescue 0, deploy, prepare, install, boot 0, run 0"));
}

#[test]
fn what_fails_every_time_is_given_up_and_the_machine_is_given_back() {
    let (steps, outcome) = course(SHAPE, |step, _| (step == Step::Run(1)).then_some(Why::Panic));
    let end = "run 1, rescue 1, boot 1, run 1, rescue 1, publish, power off, release";
    assert!(steps.join(", ").ends_with(end), "{steps:?}");
    assert_eq!(outcome, Outcome::Partial { reason: "run 1: kernel panic: x".to_owned() });
    let (steps, outcome) = course(SHAPE, |step, _| (step == Step::Deploy).then_some(Why::Lab));
    assert!(steps.join(", ").ends_with("deploy, deploy, publish, power off, release"));
    assert!(matches!(outcome, Outcome::Failed { .. }));
}

#[test]
fn a_machine_that_was_never_lent_is_left_alone() {
    let (steps, outcome) = course(SHAPE, |step, _| (step == Step::Reserve).then_some(Why::Lab));
    assert_eq!(steps, ["reserve", "reserve"]);
    assert!(matches!(outcome, Outcome::Failed { .. }));
}

#[test]
fn a_machine_that_somebody_else_has_is_left_alone() {
    let (steps, outcome) =
        course(SHAPE, |step, _| (step == Step::Run(1)).then_some(Why::LeaseLost));
    assert!(steps.join(", ").ends_with("run 1, publish"), "{steps:?}");
    assert!(matches!(outcome, Outcome::Partial { .. }));
}

#[test]
fn what_cannot_be_undone_does_not_keep_the_rest() {
    let (steps, outcome) = course(SHAPE, |step, _| (step == Step::PowerOff).then_some(Why::Power));
    assert!(steps.join(", ").ends_with("publish, power off, power off, release"));
    assert_eq!(outcome, Outcome::Finished);
}

#[test]
fn what_cannot_be_published_is_no_success_and_is_tried_again_some_day() {
    let mut events = Vec::new();
    let mut publish = 0;
    let outcome = loop {
        match next(SHAPE, &events) {
            Next::End(outcome) => break outcome,
            Next::Do(Step::Publish) => {
                publish += 1;
                events.push(failed(Step::Publish, Why::Lab));
            }
            Next::Do(step) => events.push(done(step)),
        }
    };
    assert_eq!(publish, 2);
    assert_eq!(events.last(), Some(&done(Step::Release)));
    let Outcome::Failed { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("publish: x; "), "{reason}");
    assert_eq!(super::outcome(SHAPE, &events), Outcome::Finished, "all that was to be run has");
    assert!(unpublished(SHAPE, &events));
    events.push(failed(Step::Publish, Why::Lab));
    assert!(unpublished(SHAPE, &events));
    events.push(done(Step::Publish));
    assert!(!unpublished(SHAPE, &events));
    assert_eq!(next(SHAPE, &events), Next::End(Outcome::Finished));
}

/// Whatever fails, and wherever melbot is killed, the machine is given back once it was lent, and
/// nothing is run without a boot of its own.
#[test]
fn no_course_loses_the_machine() {
    let whys = [Why::Panic, Why::Power, Why::Lab];
    for seed in 0..3000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let shape = Shape { iterations: 3, fresh_boots: true, attempts: random.u32(1..4) };
        let mut events = Vec::new();
        let mut booted = None;
        loop {
            assert!(events.len() < 500, "seed {seed}: it never ends");
            let Next::Do(step) = next(shape, &events) else { break };
            events.push(Event::Began { step });
            match step {
                Step::Run(number) => assert_eq!(booted, Some(number), "seed {seed}"),
                Step::Boot(_) | Step::Collect(_) | Step::Rescue(_) => booted = None,
                _ => {}
            }
            match random.u32(0..10) {
                // Killed in the middle: only that it began is known.
                0 => {}
                1 | 2 => {
                    events.push(failed(step, *random.choice(whys.iter()).expect("some")));
                    booted = booted.filter(|_| !matches!(step, Step::Run(_)));
                }
                _ => {
                    events.push(done(step));
                    if let Step::Boot(number) = step {
                        booted = Some(number);
                    }
                }
            }
        }
        let was = |wanted: Step| {
            let ended = |event: &Event| match event {
                Event::Done { step, .. } => *step == wanted,
                _ => false,
            };
            events.iter().any(ended)
        };
        let tries = |wanted: Step| {
            let failed =
                |event: &&Event| matches!(event, Event::Failed { step, .. } if *step == wanted);
            events.iter().filter(failed).count()
        };
        for undo in [Step::Publish, Step::PowerOff, Step::Release] {
            let kept = !was(Step::Reserve) || was(undo) || tries(undo) >= shape.attempts as usize;
            assert!(kept, "seed {seed}: no {undo}");
        }
    }
}
