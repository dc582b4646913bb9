//! Orthos 2, as it answered when this was recorded: see tests/data/README.md. Each request has to be
//! the recorded one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::parts::{Lab, Server, serve};
use crate::support::project;

const USER: &str = "melbot";

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

#[test]
fn a_machine_of_orthos_is_reserved_switched_and_given_back() {
    let (server, rest) = recorded();
    let lab = Lab::new("");
    let machine = |fqdn: &str| {
        lab.machine(&format!(
            "[grid]\ndriver = \"orthos\"\nurl = \"{}\"\nfqdn = \"{fqdn}\"\nuser = \"{USER}\"\n\
             password_file = \"keys/orthos\"\n[power]\ndriver = \"orthos\"\n",
            server.url()
        ));
    };
    machine("node1.orthos2.test");
    lab.secret("keys/orthos", "kept-to-ourselves");
    let me = [("USER", "root")];
    let run = |arguments: &[&str]| {
        let output = lab.command(arguments).envs(me).output().unwrap();
        let text = if output.status.success() { output.stdout } else { output.stderr };
        String::from_utf8(text).unwrap()
    };
    let reserve = |reason: &str| run(&["machine", "reserve", "node1", "--reason", reason]);

    assert_eq!(reserve("looking at \"x\" & y"), "node1 is yours for 8 hours\n");
    assert_eq!(run(&["machine", "power", "node1", "on"]), "on\n");
    assert_eq!(run(&["machine", "power", "node1", "off"]), "off\n");
    assert_eq!(run(&["machine", "power", "node1", "soft"]), "off\n");
    assert_eq!(run(&["machine", "release", "node1"]), "node1 is free now\n");

    // Then bob reserved it.
    let told = reserve("tests");
    assert!(told.contains("bob has the machine: a panic, until 2026-11-26"), "{told}");
    let told = run(&["machine", "release", "node1", "--force"]);
    assert!(told.contains("bob has the machine"), "{told}");

    machine("nope.orthos2.test");
    let told = run(&["machine", "release", "node1"]);
    assert!(told.contains("Machine 'nope.orthos2.test' does not exist!"), "{told}");
    machine("node1.orthos2.test");
    lab.secret("keys/orthos", "wrong");
    let told = run(&["machine", "release", "node1"]);
    assert!(told.contains("does not let melbot in") && told.contains("password_file"), "{told}");
    assert!(!told.contains("wrong"), "{told}");
    assert_eq!(rest.lock().unwrap().len(), 0, "all of the exchange was asked for");
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
    lab.secret("keys/orthos", "kept-to-ourselves");
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
    lab.secret("keys/orthos", "kept-to-ourselves");
    // What a client does as long as it works.
    let machine = melbot::lab::Lab::at(&lab.path("")).unwrap().machine("node1").unwrap();
    let time = Duration::from_secs(900);
    machine.grid.reserve("client 1", "tests", time).unwrap();
    for _ in 0..3 {
        machine.grid.renew("client 1", time).unwrap();
    }
    assert_eq!(*days.lock().unwrap(), [2], "once, until tomorrow and a day more");
}
