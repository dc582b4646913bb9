//! Orthos 2: the real one where ORTHOS_DIR names a checkout of it, else as it answered when this was
//! recorded (tests/data/README.md), where each request has to be the recorded one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melbot::lab::grid::GridError;
use melbot::lab::power::PowerState;
use serde_json::{Value, json};

use super::orthos_server::{Orthos, PASSWORD, assert_as_recorded, recorder};
use super::parts::{Lab, Server, serve};
use crate::lab::played;
use crate::support::project;

const USER: &str = "melbot";
const NODE: &str = "node1.orthos2.test";
const DAY: Duration = Duration::from_secs(86_400);

/// A server that plays its part, and how many requests are still to come.
fn recorded() -> (Server, Arc<Mutex<Vec<Value>>>) {
    let text = std::fs::read_to_string(project().join("tests/data/orthos.json")).unwrap();
    let mut exchange: Vec<Value> = serde_json::from_str(&text).unwrap();
    exchange.reverse();
    let exchange = Arc::new(Mutex::new(exchange));
    let rest = Arc::clone(&exchange);
    let server = serve(move |request| {
        let mut rest = rest.lock().unwrap();
        let expected = rest.last().cloned().unwrap_or(Value::Null);
        let same = expected["method"] == request.method.as_str()
            && expected["path"] == request.path.as_str()
            && expected["request"] == request.body.as_str()
            && expected["authorization"].as_str() == request.authorization.as_deref();
        if !same {
            return (500, format!("{{\"detail\": \"not recorded, but {}\"}}", expected["path"]));
        }
        rest.pop();
        let status = expected["status"].as_u64().unwrap();
        (u16::try_from(status).unwrap(), expected["answer"].to_string())
    });
    (server, exchange)
}

/// The tables of a machine of Orthos.
fn tables(url: &str, fqdn: &str) -> String {
    format!(
        "[grid]\ndriver = \"orthos\"\nurl = \"{url}\"\nfqdn = \"{fqdn}\"\nuser = \"{USER}\"\n\
         password_file = \"keys/orthos\"\n[power]\ndriver = \"orthos\"\n"
    )
}

/// What a person sees of a command, whatever comes of it.
fn seen(lab: &Lab, arguments: &[&str]) -> String {
    let output = lab.command(arguments).env("USER", "root").output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// With ORTHOS_DIR, the server is a real one, and what it says has to be what was recorded.
#[test]
fn a_machine_of_orthos_is_reserved_switched_and_given_back() {
    let real = Orthos::start().map(Arc::new);
    let (server, exchange) = real.as_ref().map_or_else(recorded, recorder);
    let lab = Lab::new("");
    let machine = |fqdn: &str| lab.machine(&tables(&server.url(), fqdn));
    machine(NODE);
    lab.secret("keys/orthos", PASSWORD);
    let run = |arguments: &[&str]| seen(&lab, arguments);
    let reserve = |reason: &str| run(&["machine", "reserve", "node1", "--reason", reason]);

    let told = run(&["machine", "check", "node1"]);
    assert!(told.contains("grid     ok     free") && told.contains("reserve it first"), "{told}");
    assert_eq!(reserve("looking at \"x\" & y"), "node1 is yours for 8 hours\n");
    let told = run(&["machine", "check", "node1"]);
    assert!(told.contains("root has it") && told.contains("it is off"), "{told}");
    assert_eq!(run(&["machine", "power", "node1", "on"]), "on\n");
    assert_eq!(run(&["machine", "power", "node1", "off"]), "off\n");
    assert_eq!(run(&["machine", "power", "node1", "cycle"]), "on\n");
    assert_eq!(run(&["machine", "power", "node1", "soft"]), "off\n");

    let deploy = |profile: &str, minutes: u32| {
        let table = format!(
            "[deploy]\ndriver = \"orthos\"\nprofile = \"{profile}\"\nminutes = {minutes}\n"
        );
        lab.machine(&format!("{}{table}", tables(&server.url(), NODE)));
        run(&["machine", "deploy", "node1"])
    };
    let told = deploy("Debian-13:install", 1);
    let offered = "there are: Debian-12:install-auto, openSUSE-Leap-15.6:install";
    assert!(told.contains("no Debian-13:install for node1") && told.contains(offered), "{told}");
    let told = deploy("Debian-12:install-auto", 0);
    assert!(told.contains("no system answered 0 minutes after Orthos was asked"), "{told}");
    machine(NODE);
    assert_eq!(run(&["machine", "release", "node1"]), "node1 is free now\n");

    // Then bob reserved it.
    if let Some(orthos) = &real {
        orthos.reserve_as("bob", NODE, "bob", "a panic");
    }
    let told = reserve("tests");
    assert!(told.contains("bob has the machine: a panic, until 2026-11-26"), "{told}");
    let told = run(&["machine", "release", "node1", "--force"]);
    assert!(told.contains("bob has the machine"), "{told}");
    let told = run(&["machine", "power", "node1", "off"]);
    assert!(told.contains("node1 is reserved by bob (a panic, until 2026-11-26)"), "{told}");

    for (fqdn, complaint) in [
        ("nope.orthos2.test", "Machine 'nope.orthos2.test' does not exist!"),
        ("bare", "fqdn has to be the whole name"),
        ("node", "more than one machine has a name like this"),
    ] {
        machine(fqdn);
        let told = run(&["machine", "release", "node1"]);
        assert!(told.contains(complaint), "{told}");
    }
    machine("bare.orthos2.test");
    let told = run(&["machine", "power", "node1", "status"]);
    assert!(told.contains("Machine has no remote power!"), "{told}");
    machine(NODE);
    lab.secret("keys/orthos", "wrong");
    let told = run(&["machine", "release", "node1"]);
    assert!(told.contains("does not let melbot in") && told.contains("password_file"), "{told}");
    assert!(!told.contains("wrong"), "{told}");

    let exchange = exchange.lock().unwrap();
    match real {
        Some(_) => assert_as_recorded(&exchange),
        None => assert_eq!(exchange.len(), 0, "all of the exchange was asked for"),
    }
}

/// Days go by, others come in between, and the switch is slow.
#[test]
fn a_real_orthos_lends_for_days_and_to_others_meanwhile() {
    let Some(orthos) = Orthos::start() else {
        println!("left out: ORTHOS_DIR names a checkout of Orthos 2");
        return;
    };
    let lab = Lab::new(&tables(&orthos.url(), NODE));
    lab.secret("keys/orthos", PASSWORD);
    let machine = melbot::lab::Lab::at(&lab.path("")).unwrap().machine("node1").unwrap();
    let (grid, client) = (&machine.grid, "client 1");
    let quarter = Duration::from_secs(900);
    let until = || orthos.field(NODE, "reserved_until").as_str().unwrap().to_owned();

    grid.reserve(client, "tests", quarter).unwrap();
    let first = until();
    grid.renew(client, quarter).unwrap();
    assert_eq!(until(), first, "it is lent for longer than that");
    grid.renew(client, 3 * DAY).unwrap();
    assert!(until() > first, "{} is not after {first}", until());

    // Its own timeout is a minute.
    orthos.switch("slow", Some("35"));
    machine.power.on().unwrap();
    orthos.switch("slow", None);
    assert_eq!(machine.power.state(), Ok(PowerState::On));
    orthos.switch("deaf", Some(""));
    machine.power.off().unwrap();
    assert_eq!(machine.power.state(), Ok(PowerState::On), "OK was a lie");
    orthos.switch("deaf", None);
    orthos.forget_tokens();
    machine.power.off().unwrap();
    assert_eq!(machine.power.state(), Ok(PowerState::Off), "it logged in anew");

    orthos.release_as("root", NODE);
    let lost = GridError::Gone { owner: client.to_owned() };
    assert_eq!(grid.renew(client, quarter), Err(lost));
    grid.release(client).unwrap();
    grid.reserve(client, "tests", quarter).unwrap();
    orthos.reserve_as("root", NODE, "bob", "more important");
    let lost = grid.renew(client, quarter).unwrap_err().to_string();
    assert!(lost.contains("bob has the machine: more important, until 2"), "{lost}");
    machine.power.on().unwrap_err();
    grid.release(client).unwrap();
    assert_eq!(orthos.field(NODE, "reserved_by"), "bob", "what is bob's is left alone");
}

/// Orthos, its tasks and its database are real; Cobbler and the machine are played.
#[test]
fn a_real_orthos_installs_a_machine_or_is_found_out() {
    let Some(orthos) = Orthos::start() else {
        println!("left out: ORTHOS_DIR names a checkout of Orthos 2");
        return;
    };
    let played = played::Machine::new("");
    let lab = &played.lab;
    lab.secret("keys/orthos", PASSWORD);
    let file = lab.read("machines/node1.toml");
    let (_, rest) = file.split_once("[exec]").unwrap();
    let deploy =
        "[deploy]\ndriver = \"orthos\"\nprofile = \"Debian-12:install-auto\"\nminutes = 3\n";
    lab.write(
        "machines/node1.toml",
        &format!("{}{deploy}[exec]{rest}", tables(&orthos.url(), NODE)),
    );
    orthos.plays(lab, NODE);
    let run = |arguments: &[&str]| seen(lab, arguments);

    // It would do so for whoever asks.
    let machine = melbot::lab::Lab::at(&lab.path("")).unwrap().machine("node1").unwrap();
    let told = machine.deploy(machine.exec(None).unwrap().as_ref(), &|| false).unwrap_err();
    assert!(told.remedy.contains("reserve it first"), "{told}");
    run(&["machine", "reserve", "node1", "--reason", "tests"]);
    orthos.switch("diskfirst", Some(""));
    let told = run(&["machine", "check", "node1"]);
    assert!(told.contains("deploy   ok     Orthos offers Debian-12:install-auto"), "{told}");
    let told = run(&["machine", "deploy", "node1"]);
    assert!(told.contains("nothing was installed"), "{told}");
    orthos.switch("diskfirst", None);
    assert_eq!(run(&["machine", "deploy", "node1"]), "node1 is clean, and off\n");
    assert_eq!(lab.read("machine/machine-id"), "x86_64:Debian-12:install-auto");
    orthos.release_as("root", NODE);
}

#[test]
fn an_orthos_that_says_ok_and_does_nothing_is_found_out() {
    let message = |text: &str| {
        (
            200,
            format!(
                "{{\"header\":{{\"type\":\"MESSAGE\"}},\"data\":{{\"type\":null,\"message\":\"{text}\"}}}}"
            ),
        )
    };
    let server = serve(move |request| match request.path.as_str() {
        "/api/login" => (200, "{\"token\": \"1\"}".to_owned()),
        path if path.ends_with("action=status") => message("Status: Off (switch-on-the-wall)"),
        path if path.starts_with("/api/machine?") => {
            let field = |name: &str, value: &str| format!("\"{name}\":{{\"value\":{value}}}");
            let fields = [field("fqdn", "\"a.b\""), field("id", "1"), field("reserved_by", "null")];
            (200, format!("{{\"header\":{{\"type\":\"INFO\"}},\"data\":{{{}}}}}", fields.join(",")))
        }
        _ => message("OK."),
    });
    let lab = Lab::new(&format!(
        "[grid]\ndriver = \"orthos\"\nurl = \"{}\"\nfqdn = \"a.b\"\nuser = \"{USER}\"\n\
         password_file = \"keys/orthos\"\n[power]\ndriver = \"orthos\"\n[patience]\npower = 2\n",
        server.url()
    ));
    lab.secret("keys/orthos", PASSWORD);
    let told = lab.refused(&["machine", "power", "node1", "on"]);
    assert!(told.contains("the driver said OK, but it is off"), "{told}");
    // It said OK to the reservation as well.
    let told = lab.refused(&["machine", "reserve", "node1", "--reason", "tests"]);
    assert!(told.contains("has the machine"), "{told}");
    assert!(!lab.path("state/node1/lease.json").exists(), "and no lease is left");
}

#[test]
fn a_reservation_that_ends_too_soon_is_extended() {
    let days = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&days);
    let server = serve(move |request| {
        if request.path == "/api/login" {
            return (200, "{\"token\": \"1\"}".to_owned());
        }
        let mut asked = asked.lock().unwrap();
        if request.path == "/api/machine/1/reserve" {
            let form: Value = serde_json::from_str(&request.body).unwrap();
            asked.push(form["form"]["until"].as_u64().unwrap());
            return (200, json!({ "header": { "type": "MESSAGE" }, "data": {} }).to_string());
        }
        // It ends this day, and once more was asked for, in the far future.
        let until = if asked.is_empty() {
            "2000-01-01T23:59:59+01:00"
        } else {
            "2999-01-01T23:59:59+01:00"
        };
        let field = |value: Value| json!({ "value": value });
        let machine = json!({ "fqdn": field(json!("a.b")), "id": field(json!(1)),
            "reserved_by": field(json!(USER)), "reserved_until": field(json!(until)) });
        (200, json!({ "header": { "type": "INFO" }, "data": machine }).to_string())
    });
    let lab = Lab::new(&format!(
        "[grid]\ndriver = \"orthos\"\nurl = \"{}\"\nfqdn = \"a.b\"\nuser = \"{USER}\"\n\
         password_file = \"keys/orthos\"\n",
        server.url()
    ));
    lab.secret("keys/orthos", PASSWORD);
    // What a client does as long as it works.
    let machine = melbot::lab::Lab::at(&lab.path("")).unwrap().machine("node1").unwrap();
    let time = Duration::from_secs(900);
    machine.grid.reserve("client 1", "tests", time).unwrap();
    for _ in 0..3 {
        machine.grid.renew("client 1", time).unwrap();
    }
    assert_eq!(*days.lock().unwrap(), [2], "once, until tomorrow and a day more");
}

#[test]
fn a_machine_that_orthos_lends_to_somebody_else_meanwhile_is_not_waited_for() {
    let held = Arc::new(Mutex::new(USER.to_owned()));
    let by = Arc::clone(&held);
    let server = serve(move |request| {
        let mut by = by.lock().unwrap();
        let message = json!({ "header": { "type": "MESSAGE" }, "data": { "message": "OK." } });
        let answer = match request.path.as_str() {
            "/api/login" => json!({ "token": "1" }),
            path if path.ends_with("option_or_choice=list") => {
                json!({ "header": { "type": "TABLE" }, "data": [{ "full": "a:b" }] })
            }
            path if path.starts_with("/api/setup?") => {
                *by = "jane".to_owned();
                message
            }
            path if path.starts_with("/api/machine?") => {
                let field = |value: Value| json!({ "value": value });
                let until = field(json!("2999-01-01T23:59:59+01:00"));
                let machine = json!({ "fqdn": field(json!("a.b")), "id": field(json!(1)),
                    "reserved_by": field(json!(*by)), "reserved_until": until });
                json!({ "header": { "type": "INFO" }, "data": machine })
            }
            _ => message,
        };
        (200, answer.to_string())
    });
    let lab = Lab::new(&format!(
        "[grid]\ndriver = \"orthos\"\nurl = \"{}\"\nfqdn = \"a.b\"\nuser = \"{USER}\"\n\
         password_file = \"keys/orthos\"\n[deploy]\ndriver = \"orthos\"\nprofile = \"a:b\"\n",
        server.url()
    ));
    lab.secret("keys/orthos", PASSWORD);
    let machine = melbot::lab::Lab::at(&lab.path("")).unwrap().machine("node1").unwrap();
    let time = Duration::from_secs(900);
    machine.grid.reserve("client 1", "tests", time).unwrap();
    let lost = || machine.grid.renew("client 1", time).is_err();
    let error = machine.deploy(machine.exec(None).unwrap().as_ref(), &lost).unwrap_err();
    assert!(error.what.contains("the installation by Orthos was stopped"), "{error}");
    assert_eq!(*held.lock().unwrap(), "jane", "it was asked for before");
}
