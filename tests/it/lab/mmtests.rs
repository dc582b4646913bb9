//! MMTests itself: what `run-mmtests.sh` of a checkout does on a Debian, under two kernels.

use std::path::PathBuf;

use super::world::World;

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
