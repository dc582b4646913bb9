//! The client is killed, or its machine is taken.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::played::Machine;
use super::world::World;

/// A client, and the lines that it prints.
struct Client {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    all: String,
}

impl Client {
    fn start(world: &World) -> Client {
        let mut child =
            world.command(&["client", "vm1"]).stderr(Stdio::piped()).spawn().expect("melbot runs");
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Client { child, lines, all: String::new() }
    }

    /// Reads on to the beginning of a step; `false` if it ends before.
    fn reaches(&mut self, step: &str) -> bool {
        for line in self.lines.by_ref().map_while(Result::ok) {
            self.all += &format!("{line}\n");
            if line.ends_with(&format!("  {step}")) {
                return true;
            }
        }
        false
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) -> (Option<i32>, String) {
        self.reaches("the end");
        (self.child.wait().unwrap().code(), self.all)
    }
}

#[test]
fn lab_a_client_that_is_killed_at_every_step_loses_nothing() {
    let world = World::new();
    world.one_job(2, "sleep 5");
    let steps = [
        "reserve",
        "deploy",
        "prepare",
        "install",
        "boot 0",
        "run 0",
        "collect 0",
        "publish",
        "power off",
        "release",
    ];
    let mut killed = 0;
    for step in steps {
        let mut client = Client::start(&world);
        // The short steps at the end may be over before the signal comes.
        if !client.reaches(step) {
            continue;
        }
        killed += 1;
        if step == "run 0" {
            // In the middle of it, so that it has to be found again.
            std::thread::sleep(Duration::from_secs(3));
            let second = world.run(&["client", "vm1"]);
            assert!(second.stderr.contains("another melbot client works"), "{}", second.stderr);
        }
        client.kill();
    }
    assert!(killed >= 7, "only {killed} times");
    let (status, said) = Client::start(&world).end();
    assert_eq!(status, Some(0), "{said}");
    world.assert_given_back("vm1");
    assert_eq!(world.list("results/vm1/config-demo-syscalls").len(), 1, "published once");
    let record = world.record();
    assert_eq!(record["outcome"].as_str(), Some("finished"));
    assert!(record.get("faults").is_none(), "{record}");
    // A run that goes on is gone on with.
    let course = world.course();
    let boots = course.iter().filter(|step| *step == "boot 0").count();
    assert_eq!(boots, 1, "{course:#?}");
    assert!(world.printed(&["check", "results"]).contains("nothing is odd"));
}

#[test]
fn lab_a_client_whose_machine_is_taken_leaves_it_alone() {
    let world = World::new();
    world.one_job(2, "sleep 1000");
    world.patience("lease = 5");
    let mut client = Client::start(&world);
    assert!(client.reaches("run 0"), "{}", client.all);
    world.printed(&["machine", "release", "vm1", "--force"]);
    let taken = world
        .command(&["machine", "reserve", "vm1", "--reason", "a panic"])
        .env("USER", "jane")
        .output();
    assert!(taken.unwrap().status.success());
    let began = Instant::now();
    let (status, said) = client.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(began.elapsed() < Duration::from_secs(90), "{said}");
    assert!(said.contains("lease lost: jane has the machine"), "{said}");
    assert_eq!(world.printed(&["machine", "power", "vm1", "status"]), "on\n", "it is hers now");
    let listed = world.printed(&["machine", "list"]);
    assert!(listed.contains("vm1  jane (a panic)"), "{listed}");
}

/// What a step left half done is done again, whenever that was.
#[test]
fn lab_a_client_that_is_killed_at_any_moment_brings_all_home_once() {
    let jobs = if std::env::var_os("MELBOT_SLOW_TESTS").is_some() { 20 } else { 1 };
    let machine = Machine::new("");
    let mut random = fastrand::Rng::with_seed(1);
    let mut kills = 0;
    for number in 0..jobs {
        let name = format!("job{number}");
        machine.job(&name);
        let job = format!("jobs/{name}.toml");
        let status = loop {
            let mut client = machine.lab.command(&["client", "node1", "--job", &job]);
            let mut child = client.stderr(Stdio::null()).spawn().unwrap();
            let within = Duration::from_millis(random.u64(50..10_000));
            let began = Instant::now();
            let ended = loop {
                match child.try_wait().unwrap() {
                    None if began.elapsed() < within => thread::sleep(Duration::from_millis(20)),
                    ended => break ended,
                }
            };
            if let Some(status) = ended {
                break status;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        };
        assert!(status.success(), "{name}: {}", machine.lab.printed(&["machine", "show", "node1"]));
        assert_eq!(machine.lab.power("status"), "off\n");
        assert!(!machine.lab.path("state/node1/lease.json").exists());
        for iteration in 0..2 {
            let run = format!("results/node1/config-one/{name}");
            let version = machine.lab.read(&format!("{run}/iter-{iteration}/kernel.version"));
            assert_eq!(version, "test\n");
        }
    }
    let runs = std::fs::read_dir(machine.lab.path("results/node1/config-one")).unwrap();
    assert_eq!(runs.count(), jobs, "each once, and nothing half done");
    println!("{kills} kills in {jobs} jobs");
}
