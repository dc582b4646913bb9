//! The coordinator is killed at any moment, again and again.

use std::fs;
use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use super::bob::{Bob, git};
use crate::lab::world::World;

/// A kernel that is built at once.
pub const MAKEFILE: &str = "\
olddefconfig:\n\
\tmkdir -p $(O)/include/config\n\
targz-pkg:\n\
\techo 6.0.0 > $(O)/include/config/kernel.release\n\
\tcp number $(O)/linux-6.0.0-x86.tar.gz\n";

#[test]
fn bob_a_coordinator_that_is_killed_at_any_moment_loses_no_job_and_does_none_twice_unsaid() {
    let (rounds, kernels) = match std::env::var_os("MELBOT_SLOW_TESTS") {
        Some(_) => (200, 400),
        None => (20, 40),
    };
    let world = World::without_machines();
    let tree = world.path("tree");
    fs::create_dir_all(&tree).unwrap();
    git(&tree, &["init", "--quiet"]);
    fs::write(tree.join("Makefile"), MAKEFILE).unwrap();
    for number in 1..=kernels {
        fs::write(tree.join("number"), format!("{number}\n")).unwrap();
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "--message", "Another one"]);
        git(&tree, &["tag", &format!("v6.1.{number}")]);
    }
    world.write("kconfig", "");
    world.write(
        "coordinator.toml",
        "clients = []\n\
         [trees.t]\nurl = \"tree\"\nfirst = \"all\"\nminutes = 0.01\n\
         [kconfigs.k]\nbase = \"kconfig\"\n\
         [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\nmachines = [\"m\"]\n\
         configs = [\"c\"]\nmmtests = { source = \"mmtests\" }\n",
    );
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..rounds {
        let bob = Bob::start(&world);
        std::thread::sleep(Duration::from_millis(random.u64(50..1500)));
        bob.kill();
    }
    let jobs = || -> Vec<serde_json::Value> {
        let text = world.printed(&["queue", "list", "--all", "--json"]);
        serde_json::from_str(&text).unwrap()
    };
    let mut bob = Bob::start(&world);
    let began = Instant::now();
    bob.wait("all builds", Duration::from_secs(900), || {
        let builds = jobs().into_iter().filter(|job| job["kind"] == "build");
        builds.filter(|job| job["state"] == "done").count() == kernels
            || began.elapsed() > Duration::from_secs(880)
    });
    bob.end();
    let jobs = jobs();
    // A build, a run, its publication and a summary for each kernel, and nothing else.
    assert_eq!(jobs.len(), 4 * kernels);
    let mut lost = 0;
    for job in jobs.iter().filter(|job| job["kind"] == "build") {
        let id = job["id"].to_string();
        let shown = world.printed(&["queue", "show", &id, "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let events: Vec<&str> = shown["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["event"].as_str().unwrap())
            .collect();
        let count = |name: &str| events.iter().filter(|event| **event == name).count();
        assert_eq!((count("done"), count("taken")), (1, 1 + count("lost")), "{id}: {events:?}");
        lost += count("lost");
        // Each has the kernel of its own commit.
        let build: serde_json::Value =
            serde_json::from_str(job["outcome"].as_str().unwrap()).unwrap();
        let number = job["title"].as_str().unwrap();
        let number = number.strip_prefix("6.1.").unwrap().split(' ').next().unwrap();
        let kernel = world.read(build["package"].as_str().unwrap());
        assert_eq!(kernel, format!("{number}\n"));
    }
    println!("{rounds} rounds, {kernels} kernels, {lost} builds were lost and done again");
}

#[test]
fn a_client_ends_when_its_lab_is_gone() {
    let world = World::without_machines();
    fs::create_dir_all(world.path("machines")).unwrap();
    world.write(
        "machines/m.toml",
        "[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"off\"]\n\
         [exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nuser = \"root\"\nidentity = \"key\"\n\
         host_key = \"ssh-ed25519 AAAA\"\n\
         [boot]\ndriver = \"command\"\ninstall = [[\"true\"]]\nonce = [[\"true\"]]\n",
    );
    world.write("key", "");
    let stderr = fs::File::create(world.path("said")).unwrap();
    let mut said = fs::File::open(world.path("said")).unwrap();
    let mut client = world.command(&["client", "m", "--queue"]).stderr(stderr).spawn().unwrap();
    let began = Instant::now();
    let within = |what: &str| assert!(began.elapsed() < Duration::from_secs(60), "{what}");
    while !world.path("state/m/queue.lock").exists() {
        within("it works");
        assert!(client.try_wait().unwrap().is_none(), "{}", world.read("said"));
        thread::sleep(Duration::from_millis(20));
    }
    fs::remove_dir_all(world.path("state")).unwrap();
    let status = loop {
        within("it ends");
        if let Some(status) = client.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("state/m: it is gone"), "{text}");
}
