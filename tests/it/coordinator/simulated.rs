//! A machine that is a folder: it is powered, booted and reached like any other, over a real sshd, and what its
//! kernels differ in is a number that each of them carries.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::bob::git;
use crate::drivers::parts::{Part, free_port, listens};
use crate::lab::world::World;

/// Power: a boot has a new id and the kernel that was asked for, once, or the known-good one.
const POWER: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
case $1 in
on)
    [ -e on ] && exit 0
    cat /proc/sys/kernel/random/uuid > boot_id
    echo x >> boots
    echo known-good > osrelease
    [ -e next ] && mv next osrelease
    echo quiet > cmdline
    : > on
    ;;
off) rm -f on ;;
status) if [ -e on ]; then echo on; else echo off; fi ;;
esac
"#;

/// What sshd runs in place of what it is asked to: the same, with the files of this machine.
const SHELL: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
[ -e on ] || exit 255
command=$(printf '%s\n' "$SSH_ORIGINAL_COMMAND" | sed "
    s|/var/tmp|$PWD/tmp|g
    s|/proc/sys/kernel/random/boot_id|$PWD/boot_id|g
    s|/proc/sys/kernel/osrelease|$PWD/osrelease|g
    s|/proc/cmdline|$PWD/cmdline|g
    s|/lib/modules|$PWD/modules|g
    s|/root/|$PWD/root/|g
    s|^sync$|true|")
exec sh -c "$command"
"#;

/// A kernel is a folder with a number.
const INSTALL: &str = r#"#!/bin/sh
cd "$(dirname "$0")/modules" && tar -xzf "../tmp/melbot/${1##*/}"
"#;
const ONCE: &str = r#"#!/bin/sh
cd "$(dirname "$0")" && [ -d "modules/$1" ] && echo "$1" > next
"#;

/// In place of MMTests: the time that its benchmark takes is the number of the kernel, and half a percent of
/// luck that a boot has: the first one always the same, and so on.
const RUN_MMTESTS: &str = r#"#!/bin/sh
[ "$1" = -n ] && [ "$2" = -c ] || exit 2
. "./$3"
machine=${PWD%/root/mmtests}
release=$(cat "$machine/osrelease")
speed=$(cat "$machine/modules/$release/speed") || exit 1
log=work/log/$4/iter-0
logs=$log/poundsyscall/logs
rm -rf "$log"
mkdir -p "$logs" || exit 1
echo "Linux m $release #1 SMP" > "$log/kernel.version"
boot=$(cksum < "$machine/boots" | cut -d ' ' -f 1)
threads=$POUNDSYSCALL_MIN_THREADS
while [ "$threads" -le "$POUNDSYSCALL_MAX_THREADS" ]; do
    for sample in 1 2 3; do
        awk -v boot="$boot" -v speed="$speed" -v threads="$threads" 'BEGIN {
            srand(boot)
            luck = 0
            for (i = 0; i < 12; i++) luck += rand()
            value = speed * threads * (1 + 0.005 * (luck - 6))
            printf "0.01user 0.02system 0:%.2felapsed 99%%CPU\n", value
        }' > "$logs/time-$threads-$sample"
    done
    threads=$((threads * 2))
done
echo "$(date +%s) run-mmtests: Start" > "work/log/$4/mmtests-activity"
echo "$(date +%s) status :: 0" >> "work/log/$4/mmtests-activity"
"#;

/// In place of the kernel's makefiles.
const MAKEFILE: &str = "\
RELEASE = 6.0.0$(LOCALVERSION)\n\
olddefconfig:\n\
\tmkdir -p $(O)/include/config $(O)/$(RELEASE)\n\
targz-pkg:\n\
\t@[ ! -e broken ] || { echo 'x.c:1: error: no x'; exit 1; }\n\
\techo '$(KCFLAGS)' > $(O)/System.map\n\
\techo $(RELEASE) > $(O)/include/config/kernel.release\n\
\tcp speed $(O)/$(RELEASE)/\n\
\ttar -C $(O) -czf $(O)/linux-$(RELEASE)-x86.tar.gz $(RELEASE)\n";

/// The config that is run.
pub const CONFIG: &str = "config-demo-syscalls";

/// A lab with machines that are folders.
pub struct Simulated {
    pub world: World,
    _daemons: Vec<Part>,
}

impl Simulated {
    /// With machines of these names, and an empty git tree.
    pub fn new(machines: &[&str]) -> Simulated {
        let world = World::without_machines();
        for folder in ["machines", "keys", "mmtests/configs", "tree", "results"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        world.write("kconfig", "");
        world.write("mmtests/run-mmtests.sh", RUN_MMTESTS);
        executable(&world, "mmtests/run-mmtests.sh");
        world.write(
            &format!("mmtests/configs/{CONFIG}"),
            "export MMTESTS=\"poundsyscall another\"\n\
             export POUNDSYSCALL_MIN_THREADS=1\nexport POUNDSYSCALL_MAX_THREADS=4\n",
        );
        git(&world.path("tree"), &["init", "--quiet"]);
        key(&world, "ours");
        let daemons = machines.iter().map(|name| machine(&world, name)).collect();
        Simulated { world, _daemons: daemons }
    }

    /// Commits a kernel; `None` does not build.
    pub fn commit(&self, subject: &str, speed: Option<f64>) -> String {
        let tree = self.world.path("tree");
        fs::write(tree.join("Makefile"), MAKEFILE).unwrap();
        let broken = tree.join("broken");
        match speed {
            Some(speed) => {
                fs::write(tree.join("speed"), format!("{speed}\n")).unwrap();
                let _ = fs::remove_file(broken);
            }
            None => fs::write(broken, "").unwrap(),
        }
        fs::write(tree.join(subject.replace(' ', "-")), subject).unwrap();
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "--message", subject]);
        git(&tree, &["rev-parse", "HEAD"])
    }

    pub fn tag(&self, tag: &str) {
        git(&self.world.path("tree"), &["tag", tag]);
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // Shared connections live on for a while.
        for name in self.world.list("machines") {
            let name = name.trim_end_matches(".toml");
            let socket = self.world.path(&format!("state/{name}/ssh.sock"));
            let mut exit = Command::new("ssh");
            let _ = exit.args(["-O", "exit", "-S"]).arg(socket).arg(name).output();
        }
    }
}

fn machine(world: &World, name: &str) -> Part {
    let folder = world.path(&format!("sim/{name}"));
    for inside in ["modules", "tmp", "root"] {
        fs::create_dir_all(folder.join(inside)).unwrap();
    }
    for (script, text) in [("power", POWER), ("shell", SHELL), ("install", INSTALL), ("once", ONCE)]
    {
        world.write(&format!("sim/{name}/{script}"), text);
        executable(world, &format!("sim/{name}/{script}"));
    }
    let host_key = key(world, name);
    let port = free_port();
    let at = folder.display();
    let keys = world.path("keys");
    let keys = keys.display();
    world.write(
        &format!("sim/{name}/sshd_config"),
        &format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {keys}/{name}\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {keys}/ours.pub\nStrictModes no\n\
             PermitRootLogin prohibit-password\nForceCommand {at}/shell\n"
        ),
    );
    // Where root's sshd wants to be; anybody else's does without.
    let _ = fs::create_dir_all("/run/sshd");
    let daemon = Part::start(
        Command::new("/usr/sbin/sshd").args(["-D", "-e", "-f"]).arg(folder.join("sshd_config")),
    );
    listens(port);
    let user = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    world.write(
        &format!("machines/{name}.toml"),
        &format!(
            "[power]\ndriver = \"command\"\non = [\"{at}/power\", \"on\"]\n\
             off = [\"{at}/power\", \"off\"]\nstatus = [\"{at}/power\", \"status\"]\n\
             [exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{}\"\n\
             identity = \"keys/ours\"\nhost_key = \"{host_key}\"\n\
             [boot]\ndriver = \"command\"\ninstall = [[\"{at}/install\", \"{{file}}\"]]\n\
             once = [[\"{at}/once\", \"{{release}}\"]]\n",
            user.trim()
        ),
    );
    daemon
}

/// The public half of a new key.
fn key(world: &World, name: &str) -> String {
    let path = world.path(&format!("keys/{name}"));
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&path).status();
    assert!(made.unwrap().success());
    world.read(&format!("keys/{name}.pub")).trim().to_owned()
}

fn executable(world: &World, inside: &str) {
    fs::set_permissions(world.path(inside), fs::Permissions::from_mode(0o755)).unwrap();
}
