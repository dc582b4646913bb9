//! Consoles of conserver and of ser2net.

use std::io::Write as _;
use std::process::Command;

use rustix::process::Signal;

use super::parts::{Lab, Part, free_port, listens};

/// What is at the other end of the serial line: it answers, and it goes on by itself.
fn speaker(lab: &Lab) -> String {
    let text = "#!/bin/sh\ntrap 'kill $! 2>/dev/null' EXIT\n\
        (while echo tick; do sleep 1; done) &\n\
        while read line; do echo \"got $line\"; done\n";
    lab.script("speaker", text).display().to_string()
}

#[test]
fn a_console_of_conserver_is_logged_typed_on_and_found_again() {
    let lab = Lab::new("");
    let (port, second) = (free_port(), free_port());
    lab.machine(&format!(
        "[console]\ndriver = \"conserver\"\nserver = \"127.0.0.1\"\nport = {port}\nconsole = \"node1\"\n"
    ));
    let configuration = lab.write(
        "conserver.cf",
        &format!(
            "default * {{ logfile \"\"; rw *; master localhost; }}\n\
             console node1 {{ type exec; exec {}; }}\n\
             access * {{ trusted 127.0.0.1; allowed 127.0.0.1; }}\n",
            speaker(&lab)
        ),
    );
    let start = || {
        let mut command = Command::new("/usr/sbin/conserver");
        command.args(["-n", "-M", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-b", &second.to_string(), "-C"]).arg(&configuration);
        let conserver = Part::start(&mut command);
        listens(port);
        conserver
    };
    let conserver = start();
    let checked = lab.printed(&["machine", "check", "node1"]);
    assert!(checked.contains("console  ok     it opens"), "{checked}");

    let mut owner = lab.attach();
    lab.console_says("tick", 1);
    let typed = owner.0.stdin.as_mut().unwrap();
    typed.write_all(b"hello\n").unwrap();
    lab.console_says("got hello", 1);

    conserver.signal(Signal::KILL);
    drop(conserver);
    let ticks = lab.read("state/node1/console/console.log").matches("tick").count();
    let _conserver = start();
    lab.console_says("tick", ticks + 2);
    drop(owner);
}

#[test]
fn a_port_of_ser2net_is_logged_and_typed_on() {
    let lab = Lab::new("");
    let port = free_port();
    lab.machine(&format!("[console]\ndriver = \"tcp\"\naddress = \"127.0.0.1:{port}\"\n"));
    let told = lab.run(&["machine", "check", "node1"]);
    assert!(told.stdout.contains("console  FAULT  Connection refused"), "{told:?}");

    let configuration = lab.write(
        "ser2net.yaml",
        &format!(
            "connection: &node1\n  accepter: tcp,127.0.0.1,{port}\n  connector: stdio,{}\n",
            speaker(&lab)
        ),
    );
    let _ser2net =
        Part::start(Command::new("/usr/sbin/ser2net").args(["-n", "-u", "-c"]).arg(configuration));
    listens(port);
    let mut owner = lab.attach();
    lab.console_says("tick", 2);
    owner.0.stdin.as_mut().unwrap().write_all(b"hello\n").unwrap();
    lab.console_says("got hello", 1);
}
