//! MMTests itself: what `run-mmtests.sh` of a checkout does on a Debian, under two kernels.

use std::path::PathBuf;

use super::world::World;
use crate::support::{argument, printed, unpacked};

#[test]
fn what_the_lab_brought_home_of_mmtests_is_read_and_shown() {
    let results = unpacked("lab.tar.xz");
    let results = argument(&results);
    let checked = printed(&["check", results]);
    assert!(checked.contains("2 runs of 1 config on 1 machine"), "{checked}");
    assert!(checked.contains("nothing is missing, nothing is odd"), "{checked}");
    let extracted = printed(&["extract", results, "--format", "csv"]);
    for threads in [1, 2] {
        assert_eq!(extracted.matches(&format!(",Elapsed-{threads},")).count(), 2 * 2 * 5);
    }
    let site = tempfile::tempdir().unwrap();
    printed(&["site", results, "-o", argument(site.path())]);
    let folder = site.path().join("vm1/config-workload-poundsyscall");
    let page = std::fs::read_to_string(folder.join("6.12.117+deb13-cloud-amd64.html")).unwrap();
    for told in [
        "638401e07e70d67fa5a1e6295e1315ae0af831b2",
        "linux-image-6.12.117+deb13-cloud-amd64_6.12.117-1_amd64.deb",
        "b0f96c44-a303-43da-b051-a1abe209949d, iteration 1, 454 s",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

/// `MMTESTS_DIR` names a checkout of it; it is under the GPL and no part of melbot.
fn mmtests() -> Option<PathBuf> {
    let folder = std::env::var_os("MMTESTS_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("left out: MMTESTS_DIR=DIR runs it");
    }
    folder
}

#[test]
fn lab_mmtests_itself_is_run_under_two_kernels_and_read() {
    let Some(mmtests) = mmtests() else { return };
    let world = World::new();
    let kernels = world.list("kernels");
    world.debian(&format!(
        "[boot]\ndriver = \"qemu\"\nknown_good = \"kernels/{}\"\n\
         command_line = \"root=/dev/vda1 console=ttyS0 panic=30 mitigations=off net.ifnames=0\"\n",
        kernels[0]
    ));
    for (job, kernel) in world.list("jobs").iter().zip(&kernels) {
        world.write(
            &format!("jobs/{job}"),
            &format!(
                "machines = [\"vm1\"]\nconfig = \"config-workload-poundsyscall\"\niterations = 2\n\
                 monitors = true\nminutes = 30\n[kernel]\npackage = \"kernels/{kernel}\"\n[mmtests]\n\
                 source = {mmtests:?}\n\
                 set = {{ POUNDSYSCALL_ITERATIONS = \"5\", POUNDSYSCALL_MAX_THREADS = \"2\", \
                 MONITORS_GZIP = \"proc-vmstat mpstat\" }}\n"
            ),
        );
    }
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");

    let config = "results/vm1/config-workload-poundsyscall";
    let runs = world.list(config);
    assert_eq!(runs.len(), 2, "{runs:?}");
    for run in &runs {
        for iteration in 0..2 {
            let folder = format!("{config}/{run}/iter-{iteration}");
            let version = world.read(&format!("{folder}/kernel.version"));
            assert!(version.contains(run.as_str()), "{version}");
            let names = world.list(&folder);
            for monitor in ["proc-vmstat", "mpstat", "vmstat"] {
                let wrote = |name: &String| name.starts_with(&format!("{monitor}-poundsyscall"));
                assert!(names.iter().any(wrote), "{monitor}: {names:?}");
            }
        }
    }
    let checked = world.printed(&["check", "results"]);
    assert!(checked.contains("nothing is missing, nothing is odd"), "{checked}");
    // The variables of the job, not those of the config.
    let extracted = world.printed(&["extract", "results", "--format", "csv"]);
    for threads in [1, 2] {
        let samples = extracted.matches(&format!("Elapsed-{threads},")).count();
        assert_eq!(samples, 2 * 2 * 5, "{extracted}");
    }
    assert!(!extracted.contains("Elapsed-4,"), "{extracted}");
    world.printed(&["site", "results", "-o", "site"]);
    let compared = world.printed(&["compare", "results"]);
    println!("{compared}");
    if let Some(keep) = std::env::var_os("MELBOT_KEEP") {
        let kept = std::process::Command::new("cp")
            .arg("-r")
            .arg(world.path("results"))
            .arg(keep)
            .status();
        assert!(kept.unwrap().success());
    }
}
