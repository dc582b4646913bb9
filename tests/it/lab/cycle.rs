//! The whole cycle: two kernels booted, measured, and set against each other.

use super::world::World;

#[test]
fn lab_two_kernels_are_booted_measured_and_compared() {
    let world = World::new();
    let listed = world.printed(&["machine", "list"]);
    assert!(listed.starts_with("vm1  free"), "{listed}");

    let planned = world.printed(&["client", "vm1", "--dry-run"]);
    assert!(planned.contains("boot 0, run 0, collect 0, publish, power off, release"), "{planned}");
    assert!(world.list("results").is_empty(), "a dry run leaves nothing");

    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");

    let runs = world.list("results/vm1/config-demo-syscalls");
    assert_eq!(runs.len(), 2, "{runs:?}");
    for run in &runs {
        let folder = format!("results/vm1/config-demo-syscalls/{run}");
        // The release that booted is the one that the name says.
        let version = world.read(&format!("{folder}/iter-0/kernel.version"));
        assert_eq!(version.split(' ').take(3).collect::<Vec<_>>(), ["Linux", "vm1", run.as_str()]);
        let record: toml::Table = world.read(&format!("{folder}/run.toml")).parse().unwrap();
        assert_eq!(record["kernel"]["release"].as_str(), Some(run.as_str()));
        assert_eq!(record["outcome"].as_str(), Some("finished"));
        let boots = record["boots"].as_array().unwrap();
        assert_eq!(boots.len(), 1);
        assert_eq!(boots[0]["id"].as_str().unwrap().len(), 36);
        let console = world.read(&format!("{folder}/iter-0/console.log"));
        assert!(console.contains("Linux version "), "{console}");
        assert_checksums(&world, &folder);
    }

    // What is done is not done again.
    let again = world.run(&["client", "vm1"]);
    assert_eq!(again.status, Some(0));
    assert_eq!(again.stderr.matches("finished before").count(), 2, "{}", again.stderr);

    let checked = world.printed(&["check", "results"]);
    assert!(checked.contains("nothing is missing, nothing is odd"), "{checked}");
    world.printed(&["site", "results", "-o", "site"]);
    let compared = world.printed(&["compare", "results", "--format", "csv"]);
    assert!(compared.contains("Elapsed-1"), "{compared}");
    for run in &runs {
        assert!(compared.contains(run), "{compared}");
    }
}

/// As `b3sum --check` does it.
fn assert_checksums(world: &World, folder: &str) {
    let mut count = 0;
    for line in world.read(&format!("{folder}/checksums.b3")).lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let content = std::fs::read(world.path(folder).join(name)).unwrap();
        assert_eq!(blake3::hash(&content).to_hex().as_str(), sum, "{name}");
        count += 1;
    }
    assert!(count > 8, "only {count} files");
}
