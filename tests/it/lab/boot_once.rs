//! A machine with a boot loader of its own, played by this one behind a real sshd: what it was asked to boot once comes
//! up at another time than it was asked for, or each time.

use std::fs;
use std::process::Command;

use crate::drivers::parts::{Lab, Part, free_port, listens};

/// What switches it. With `die`, whoever asked for a kernel is killed before it is booted.
const POWER: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit
case $1 in
on)
    [ "$(cat power)" = off ] || exit 0
    if [ -e next ]; then cat next; else echo good; fi > running
    [ -e sticky ] || rm -f next
    cat running >> boots
    cat /proc/sys/kernel/random/uuid > boot_id
    echo on > power
    ;;
off)
    [ ! -e next ] || [ ! -e die ] || { rm die; kill -9 "$PPID"; }
    echo off > power
    ;;
status) cat power ;;
esac
"#;

/// What runs on it: commands see its kernel and its files in place of those of this machine.
const SYSTEM: &str = r#"#!/bin/sh
here=$(dirname "$0")
[ "$(cat "$here/power")" = on ] || exit 255
[ "$(cat "$here/running")" != "$(cat "$here/broken" 2> /dev/null)" ] || exit 255
PATH=$here/bin:$PATH
exec sh -c "$(printf %s "$SSH_ORIGINAL_COMMAND" | sed "s|/proc/sys/kernel/random/boot_id|$here/boot_id|g
    s|/proc/sys/kernel/osrelease|$here/running|g; s|/var/tmp/melbot|$here/tmp/melbot|g
    s|/lib/modules|$here/modules|g")"
"#;

const MMTESTS: &str = r#"#!/bin/sh
for run; do :; done
mkdir -p "work/log/$run/iter-0"
uname -a > "work/log/$run/iter-0/kernel.version"
"#;

struct Machine {
    lab: Lab,
    _sshd: Part,
}

impl Machine {
    /// `cancel` has the commands of `[boot]` that take back what was asked for.
    fn new(cancel: &str) -> Machine {
        let lab = Lab::new("");
        let machine = lab.path("machine").display().to_string();
        lab.script("machine/switch", POWER);
        lab.script("machine/system", SYSTEM);
        lab.script("machine/bin/uname", "#!/bin/sh\ncat \"$(dirname \"$0\")/../running\"\n");
        lab.script("machine/bin/sync", "#!/bin/sh\n");
        lab.write("machine/power", "off\n");
        lab.write("machine/modules/good/version", "");
        lab.write("kernels/test.pkg", "a kernel");
        lab.script("mmtests/run-mmtests.sh", MMTESTS);
        lab.write("mmtests/configs/config-one", "export MMTESTS=none\n");
        for name in ["host", "ours"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(lab.path(name));
            assert!(keygen.status().unwrap().success());
        }
        let folder = lab.path("").display().to_string();
        let port = free_port();
        let configuration = lab.write(
            "sshd_config",
            &format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nUsePAM no\n\
                 AuthorizedKeysFile {folder}/ours.pub\nStrictModes no\nPermitRootLogin yes\n\
                 ForceCommand {machine}/system\n"
            ),
        );
        // Where root's sshd wants to be; anybody else's does without.
        let _ = fs::create_dir_all("/run/sshd");
        let sshd =
            Part::start(Command::new("/usr/sbin/sshd").args(["-D", "-e", "-f"]).arg(configuration));
        listens(port);
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap();
        let switch = |action: &str| format!("{action} = [\"{machine}/switch\", \"{action}\"]\n");
        lab.machine(&format!(
            "[power]\ndriver = \"command\"\n{on}{off}{status}\
             [exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\n\
             identity = \"ours\"\nhost_key = \"{key}\"\n\
             [boot]\ndriver = \"command\"\ninstall = [[\"true\", \"{{file}}\"]]\n\
             once = [[\"sh\", \"-c\", \"echo $1 > {machine}/next\", \"sh\", \"{{release}}\"]]\n{cancel}\
             [patience]\nboot = 2\npower = 5\n",
            on = switch("on"),
            off = switch("off"),
            status = switch("status"),
            user = user.trim(),
            key = lab.read("host.pub").trim(),
            cancel = cancel.replace("MACHINE", &machine),
        ));
        let machine = Machine { lab, _sshd: sshd };
        machine.job("a");
        machine
    }

    fn job(&self, name: &str) {
        let folder = self.lab.path("machine/mmtests");
        self.lab.write(
            &format!("jobs/{name}.toml"),
            &format!(
                "machines = [\"node1\"]\nconfig = \"config-one\"\nrun = \"{name}\"\niterations = 2\n\
                 attempts = 2\nminutes = 1\n[kernel]\npackage = \"kernels/test.pkg\"\n\
                 release = \"test\"\n[mmtests]\nsource = \"mmtests\"\nfolder = {folder:?}\n"
            ),
        );
    }

    /// What a client comes to, and the kernels that came up meanwhile.
    fn client(&self) -> (Option<i32>, Vec<String>, String) {
        let ended = self.lab.run(&["client", "node1"]);
        let boots = self.lab.path("machine/boots");
        let kernels = fs::read_to_string(&boots).unwrap_or_default();
        let _ = fs::remove_file(boots);
        (ended.status, kernels.lines().map(str::to_owned).collect(), ended.stderr)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let socket = self.lab.path("state/node1/ssh.sock");
        let _ = Command::new("ssh").args(["-O", "exit", "-S"]).arg(socket).arg("node1").output();
    }
}

const CANCEL: &str = "cancel = [[\"rm\", \"-f\", \"MACHINE/next\"]]\n";

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
