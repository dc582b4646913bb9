//! A machine that somebody takes while it is being installed.

use std::path::Path;

use super::played::Machine;

#[test]
fn lab_whoever_takes_a_machine_that_is_being_installed_is_left_alone_at_once() {
    let machine = Machine::new("");
    let melbot = format!("{} machine", env!("CARGO_BIN_EXE_melbot"));
    let lab = machine.lab.path("").display().to_string();
    let install = machine.lab.script(
        "machine/install",
        &format!(
            "#!/bin/sh\n{melbot} release node1 --force --lab {lab}\n\
             USER=jane {melbot} reserve node1 --reason 'a panic' --lab {lab}\n\
             echo $$ > {lab}/installs\nexec sleep 1000\n"
        ),
    );
    let file = machine.lab.read("machines/node1.toml");
    let deploy = format!("lease = 3\n[deploy]\ndriver = \"command\"\ncommand = [{install:?}]\n");
    machine.lab.write("machines/node1.toml", &(file + &deploy));
    let (status, boots, told) = machine.client();
    assert_eq!((status, boots.len()), (Some(1), 0), "{told}");
    assert!(told.contains("lease lost: jane has the machine"), "{told}");
    let process = machine.lab.read("installs");
    assert!(!Path::new("/proc").join(process.trim()).exists(), "it goes on: {told}");
    assert_eq!(machine.lab.read("machine/power"), "off\n", "as it was when she took it");
}
