//! From a tag to the commit that did it, with no hand in between.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bob::{Bob, Served};
use super::simulated::{CONFIG, Simulated};
use crate::lab::world::World;

const PATIENCE: Duration = Duration::from_secs(300);

/// Of a search that is over: as many measurements were written down as runs have brought home.
fn assert_nothing_twice(world: &World, id: &str, jobs: &Value) {
    let journal = world.read(&format!("results/bisects/{id}/journal.jsonl"));
    let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let written = lines
        .filter(|line| {
            line["value"].is_f64() || line["revert"].is_object() || line["layout"].is_object()
        })
        .count();
    let start = format!("bisect {id} ");
    let runs = jobs.as_array().unwrap().iter().filter(|job| {
        job["kind"] == "run" && job["key"].as_str().is_some_and(|key| key.starts_with(&start))
    });
    let brought: u64 = runs
        .map(|job| {
            assert_eq!(job["state"], "done", "{}", job["key"]);
            let task: Value = serde_json::from_str(job["task"].as_str().unwrap()).unwrap();
            task["job"]["iterations"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(written as u64, brought, "{journal}");
}

#[test]
fn bob_finds_a_regression_and_its_commit_and_nobody_has_touched_anything() {
    let (kills, longest, neutral) = match std::env::var_os("MELBOT_SLOW_TESTS") {
        Some(_) => (200, 2000, 30),
        None => (3, 6000, 1),
    };
    let lab = Simulated::new(&["m"]);
    let world = &lab.world;
    // So that a machine that is taken away is missed soon.
    world.edit("machines/m.toml", |text| format!("{text}\n[patience]\nlease = 3\n"));
    let served = Served::new(world);
    world.write(
        "coordinator.toml",
        &format!(
            "[bisect]\nauto = true\nlayout = true\n\
             [trees.t]\nurl = {:?}\nfirst = \"all\"\nminutes = 0.02\n\
             [kconfigs.k]\nbase = \"kconfig\"\n\
             [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\nmachines = [\"m\"]\n\
             configs = [{CONFIG:?}]\niterations = 3\nmmtests = {{ source = \"mmtests\" }}\n",
            served.url
        ),
    );
    world.write("notify.toml", "[hook]\ncommand = [\"tee\", \"-a\", \"MAILS\"]\n");
    world.edit("notify.toml", |text| text.replace("MAILS", world.path("mails").to_str().unwrap()));
    let mails = || fs::read_to_string(world.path("mails")).unwrap_or_default();

    lab.commit("Begin", Some(10.0));
    lab.tag("v6.1");
    lab.commit("Does not build", None);
    for number in 0..neutral {
        lab.commit(&format!("Change nothing, {number}"), Some(10.0));
    }
    let culprit = lab.commit("Slow everything down", Some(11.0));
    for number in 0..neutral {
        lab.commit(&format!("Change nothing again, {number}"), Some(11.0));
    }
    lab.tag("v6.2");

    let began = Instant::now();
    let mut bob = Bob::start(world);
    for tag in ["v6.1", "v6.2"] {
        served.push(world, tag);
        let line = format!("{} on m: ", &tag[1..]);
        bob.wait(&line, PATIENCE, || mails().contains(&line));
    }
    // Whoever is killed in the middle of it does nothing twice, and forgets nothing.
    let mut random = fastrand::Rng::with_seed(11);
    let mut clients = 0;
    for round in 0..kills {
        std::thread::sleep(Duration::from_millis(random.u64(100..longest)));
        // A job whose clients vanish twenty times would be given up, which is not what is tried here.
        match round % 10 {
            1 => clients += bob.kill_clients(),
            _ => {
                bob.kill();
                bob = Bob::start(world);
            }
        }
    }
    // Somebody takes the machine in the middle of a measurement, and gives it back after a while.
    let client = || fs::read_to_string(world.path("state/m/client.log")).unwrap_or_default();
    bob.wait("a measurement", PATIENCE, || {
        let said = client();
        let job = said.rsplit("melbot: job ").next().unwrap_or_default();
        job.contains(" for bisect ") && said.ends_with("  install\n")
    });
    let jane = |arguments: &[&str]| {
        let mut melbot = world.command(&[&["machine"][..], arguments].concat());
        let output = melbot.env("USER", "jane").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    jane(&["release", "m", "--force"]);
    jane(&["reserve", "m", "--reason", "a panic"]);
    bob.wait("the lease is missed", PATIENCE, || {
        client().contains("lease lost: jane has the machine")
    });
    jane(&["release", "m"]);
    // And after each step of the search, as soon as its journal has it.
    let steps = || -> usize {
        let searches = fs::read_dir(world.path("results/bisects")).into_iter().flatten().flatten();
        let journals = searches.map(|search| search.path().join("journal.jsonl"));
        journals.filter_map(|path| Some(fs::read_to_string(path).ok()?.lines().count())).sum()
    };
    let (mut known, mut killed) = (steps(), 0);
    loop {
        let over = || mails().contains("[REGRESSION]");
        bob.wait("a step", PATIENCE, || steps() > known || over());
        if over() {
            break;
        }
        bob.kill();
        bob = Bob::start(world);
        (known, killed) = (steps(), killed + 1);
    }
    assert!(killed > 5, "killed after {killed} steps");
    let mail = mails();
    assert!(mail.contains(&format!("#regzbot introduced: {culprit:.12}")), "{mail}");
    assert!(mail.contains("Subject: [melbot] [REGRESSION] poundsyscall "), "{mail}");
    // That a commit on the way does not build is no news.
    assert!(!mail.contains("with k does not build"), "{mail}");

    // The alert is explained, and its page tells of the search.
    let alerts: Value =
        serde_json::from_str(&world.printed(&["alerts", "results", "--json"])).unwrap();
    let alert = &alerts["alerts"][0];
    let id = alert["id"].as_str().unwrap();
    assert_eq!(alert["state"], "explained", "{alert}");
    assert!(alert["notes"][0]["reason"].as_str().unwrap().contains(&culprit), "{alert}");
    let page = format!("site/bisect/{id}.html");
    bob.wait("its page", PATIENCE, || {
        fs::read_to_string(world.path(&page)).is_ok_and(|page| page.contains("found"))
    });
    let page = world.read(&format!("site/alert/{id}.html"));
    assert!(page.contains(&format!("href=\"../bisect/{id}.html\"")), "{page}");

    // What makes it slow is not where its code lies.
    let account = world.printed(&["bisect", "status", &format!("results/bisects/{id}"), "--json"]);
    let account: Value = serde_json::from_str(&account).unwrap();
    let relaid = &account["relaid"];
    assert!((0.5..1.5).contains(&relaid["share"].as_f64().unwrap()), "{relaid}");
    for side in ["before", "after"] {
        assert_eq!(relaid[side].as_array().unwrap().len(), 5, "{relaid}");
    }

    // Both ends were built once, for whatever they were wanted, and only the operation in question was run.
    let jobs: Value =
        serde_json::from_str(&world.printed(&["queue", "list", "--all", "--json"])).unwrap();
    assert_nothing_twice(world, id, &jobs);
    let builds = jobs.as_array().unwrap().iter().filter(|job| job["kind"] == "build").count();
    assert!(builds <= 2 * neutral + 7, "{builds} builds");
    let runs = format!("results/bisects/{id}/runs/m/{CONFIG}");
    let first = world.list(&runs)[0].clone();
    let operation = alert["members"][0]["operation"].as_str().unwrap();
    let threads = operation.rsplit('-').next().unwrap();
    let logs = world.list(&format!("{runs}/{first}/iter-0/poundsyscall/logs"));
    assert!(logs.iter().all(|log| log.starts_with(&format!("time-{threads}-"))), "{logs:?}");
    let config = world.read(&format!("{runs}/{first}/config"));
    assert!(config.contains("export MMTESTS='poundsyscall'\n"), "{config}");
    bob.end();
    println!("{kills} rounds and {killed} steps; {clients} clients among what was killed");
    println!("{:.0} s\n{}", began.elapsed().as_secs_f64(), world.read("bob.log"));
}
