//! Commands and files over a real sshd.

use std::fs;
use std::process::Command;

use melbot::lab::exec::{self, Exec as _, Remote, SshExec};
use melbot::lab::unpack::{Limits, unpack};

use super::parts::{LONG, Lab, Part, free_port, listens};

struct Host {
    lab: Lab,
    port: u16,
    user: String,
    _daemon: Part,
}

fn key(lab: &Lab, name: &str) -> String {
    let path = lab.path(name);
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&path).status();
    assert!(made.unwrap().success());
    lab.read(&format!("{name}.pub")).trim().to_owned()
}

impl Host {
    fn new() -> Host {
        let lab = Lab::new("");
        let port = free_port();
        let (host_key, ours) = (key(&lab, "host"), key(&lab, "ours"));
        lab.write("authorized", &format!("{ours}\n"));
        let folder = lab.path("");
        let folder = folder.display();
        let configuration = lab.write(
            "sshd_config",
            &format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nUsePAM no\n\
                 AuthorizedKeysFile {folder}/authorized\nStrictModes no\n\
                 PermitRootLogin prohibit-password\n"
            ),
        );
        // Where root's sshd wants to be; anybody else's does without.
        let _ = fs::create_dir_all("/run/sshd");
        let daemon =
            Part::start(Command::new("/usr/sbin/sshd").args(["-D", "-e", "-f"]).arg(configuration));
        listens(port);
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap().trim().to_owned();
        let host = Host { lab, port, user, _daemon: daemon };
        host.pinned(&host_key);
        host
    }

    fn pinned(&self, key: &str) {
        let Host { port, user, .. } = self;
        self.lab.machine(&format!(
            "[exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\n\
             identity = \"ours\"\nhost_key = \"{key}\"\n\
             [power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"on\"]\n"
        ));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The shared connection lives on for a while.
        let socket = self.lab.path("state/node1/ssh.sock");
        let _ = Command::new("ssh").args(["-O", "exit", "-S"]).arg(socket).arg("node1").output();
    }
}

#[test]
fn commands_over_ssh_arrive_as_they_are_and_only_at_the_right_host() {
    let host = Host::new();
    let lab = &host.lab;
    let exec = |words: &[&str]| lab.run(&[&["machine", "exec", "node1", "--"], words].concat());
    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("exec     ok     it runs "), "{checked}");

    let odd =
        ["$(touch hit)", "a b", "", "it's", "`id`", "-n", "*", "\"", "\\", "ü\n;", "~", "&& true"];
    let words = [&["printf", "%s|"], &odd[..]].concat();
    assert_eq!(exec(&words).stdout, odd.map(|word| format!("{word}|")).concat());
    assert_eq!(exec(&["true"]).status, Some(0));
    assert_eq!(exec(&["sh", "-c", "exit 7"]).status, Some(1));

    // A host with another key, whatever connection is still open.
    let known = lab.path("state/node1/ssh.sock");
    let _ = Command::new("ssh").args(["-O", "exit", "-S"]).arg(known).arg("node1").output();
    host.pinned(&key(lab, "another"));
    let told = exec(&["touch", lab.path("reached").to_str().unwrap()]);
    assert!(told.stderr.contains("host_key of [exec]"), "{told:?}");
    assert!(!lab.path("reached").exists());
}

#[test]
fn files_are_copied_both_ways_whatever_they_are_called() {
    let host = Host::new();
    let lab = &host.lab;
    let exec = SshExec {
        machine: "node1".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: host.port,
        user: host.user.clone(),
        identity: Some(lab.path("ours")),
        host_key: lab.read("host.pub"),
        folder: lab.path("state/node1"),
    };
    fs::create_dir_all(&exec.folder).unwrap();
    let names =
        ["plain", "two words", "it's", "$(touch hit)", "-n", "new\nline", "\"", "ümlaut", "*"];
    for name in names {
        lab.write(&format!("here/{name}/{name}"), &format!("{name} of\0bytes\r\n"));
    }
    let there = lab.path("there/it's $HOME; *");
    let there = there.to_str().unwrap();
    exec::push(&exec, &lab.path("here"), there, LONG).unwrap();

    let mut archive = Vec::new();
    let exit = exec
        .run(&mut Remote {
            words: &["tar", "-C", there, "-cf", "-", "."],
            input: &mut std::io::empty(),
            output: &mut archive,
            limit: 1 << 20,
            within: LONG,
        })
        .unwrap();
    assert!(exit.success(), "{exit:?}");
    let back = lab.path("back");
    fs::create_dir(&back).unwrap();
    let unpacked = unpack(archive.as_slice(), &back, Limits::RUN).unwrap();
    assert_eq!((unpacked.files, unpacked.left_out), (names.len() as u64, Vec::new()));
    for name in names {
        assert_eq!(lab.read(&format!("back/{name}/{name}")), format!("{name} of\0bytes\r\n"));
    }
    assert!(!lab.path("hit").exists());
}
