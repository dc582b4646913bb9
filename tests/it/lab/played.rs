//! A machine with a boot loader of its own, played by this one behind a real sshd: quick, and it does what no guest would
//! do when it is asked.

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
    s|/lib/modules|$here/modules|g; s|/sys/kernel/kexec_loaded|$here/kexec_loaded|g
    s|/proc/sys/kernel/kexec_load_disabled|$here/kexec_load_disabled|g; s|/run/systemd|$here/systemd|g; s|/etc/machine-id|$here/machine-id|g")"
"#;

pub const MMTESTS: &str = r#"#!/bin/sh
for run; do :; done
mkdir -p "work/log/$run/iter-0"
uname -a > "work/log/$run/iter-0/kernel.version"
"#;

/// Its jobs boot the kernel `test`, each in two boots; the known-good one is `good`.
pub struct Machine {
    pub lab: Lab,
    _sshd: Part,
}

impl Machine {
    /// `cancel` has the commands of `[boot]` that take back what was asked for.
    pub fn new(cancel: &str) -> Machine {
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
             once = [[\"sh\", \"-c\", \"echo $1 > {machine}/next; [ ! -e {machine}/asked ] || {machine}/asked\", \"sh\",
             \"{{release}}\"]]\n{cancel}\
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

    pub fn job(&self, name: &str) {
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
    pub fn client(&self) -> (Option<i32>, Vec<String>, String) {
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
