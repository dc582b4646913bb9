//! People are told, by a real mail server.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::world::World;
use crate::support::project;

/// A mail server that writes what it gets into a file, until it is dropped.
struct Sink(Child);

impl Sink {
    fn start(world: &World, port: u16) -> Sink {
        Sink::start_with(world, port, &[])
    }

    /// With options of aiosmtpd.
    fn start_with(world: &World, port: u16, options: &[&str]) -> Sink {
        let program = project().join("target/lab-venv/bin/aiosmtpd");
        assert!(program.exists(), "{}: tests/run installs it", program.display());
        let log = File::create(world.path("mails")).unwrap();
        let child = Command::new(program)
            .args(["-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Debugging"])
            .args(options)
            .arg("stdout")
            .current_dir(world.path(""))
            .env("PYTHONUNBUFFERED", "1")
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "the mail server does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        Sink(child)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The job fails at once: power is said to be on, and stays off.
fn hopeless() -> (World, u16) {
    let world = World::new();
    world.one_job(2, "");
    world.patience("power = 1");
    world.edit("machines/vm1.toml", |text| {
        let driver = "[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"off\"]";
        text.replace("[power]\ndriver = \"qemu\"", driver)
    });
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    world.write(
        "notify.toml",
        &format!(
            "link = \"https://lab.example.org/\"\n[smtp]\nhost = \"127.0.0.1\"\nport = {port}\n\
             tls = \"none\"\nfrom = \"lab@example.org\"\nto = [\"jane@example.org\"]\n"
        ),
    );
    (world, port)
}

#[test]
fn lab_mails_wait_while_the_server_is_down_and_go_once() {
    let (world, port) = hopeless();
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("nobody could be told"), "{}", ended.stderr);
    assert!(ended.stderr.contains("failed: prepare: power"), "the work goes on: {}", ended.stderr);
    let down = world.run(&["notify"]);
    assert_eq!((down.status, down.stdout.as_str()), (Some(1), "0 sent, 2 waiting\n"));

    let _sink = Sink::start(&world, port);
    // One for two faults of a kind, and one for the job that was given up.
    assert_eq!(world.printed(&["notify"]), "2 sent, 0 waiting\n");
    assert_eq!(world.printed(&["notify"]), "0 sent, 0 waiting\n");
    // Long lines are broken on their way.
    let mails = world.read("mails").replace("=\n", "");
    assert_eq!(mails.matches("Subject: ").count(), 2, "{mails}");
    assert!(mails.contains("Subject: [melbot] vm1: power in prepare"), "{mails}");
    assert!(mails.contains("Subject: [melbot] vm1: job given up"), "{mails}");
    assert!(mails.contains("the driver said OK, but it is off"), "{mails}");
    assert!(mails.contains("https://lab.example.org/state/vm1/jobs/"), "{mails}");
    assert_eq!(world.printed(&["notify", "--test"]), "1 sent, 0 waiting\n");
    assert!(world.read("mails").contains("Subject: [melbot] a test"));
}

#[test]
fn lab_a_mistake_in_the_settings_of_mails_is_told_before_the_work() {
    let (world, _) = hopeless();
    world.edit("notify.toml", |text| text.replace("jane@example.org", "jane"));
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(2));
    assert!(ended.stderr.contains("\"jane\" is no address"), "{}", ended.stderr);
    world.edit("notify.toml", |text| text.replace("tls = \"none\"", "tsl = \"none\""));
    let ended = world.run(&["client", "vm1"]);
    assert!(ended.stderr.contains("notify.toml:5: unknown field `tsl`"), "{}", ended.stderr);
}

/// An authority of our own, and a certificate of it for this name.
fn certificate(world: &World, name: &str) {
    let openssl = |arguments: &str| {
        let output =
            Command::new("openssl").args(arguments.split(' ')).current_dir(world.path("")).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    world.write("san", &format!("subjectAltName={name}\n"));
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
    );
    openssl("req -newkey rsa:2048 -nodes -subj /CN=mail -keyout mail.key -out mail.csr");
    openssl(
        "x509 -req -in mail.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out mail.pem",
    );
}

#[test]
fn lab_mails_are_encrypted_and_go_to_nobody_else() {
    for (kind, options) in
        [("starttls", ["--tlscert", "--tlskey"]), ("tls", ["--smtpscert", "--smtpskey"])]
    {
        let world = World::without_machines();
        certificate(&world, "DNS:localhost");
        let port = super::world::free_port();
        let [one, other] = options;
        let _sink = Sink::start_with(&world, port, &[one, "mail.pem", other, "mail.key"]);
        let settings = |host: &str, more: &str| {
            world.write(
                "notify.toml",
                &format!(
                    "[smtp]\nhost = \"{host}\"\nport = {port}\ntls = \"{kind}\"\n{more}\
                     from = \"lab@example.org\"\nto = [\"jane@example.org\"]\n"
                ),
            );
        };
        // Nobody vouches for it.
        settings("localhost", "");
        let refused = world.run(&["notify", "--test"]);
        assert_eq!(refused.status, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains("UnknownIssuer"), "{}", refused.stderr);
        assert!(refused.stderr.contains("authority = \"FILE\""), "{}", refused.stderr);
        // Somebody does, for another name.
        settings("127.0.0.1", "authority = \"ca.pem\"\n");
        let refused = world.run(&["notify"]);
        assert_eq!(refused.status, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains("not valid for name"), "{}", refused.stderr);
        assert_eq!(world.read("mails"), "", "nothing was sent");
        // The mail waited.
        settings("localhost", "authority = \"ca.pem\"\n");
        assert_eq!(world.printed(&["notify"]), "1 sent, 0 waiting\n");
        assert!(world.read("mails").contains("Subject: [melbot] a test"));
        settings("localhost", "authority = \"san\"\n");
        let told = world.run(&["notify"]);
        assert!(told.stderr.contains("there is no certificate in it"), "{}", told.stderr);
    }
}
