//! Consoles: commands are run on that of a machine without a network, and one that a console server has is
//! watched over a whole job.

use std::process::Command;

use super::world::{World, free_port};
use crate::drivers::parts::{Part, listens};

#[test]
fn lab_a_job_is_done_over_the_console_alone() {
    let world = World::new();
    world.one_job(1, "");
    world.edit("machines/vm1.toml", |text| {
        let (before, rest) = text.split_once("[exec]").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        format!("{before}[exec]\ndriver = \"console\"\n\n{after}")
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let run = world.run_folder();
    assert!(world.read(&format!("{run}/iter-0/kernel.version")).starts_with("Linux vm1 "));
    assert!(world.printed(&["check", "results"]).contains("nothing is odd"));

    world.printed(&["machine", "power", "vm1", "on"]);
    let mut tries = 0;
    let words = [
        "machine",
        "exec",
        "vm1",
        "--within",
        "20",
        "--",
        "sh",
        "-c",
        "echo \"it's\"; echo oh >&2; exit 3",
    ];
    let answered = loop {
        let ended = world.run(&words);
        tries += 1;
        if ended.status != Some(2) || tries == 10 {
            break ended;
        }
    };
    assert_eq!(
        (answered.status, answered.stdout.as_str()),
        (Some(1), "it's\n"),
        "{}",
        answered.stderr
    );
    assert!(answered.stderr.contains("oh"), "{}", answered.stderr);
}

/// A job whose first run panics. The network notices nothing of that at first, so the console has to tell.
fn is_watched(world: &World, console: &str) {
    world.one_job(
        2,
        "if [ ! -e /root/tried ]; then touch /root/tried; sync; echo c > /proc/sysrq-trigger; sleep 60; fi",
    );
    world.edit("machines/vm1.toml", |text| {
        text.replace("[console]\ndriver = \"qemu\"", &format!("[console]\n{console}"))
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert!(world.course().contains(&"run 0: panic".to_owned()), "{:#?}", world.course());
    let run = world.run_folder();
    let partial = world.read(&format!("{run}/partial/iteration-0-attempt-0/console.log"));
    assert!(partial.contains("Kernel panic - not syncing"), "{partial}");
    let console = world.read(&format!("{run}/iter-0/console.log"));
    assert!(console.contains("Linux version ") && !console.contains("Kernel panic"), "{console}");
    world.assert_given_back("vm1");
}

#[test]
fn lab_a_console_behind_ser2net_is_watched_over_a_whole_job() {
    let world = World::new();
    let port = free_port();
    // There is no serial port where there is no power, so that each boot is another connection.
    world.write(
        "ser2net.yaml",
        &format!(
            "connection: &vm1\n  accepter: tcp,127.0.0.1,{port}\n  connector: unix,{}\n",
            world.path("state/vm1/console.sock").display()
        ),
    );
    let configuration = world.path("ser2net.yaml");
    let _ser2net =
        Part::start(Command::new("/usr/sbin/ser2net").args(["-n", "-u", "-c"]).arg(configuration));
    listens(port);
    is_watched(&world, &format!("driver = \"tcp\"\naddress = \"127.0.0.1:{port}\""));
}

/// A serial line that is there without power, as those of a console server are.
const LINE: &str = "import os, select, socket, sys, time, tty
tty.setraw(0)
while True:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(sys.argv[1])
        while True:
            ready = select.select([line, 0], [], [])[0]
            if line in ready:
                said = line.recv(4096)
                if not said:
                    break
                os.write(1, said)
            if 0 in ready:
                line.sendall(os.read(0, 4096))
    except OSError:
        pass
    time.sleep(0.1)
";

#[test]
fn lab_a_console_behind_conserver_is_watched_over_a_whole_job() {
    let world = World::new();
    let (port, second) = (free_port(), free_port());
    world.write("line.py", LINE);
    world.write(
        "conserver.cf",
        &format!(
            "default * {{ logfile \"\"; rw *; master localhost; }}\n\
             console vm1 {{ type exec; exec python3 {} {}; }}\n\
             access * {{ trusted 127.0.0.1; allowed 127.0.0.1; }}\n",
            world.path("line.py").display(),
            world.path("state/vm1/console.sock").display()
        ),
    );
    let mut conserver = Command::new("/usr/sbin/conserver");
    conserver.args(["-n", "-M", "127.0.0.1", "-p", &port.to_string(), "-b", &second.to_string()]);
    let _conserver = Part::start(conserver.arg("-C").arg(world.path("conserver.cf")));
    listens(port);
    is_watched(
        &world,
        &format!(
            "driver = \"conserver\"\nserver = \"127.0.0.1\"\nport = {port}\nconsole = \"vm1\""
        ),
    );
}
