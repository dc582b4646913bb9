//! ipmi_sim is the controller, ipmitool asks it, and QEMU is the machine behind it.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::parts::{Lab, Part, assert_in_no_command_line, free_port, free_udp_port, kernel, until};

const PASSWORD: &str = "kept-to-ourselves";

/// A controller and its machine.
pub struct Controlled {
    pub lab: Lab,
    /// Goes before the folder does.
    _simulator: Part,
}

impl Controlled {
    /// The machine is what this program runs, with all further arguments.
    fn new(starts: impl FnOnce(&Lab, u16, u16) -> String) -> Controlled {
        Controlled::with("[patience]\npower = 4\n", starts)
    }

    /// With further tables of the machine's file.
    pub fn with(tables: &str, starts: impl FnOnce(&Lab, u16, u16) -> String) -> Controlled {
        let lan = free_udp_port();
        let (kcs, serial) = (free_port(), free_port());
        let lab = Lab::new(&format!(
            "[power]\ndriver = \"ipmi\"\n[console]\ndriver = \"ipmi\"\n\
             [bmc]\nhost = \"127.0.0.1\"\nport = {lan}\nuser = \"admin\"\n\
             password_file = \"keys/bmc\"\n{tables}"
        ));
        lab.secret("keys/bmc", PASSWORD);
        let text = starts(&lab, kcs, serial);
        let start = lab.script("start", &text);
        let privileges = ["callback", "user", "operator", "admin"]
            .map(|level| format!("allowed_auths_{level} none md2 md5 straight\n"))
            .concat();
        let configuration = lab.write(
            "lan.conf",
            &format!(
                "name \"node1\"\nset_working_mc 0x20\nstartlan 1\naddr 127.0.0.1 {lan}\n\
                 priv_limit admin\n{privileges}guid a123456789abcdefa123456789abcdef\nendlan\n\
                 serial 15 127.0.0.1 {kcs} codec VM\nstartcmd \"{}\"\nstartnow false\n\
                 poweroff_wait 3\nkill_wait 1\nsol \"tcp:127.0.0.1:{serial}\" 115200 history=65536\n\
                 user 1 true \"\" \"test\" user 10 none md2 md5 straight\n\
                 user 2 true \"admin\" \"{PASSWORD}\" admin 10 none md2 md5 straight\n",
                start.display()
            ),
        );
        let controller = lab.write(
            "node1.emu",
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n\
             sel_enable 0x20 1000 0x0a\nmc_enable 0x20\n",
        );
        fs::create_dir(lab.path("bmc")).unwrap();
        let simulator = Part::start(
            Command::new("ipmi_sim")
                .arg("-c")
                .arg(configuration)
                .arg("-f")
                .arg(controller)
                .arg("-s")
                .arg(lab.path("bmc"))
                .arg("-n"),
        );
        let answers = until(|| lab.run(&["machine", "power", "node1", "status"]).status == Some(0));
        assert!(answers, "the controller does not answer");
        Controlled { lab, _simulator: simulator }
    }
}

impl Drop for Controlled {
    fn drop(&mut self) {
        let written = fs::read_to_string(self.lab.path("pid")).unwrap_or_default();
        if let Some(pid) = written.trim().parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// A virtual machine with a kernel and no root file system, which panics.
fn panicking(lab: &Lab, kcs: u16, serial: u16) -> String {
    format!(
        "#!/bin/sh\nexec qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 256 -nodefaults \
         -display none -pidfile {} -kernel {} -append 'console=ttyS0 panic=600' \
         -chardev socket,id=ipmi0,host=127.0.0.1,port={kcs},reconnect=1 \
         -device ipmi-bmc-extern,id=bmc0,chardev=ipmi0 -device isa-ipmi-kcs,bmc=bmc0 \
         -chardev socket,id=con,host=127.0.0.1,port={serial},server=on,wait=on \
         -serial chardev:con </dev/null >/dev/null 2>&1\n",
        lab.path("pid").display(),
        kernel(&lab.path("kernel")).display()
    )
}

#[test]
fn a_machine_behind_ipmi_is_switched_and_its_serial_port_is_logged() {
    let controlled = Controlled::new(panicking);
    let lab = &controlled.lab;
    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("power    ok     it is off"), "{checked}");
    assert!(checked.contains("console  ok     it opens"), "{checked}");

    assert_eq!(lab.power("status"), "off\n");
    let console = lab.attach();
    assert_eq!(lab.power("on"), "on\n");
    lab.console_says("Linux version ", 1);
    assert_in_no_command_line(PASSWORD);
    lab.console_says("Kernel panic - not syncing", 1);

    // What kept the serial port open has died without a word.
    console.signal(Signal::KILL);
    drop(console);
    let console = lab.attach();
    assert_eq!(lab.power("cycle"), "on\n");
    lab.console_says("Linux version ", 2);
    lab.console_says("Kernel panic - not syncing", 2);

    // A kernel that panicked does not care about the button.
    assert_eq!(lab.power("soft"), "off\n");
    drop(console);
}

#[test]
fn a_controller_that_says_ok_and_does_nothing_is_found_out() {
    let controlled = Controlled::new(|_, _, _| "#!/bin/sh\nexit 0\n".to_owned());
    let told = controlled.lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("the driver said OK, but it is off"), "{told}");
}

#[test]
fn a_wrong_password_is_told_with_its_remedy() {
    let controlled = Controlled::new(|_, _, _| "#!/bin/sh\nexit 0\n".to_owned());
    controlled.lab.secret("keys/bmc", "guessed");
    let told = controlled.lab.refused(&["machine", "power", "node1", "status"]);
    assert!(told.contains("password_file") && told.contains("[bmc]"), "{told}");
}
