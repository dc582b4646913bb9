//! What came home cannot be put among the results, or is not there to begin with.

use std::fs;

use super::played::{MMTESTS, Machine};

#[test]
fn lab_what_cannot_be_published_is_told_and_published_the_next_time() {
    let machine = Machine::new("");
    let place = machine.lab.path("results/node1/config-one");
    let in_the_way =
        format!("mkdir -p {above:?}\ntouch {place:?}\n", above = place.parent().unwrap());
    machine.lab.script("mmtests/run-mmtests.sh", &format!("{MMTESTS}{in_the_way}"));
    for boots in [3, 0] {
        let (status, booted, told) = machine.client();
        assert_eq!((status, booted.len()), (Some(1), boots), "{told}");
        assert!(told.contains("failed: publish: ") && told.contains("config-one"), "{told}");
        assert_eq!(machine.lab.power("status"), "off\n");
        assert!(!machine.lab.path("state/node1/lease.json").exists());
    }

    fs::remove_file(&place).unwrap();
    let planned = machine.lab.printed(&["client", "node1", "--dry-run"]);
    assert!(planned.contains("steps    publish\n"), "{planned}");
    let (status, booted, told) = machine.client();
    assert_eq!((status, booted.len()), (Some(0), 0), "{told}");
    assert_eq!(machine.lab.read("results/node1/config-one/a/iter-1/kernel.version"), "test\n");
    assert!(machine.lab.read("results/node1/config-one/a/run.toml").contains("\"finished\""));
    let (status, _, told) = machine.client();
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("finished before"), "{told}");
}

#[test]
fn lab_no_machine_works_for_results_that_cannot_be_kept() {
    let machine = Machine::new("");
    machine.lab.write("results/node1", "");
    let (status, booted, told) = machine.client();
    assert_eq!((status, booted.len()), (Some(1), 0), "{told}");
    assert!(told.contains("failed: reserve: lab: ") && told.contains("results/node1"), "{told}");
    assert!(!machine.lab.path("state/node1/lease.json").exists());
}

#[test]
fn lab_no_machine_is_taken_for_what_is_not_there_and_the_job_is_begun_anew_when_it_is() {
    let machine = Machine::new("");
    let package = machine.lab.path("kernels/test.pkg");
    fs::remove_file(&package).unwrap();
    let (status, booted, told) = machine.client();
    assert_eq!((status, booted.len()), (Some(1), 0), "{told}");
    assert!(told.contains("failed: reserve: lab: ") && told.contains("[kernel]"), "{told}");

    machine.lab.write("kernels/test.pkg", "a kernel");
    let (status, booted, told) = machine.client();
    assert_eq!((status, booted.len()), (Some(1), 0), "{told}");
    assert!(told.contains(" before; --again begins it anew"), "{told}");
    let again = ["client", "node1", "--again"];
    let planned = machine.lab.printed(&[&again[..], &["--dry-run"]].concat());
    assert!(planned.contains("steps    reserve, "), "{planned}");
    let ended = machine.lab.run(&again);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(machine.lab.read("results/node1/config-one/a/iter-1/kernel.version"), "test\n");
    // What is finished is not begun anew.
    for words in [&again[..], &again[..2]] {
        let ended = machine.lab.run(words);
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains("finished before"), "{}", ended.stderr);
    }
}
