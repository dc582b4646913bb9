//! What a boot loader was asked to boot once comes up at another time than it was asked for, or each time.

use super::played::Machine;

const CANCEL: &str = "cancel = [[\"sh\", \"-c\", \"! grep -qx $1 MACHINE/next || rm MACHINE/next\", \"sh\", \"{release}\"]]\n";

#[test]
fn lab_a_kernel_that_a_dead_client_asked_for_is_not_taken_for_the_known_good_one() {
    for cancel in ["", CANCEL] {
        let machine = Machine::new(cancel);
        machine.lab.write("machine/die", "");
        let (status, boots, told) = machine.client();
        assert_eq!((status, boots.join(" ").as_str()), (None, "good"), "{told}");
        assert_eq!(machine.lab.read("machine/next"), "test\n");

        // What it asked for comes where the known-good kernel is wanted, and that after it.
        let (status, boots, told) = machine.client();
        assert_eq!((status, boots.join(" ").as_str()), (Some(0), "test good test test"), "{told}");
        let version = machine.lab.read("results/node1/config-one/a/iter-1/kernel.version");
        assert_eq!(version, "test\n");

        machine.job("b");
        let (status, boots, told) = machine.client();
        assert_eq!((status, boots.join(" ").as_str()), (Some(0), "good test test"), "{told}");
    }
}

#[test]
fn lab_a_kernel_that_a_dead_client_asked_for_and_that_hangs_is_no_fault_of_the_known_good_one() {
    let machine = Machine::new("");
    machine.lab.write("machine/die", "");
    machine.client();
    machine.lab.write("machine/broken", "test\n");
    let (status, boots, told) = machine.client();
    // The first of them is not one of the job's own two attempts.
    assert_eq!((status, boots.join(" ").as_str()), (Some(1), "test good test good test"), "{told}");
}

#[test]
fn lab_whoever_takes_a_machine_from_a_client_is_spared_the_kernel_that_it_asked_for() {
    for (cancel, left) in [("", true), (CANCEL, false)] {
        let machine = Machine::new(cancel);
        let file = machine.lab.read("machines/node1.toml");
        machine.lab.write("machines/node1.toml", &format!("{file}lease = 3\n"));
        // Before the power of the machine is touched.
        let melbot = format!("{} machine", env!("CARGO_BIN_EXE_melbot"));
        let lab = machine.lab.path("").display().to_string();
        machine.lab.script(
            "machine/asked",
            &format!(
                "#!/bin/sh\n{melbot} release node1 --force --lab {lab}\n\
                 USER=jane {melbot} reserve node1 --reason 'a panic' --lab {lab}\nsleep 4\n"
            ),
        );
        let (status, boots, told) = machine.client();
        assert_eq!((status, boots.join(" ").as_str()), (Some(1), "good"), "{told}");
        assert!(told.contains("lease lost: jane has the machine"), "{told}");
        assert_eq!(machine.lab.read("machine/power"), "on\n", "it is hers now");
        assert_eq!(machine.lab.path("machine/next").exists(), left, "{told}");
        assert_eq!(told.contains("test may come up in its next boot"), left, "{told}");
    }
}

#[test]
fn lab_a_boot_loader_that_boots_each_time_what_it_should_once_is_told_so_or_found_out() {
    let machine = Machine::new(CANCEL);
    machine.lab.write("machine/sticky", "");
    for job in ["a", "b"] {
        machine.job(job);
        let (status, boots, told) = machine.client();
        assert_eq!((status, boots.join(" ").as_str()), (Some(0), "good test test"), "{told}");
    }

    let machine = Machine::new("");
    machine.lab.write("machine/sticky", "");
    assert_eq!(machine.client().0, Some(0));
    machine.job("b");
    let (status, boots, told) = machine.client();
    assert_eq!((status, boots.join(" ").as_str()), (Some(1), "test test test test"), "{told}");
    assert!(told.contains("test was to be booted once, and comes up each time"), "{told}");
    assert!(told.contains("state/node1/boot-once.json"), "{told}");
}
