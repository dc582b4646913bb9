//! The units for systemd at work: a Debian is booted, and coordinator, builder and a client are started, killed and
//! stopped in it.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::http::MACHINE;
use super::killed::MAKEFILE;
use crate::lab::guest;
use crate::lab::world::{World, free_port};
use crate::support::project;

/// The unit is started again 30 seconds after a kill, and emulated processors are slow.
const PATIENCE: Duration = Duration::from_secs(300);
const PREPARE: &str = "[prepare]\npackages = [\"bison\", \"curl\", \"flex\"]\n[boot]\ndriver = \"grub\"\n[patience]\nboot = 600\nsilence = 400\n";
const COORDINATOR: &str = "clients = []\nbuilders = 0\n[http]\nlisten = \"127.0.0.1:8417\"\n\
    [trees.t]\nurl = \"tree\"\nfirst = \"all\"\nminutes = 0.05\n[kconfigs.k]\nbase = \"kconfig\"\n\
    [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\nmachines = [\"m\"]\nconfigs = [\"c\"]\n\
    mmtests = { source = \"mmtests\" }\n";
/// Everything is unpacked in /; the lab belongs to the user of the units.
const INSTALL: &str = r#"set -e
useradd --system --home-dir /var/lib/melbot --shell /usr/sbin/nologin melbot
cd /var/lib/melbot/tree
git init --quiet
git add --all
git -c user.name=t -c user.email=t@t commit --quiet --message One
git tag v6.1.1
chown -R melbot:melbot /var/lib/melbot
melbot token add builder1 --role build --lab /var/lib/melbot > /root/token
chown melbot:melbot -R /var/lib/melbot/state
mkdir -p /etc/melbot
printf 'MELBOT_COORDINATOR=http://127.0.0.1:8417\nMELBOT_TOKEN=%s\n' "$(cat /root/token)" > /etc/melbot/builder.env
systemctl daemon-reload
"#;

struct Guest<'w>(&'w World);

impl Guest<'_> {
    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let ended = self.0.run(&[&["machine", "exec", "vm1", "--"], words].concat());
        (ended.status, ended.stdout + &ended.stderr)
    }

    #[track_caller]
    fn on(&self, words: &[&str]) -> String {
        let (status, said) = self.run(words);
        assert_eq!(status, Some(0), "{words:?}: {said}\n{}", self.log());
        said
    }

    fn log(&self) -> String {
        self.run(&["journalctl", "--no-pager", "-o", "cat", "-u", "melbot-*"]).1
    }

    #[track_caller]
    fn wait(&self, what: &str, mut so: impl FnMut() -> bool) {
        let began = Instant::now();
        while !so() {
            assert!(began.elapsed() < PATIENCE, "{what}\n{}", self.log());
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn property(&self, unit: &str, name: &str) -> String {
        let property = format!("--property={name}");
        self.on(&["systemctl", "show", "--value", &property, unit]).trim().to_owned()
    }

    fn answers(&self, path: &str, says: &str) -> bool {
        let url = format!("http://127.0.0.1:8417{path}");
        self.run(&["curl", "--silent", "--max-time", "10", &url]).1.contains(says)
    }
}

/// A folder as `/` of the guest shall have it.
fn root(world: &World) {
    for folder in [
        "root/usr/bin",
        "root/etc/systemd/system",
        "root/var/lib/melbot/tree",
        "root/var/lib/melbot/machines",
    ] {
        fs::create_dir_all(world.path(folder)).unwrap();
    }
    let stripped = Command::new("strip")
        .arg("-o")
        .arg(world.path("root/usr/bin/melbot"))
        .arg(env!("CARGO_BIN_EXE_melbot"))
        .status();
    assert!(stripped.unwrap().success());
    for unit in ["melbot-coordinator.service", "melbot-builder.service", "melbot-client@.service"] {
        let to = world.path("root/etc/systemd/system").join(unit);
        fs::copy(project().join("dist").join(unit), to).unwrap();
    }
    for (path, text) in [
        ("coordinator.toml", COORDINATOR),
        ("kconfig", "CONFIG_X=y\n"),
        ("machines/m.toml", MACHINE),
        ("tree/Makefile", MAKEFILE),
        ("tree/number", "1\n"),
    ] {
        world.write(&format!("root/var/lib/melbot/{path}"), text);
    }
}

/// As an administrator would, over ssh.
fn unpack(world: &World, port: u16) {
    let to = format!("tar -C {} -cf - . | ssh -p {port}", world.path("root").display());
    let key = guest::folder().join("key");
    let done = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{to} -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
             root@127.0.0.1 tar -C / --no-overwrite-dir --no-same-owner -xf -",
            key.display()
        ))
        .status();
    assert!(done.unwrap().success());
}

#[test]
fn bobs_units_start_serve_survive_a_kill_and_stop_in_a_debian() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    let port = free_port();
    world.debian_at(port, PREPARE);
    world.printed(&["machine", "deploy", "vm1"]);
    world.switched_on();
    world.printed(&["machine", "prepare", "vm1"]);
    root(&world);
    unpack(&world, port);
    let guest = Guest(&world);
    guest.on(&["sh", "-c", INSTALL]);

    let units = ["melbot-coordinator", "melbot-builder", "melbot-client@m"];
    let began = Instant::now();
    guest.on(&[&["systemctl", "start"], &units[..]].concat());
    guest.wait("it serves", || guest.answers("/health", "ok"));
    println!("served {} s after its start", began.elapsed().as_secs());
    // The unit of the builder builds what that of the coordinator has found.
    guest.wait("a build", || {
        guest.answers("/metrics", "melbot_jobs{kind=\"build\",state=\"done\"} 1")
    });
    for unit in units {
        assert_eq!(guest.property(unit, "ActiveState"), "active", "{unit}\n{}", guest.log());
        assert_eq!(guest.property(unit, "NRestarts"), "0", "{unit}\n{}", guest.log());
        assert_eq!(
            guest.on(&["systemctl", "show", "--value", "--property=User", unit]).trim(),
            "melbot"
        );
    }
    assert!(guest.answers("/jobs", "6.1.1 with k"));
    // What they may not see, they do not.
    let pid = guest.property("melbot-coordinator", "MainPID");
    let written = guest.run(&["nsenter", "-t", &pid, "-m", "sh", "-c", "echo x > /etc/melbot/x"]);
    assert!(written.0 != Some(0) && written.1.contains("Read-only file system"), "{written:?}");

    guest.on(&["systemctl", "restart", "melbot-coordinator"]);
    guest.wait("it serves again", || guest.answers("/jobs", "6.1.1 with k"));
    assert_ne!(guest.property("melbot-coordinator", "MainPID"), pid);

    guest.on(&["systemctl", "kill", "--signal=KILL", "--kill-who=main", "melbot-coordinator"]);
    guest.wait("it is started again", || guest.property("melbot-coordinator", "NRestarts") == "1");
    guest.wait("it serves after a kill", || guest.answers("/jobs", "6.1.1 with k"));

    let began = Instant::now();
    guest.on(&[&["systemctl", "stop"], &units[..]].concat());
    let took = began.elapsed();
    println!("stopped in {} s", took.as_secs());
    assert!(took < Duration::from_secs(45), "nobody had to be killed: {took:?}");
    for unit in ["melbot-coordinator", "melbot-builder"] {
        assert_eq!(guest.property(unit, "Result"), "success", "{unit}\n{}", guest.log());
    }
    assert!(
        guest.log().contains("ends; what was begun goes on at the next start"),
        "{}",
        guest.log()
    );
}
