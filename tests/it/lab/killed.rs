//! The client is killed, or its machine is taken.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

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
