//! What is missing, for people at a terminal, for readers of a page, and for programs.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::begun::Seen;
use super::bob::git;
use super::http::{MACHINE, json};
use crate::lab::world::World;

/// The lab of [`Seen`] has measured both its kernels; its policy gets another machine, and a config.
#[test]
fn bob_tells_what_is_missing_and_queues_it_where_somebody_says_so() {
    let seen = Seen::new("");
    let world = &seen.world;
    world.edit("coordinator.toml", |text| {
        let text = text.replace("first = \"nothing\"", "first = \"newest\"");
        text.replace("\"steady\"]", "\"steady\", \"new\"]")
            .replace("[\"config-k\"]", "[\"config-k\", \"config-l+big\"]")
    });
    fs::create_dir_all(world.path("machines")).unwrap();
    for machine in ["slow", "steady", "new"] {
        world.write(&format!("machines/{machine}.toml"), MACHINE);
    }
    let mut bob = seen.bob();
    // All is queued at first, but for what is there.
    let jobs = || -> Vec<Value> {
        let jobs: Vec<Value> =
            serde_json::from_str(&world.printed(&["queue", "list", "--all", "--json"])).unwrap();
        jobs.into_iter().filter(|job| job["kind"] == "run").collect()
    };
    bob.wait("jobs", Duration::from_secs(60), || jobs().len() == 6);
    assert!(world.printed(&["queue", "missing"]).contains("nothing that is due is missing"));
    let of = |config: &str, machine: &str| -> i64 {
        let mut jobs = jobs().into_iter();
        let job = jobs.find(|job| {
            job["machine"] == machine && job["title"].as_str().unwrap().starts_with(config)
        });
        job.unwrap()["id"].as_i64().unwrap()
    };
    let (first, second) = (of("config-l+big", "new"), of("config-k", "new"));
    world.printed(&["queue", "cancel", &first.to_string(), &second.to_string()]);

    let listed = world.printed(&["queue", "missing"]);
    let line = format!("new  config-l+big  6.2  cancelled: somebody cancelled it (job {first})\n");
    assert!(listed.contains(&line), "{listed}");
    assert!(
        world
            .printed(&["queue", "list"])
            .contains("2 runs that policies want are missing: 2 cancelled")
    );
    let page = seen.server.get("/jobs").2;
    assert!(page.contains("<a href=\"/missing\">2 runs that policies want are missing"), "{page}");
    assert!(seen.server.get("/metrics").2.contains("melbot_missing_runs{why=\"cancelled\"} 2\n"));

    // Those who may read are told, those who may submit can have it queued.
    let reader = world.printed(&["token", "add", "r", "--role", "read"]);
    let reader = Some(reader.trim());
    let submitter = world.printed(&["token", "add", "q", "--role", "submit"]);
    let submitter = submitter.trim();
    assert_eq!(seen.server.ask("GET", "/api/missing", None, "").0, 401);
    let missing = json(&seen.server.ask("GET", "/api/missing", reader, ""));
    let run = &missing["missing"][0];
    assert_eq!(
        (&run["config"], &run["why"], run["job"].as_i64()),
        (&"config-k".into(), &"cancelled".into(), Some(second))
    );
    let body = format!("{{\"runs\": [{}]}}", run["id"]);
    assert_eq!(seen.server.ask("POST", "/api/missing", reader, &body).0, 403);
    for (wrong, status) in [("nonsense", 400), ("{}", 400), ("{\"runs\": [\"aaaa\"]}", 409)] {
        assert_eq!(
            seen.server.ask("POST", "/api/missing", Some(submitter), wrong).0,
            status,
            "{wrong}"
        );
    }
    let queued = json(&seen.server.ask("POST", "/api/missing", Some(submitter), &body));
    assert_eq!(queued["jobs"][0]["id"].as_i64(), Some(second), "{queued}");

    // The other one by the page, whose form is of use here only.
    let page = seen.server.get("/missing").2;
    let after = |mark: &str| page.split(mark).nth(1).unwrap().split('"').next().unwrap();
    let (form, id) = (after("name=\"form\" value=\""), after("name=\"run\" value=\""));
    let send = |form: &str, token: &str, runs: &str| {
        let body = format!("form={form}&token={token}{runs}");
        seen.server.raw(&format!(
            "POST /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let run = format!("&run={id}");
    for (form, token, run, status, says) in [
        ("0123", submitter, run.as_str(), 403, "load it again"),
        (form, "0123", run.as_str(), 403, "no such token"),
        (form, submitter, "", 400, "nothing is marked"),
    ] {
        let refused = send(form, token, run);
        assert!(refused.0 == status && refused.2.contains(says), "{says}: {refused:?}");
    }
    let done = send(form, submitter, &run);
    assert!(done.0 == 303 && done.1.contains("location: /jobs"), "{done:?}");
    assert!(seen.server.get("/missing").2.contains("Nothing that is due is missing."));

    // A machine that comes later wants the newest kernel as well.
    bob.end();
    world.edit("coordinator.toml", |text| text.replace("\"new\"]", "\"new\", \"newer\"]"));
    let listed = world.printed(&["queue", "missing", "--machine", "newer"]);
    assert_eq!(listed.matches("  6.2  never queued\n").count(), 2, "{listed}");
    assert!(
        listed.contains("not known: who newer is: machines/newer.toml is not there"),
        "{listed}"
    );
    world.write("machines/newer.toml", MACHINE);
    assert_eq!(world.run(&["queue", "missing", "--machine", "nowhere"]).status, Some(2));
    let added = world.printed(&["queue", "missing", "--add"]);
    assert_eq!(added.matches(" of 6.2 on newer\n").count(), 2, "{added}");
    assert!(world.printed(&["queue", "missing"]).contains("nothing that is due is missing"));
    // Results that are moved away are missed.
    fs::rename(world.path("results/slow"), world.path("slow")).unwrap();
    let listed = world.printed(&["queue", "missing"]);
    assert!(listed.contains("nothing that is due"), "config-k of 6.2 is queued on slow: {listed}");
}

#[test]
fn bob_tells_once_what_he_cannot_order_and_orders_it_as_soon_as_he_can() {
    let seen = Seen::new("");
    let world = &seen.world;
    world.edit("coordinator.toml", |text| {
        text.replace("url = \"tree\"", "url = \"tree\"\nminutes = 0.02")
    });
    let mut bob = seen.bob();
    fs::rename(world.path("kconfig"), world.path("away")).unwrap();
    git(&world.path("tree"), &["tag", "v6.3"]);
    let told = "t, what is new in it: ";
    bob.wait("it says so", Duration::from_secs(60), || bob_log(world).contains(told));
    assert!(bob_log(world).contains("kconfig: No such file"), "{}", bob_log(world));
    fs::rename(world.path("away"), world.path("kconfig")).unwrap();
    bob.wait("it orders it", Duration::from_secs(60), || bob_log(world).contains("v6.3 ("));
    assert_eq!(bob_log(world).matches(told).count(), 1, "{}", bob_log(world));
    bob.end();
}

fn bob_log(world: &World) -> String {
    fs::read_to_string(world.path("bob.log")).unwrap_or_default()
}
