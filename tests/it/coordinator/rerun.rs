//! What could not be decided is run again.

use std::fs;
use std::time::Duration;

use super::bob::Bob;
use super::simulated::{CONFIG, Simulated};

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn bob_runs_again_what_could_not_be_decided_and_adds_it_to_the_run() {
    let lab = Simulated::new(&["m"]);
    let world = &lab.world;
    world.write(
        "coordinator.toml",
        &format!(
            "[reruns]\nrounds = 1\n\
             [trees.t]\nurl = \"tree\"\nfirst = \"all\"\nminutes = 0.02\n\
             [kconfigs.k]\nbase = \"kconfig\"\n\
             [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\nmachines = [\"m\"]\n\
             configs = [{CONFIG:?}]\niterations = 4\nmmtests = {{ source = \"mmtests\" }}\n"
        ),
    );
    world.write("notify.toml", "[hook]\ncommand = [\"tee\", \"-a\", \"MAILS\"]\n");
    world.edit("notify.toml", |text| text.replace("MAILS", world.path("mails").to_str().unwrap()));
    let mails = || fs::read_to_string(world.path("mails")).unwrap_or_default();
    for (tag, speed) in [("v6.1", 10.0), ("v6.2", 10.0), ("v6.3", 10.19)] {
        lab.commit(tag, Some(speed));
        lab.tag(tag);
    }
    let mut bob = Bob::start(world);
    bob.wait("reruns", PATIENCE, || mails().contains("reruns queued\n"));
    let queued = mails();
    let line = queued
        .lines()
        .find(|line| line.contains(": reruns queued") || line.contains(", reruns queued"))
        .unwrap();
    assert!(queued.contains(&format!("\nReruns queued\n  {CONFIG}: ")), "{queued}");
    let kernel = line.split("[melbot] ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let told = format!("[melbot] {kernel} on m: ");
    bob.wait("it is told of anew", PATIENCE, || mails().matches(&told).count() == 2);
    // The iterations are those of one run.
    let folder = format!("results/m/{CONFIG}");
    assert_eq!(world.list(&folder), ["6.1", "6.2", "6.3"]);
    let run = format!("{folder}/{kernel}");
    let iterations = world.list(&run).iter().filter(|name| name.starts_with("iter-")).count();
    assert!(iterations > 4, "{:?}", world.list(&run));
    let record: toml::Table = world.read(&format!("{run}/run.toml")).parse().unwrap();
    assert_eq!(record["boots"].as_array().unwrap().len(), iterations, "{record}");
    bob.end();
    println!("{}", mails());
}
