//! Searches that begin by the API, by the page of an alert, or by the policy of the lab. Nothing is built or measured
//! here.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::bob::{Bob, git};
use super::http::{Server, json};
use crate::grown::Grown;
use crate::lab::world::World;
use crate::support::project;

const PATIENCE: Duration = Duration::from_secs(120);

/// A lab that has seen kernbench get slower on `slow`, by so much, and knows the tree of its kernels.
pub struct Seen {
    pub world: World,
    pub server: Server,
    submitter: String,
    pub alert: String,
}

impl Seen {
    pub fn new(bisect: &str) -> Seen {
        let world = World::without_machines();
        for folder in ["machines", "tree", "results"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        let mut grown = Grown::new(&world.path("results"), 5);
        for (machine, factor) in [("slow", 1.1), ("steady", 1.0)] {
            grown.run((machine, "config-k", "6.1"), "kernbench", 1.0);
            grown.run((machine, "config-k", "6.2"), "kernbench", factor);
        }
        let tree = world.path("tree");
        git(&tree, &["init", "--quiet"]);
        for (subject, tag) in [("Begin", Some("v6.1")), ("Slow down", None), ("End", Some("v6.2"))]
        {
            fs::write(tree.join("Makefile"), subject).unwrap();
            git(&tree, &["add", "--all"]);
            git(&tree, &["commit", "--quiet", "--message", subject]);
            tag.into_iter().for_each(|tag| drop(git(&tree, &["tag", tag])));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server { address: format!("127.0.0.1:{port}") };
        world.write("kconfig", "");
        world.write(
            "coordinator.toml",
            &format!(
                "clients = []\nbuilders = 0\n[http]\nlisten = {:?}\n{bisect}\n\
                 [trees.t]\nurl = \"tree\"\nfirst = \"nothing\"\n[kconfigs.k]\nbase = \"kconfig\"\n\
                 [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\n\
                 machines = [\"slow\", \"steady\"]\nconfigs = [\"config-k\"]\n\
                 mmtests = {{ source = \"mmtests\" }}\n",
                server.address
            ),
        );
        let submitter = world.printed(&["token", "add", "s", "--role", "submit"]);
        let alerts = world.printed(&["alerts", "results", "--json"]);
        let alerts: Value = serde_json::from_str(&alerts).unwrap();
        let alert = alerts["alerts"][0]["id"].as_str().unwrap().to_owned();
        world.printed(&["site", "results", "-o", "site"]);
        Seen { world, server, submitter: submitter.trim().to_owned(), alert }
    }

    pub fn bob(&self) -> Bob<'_> {
        let mut bob = Bob::start(&self.world);
        let mirror = self.world.path("state/trees/t.git/refs/tags/v6.2");
        let packed = self.world.path("state/trees/t.git/packed-refs");
        bob.wait("it listens, and has the tree", PATIENCE, || {
            TcpStream::connect(&self.server.address).is_ok() && (mirror.exists() || packed.exists())
        });
        bob
    }

    /// Jobs of this kind.
    fn jobs(&self, kind: &str) -> Vec<Value> {
        let jobs = self.world.printed(&["queue", "list", "--all", "--json"]);
        let jobs: Vec<Value> = serde_json::from_str(&jobs).unwrap();
        jobs.into_iter().filter(|job| job["kind"] == kind).collect()
    }

    fn stage(&self) -> String {
        let assignment = self.world.read(&format!("results/bisects/{}/lab.toml", self.alert));
        let assignment: toml::Table = assignment.parse().unwrap();
        assignment["stage"].as_str().unwrap().to_owned()
    }
}

#[test]
fn bob_begins_a_search_by_its_api_for_those_who_may() {
    let seen = Seen::new("");
    let mut bob = seen.bob();
    let ask = |method: &str, token: Option<&str>, body: &str| {
        seen.server.ask(method, "/api/bisect", token, body)
    };
    let reader = seen.world.printed(&["token", "add", "r", "--role", "read"]);
    let (reader, submitter) = (Some(reader.trim()), Some(seen.submitter.as_str()));
    let body = format!("{{\"alert\": {:?}}}", seen.alert);
    assert_eq!(ask("POST", None, &body).0, 401);
    assert_eq!(ask("POST", reader, &body).0, 403);
    assert_eq!(ask("PUT", submitter, &body).0, 405);
    for (wrong, status) in [
        ("nonsense", 400),
        ("{}", 400),
        ("{\"alert\": \"../x\"}", 404),
        ("{\"alert\": \"aaaaaaaa\"}", 404),
    ] {
        assert_eq!(ask("POST", submitter, wrong).0, status, "{wrong}");
    }
    assert_eq!(json(&ask("GET", reader, ""))["bisects"], Value::Array(vec![]));

    let begun = ask("POST", submitter, &body);
    let told = &json(&begun)["bisect"];
    assert_eq!((begun.0, &told["stage"], &told["by"]), (201, &"running".into(), &"hand".into()));
    assert_eq!((&told["machine"], &told["commits"]), (&"slow".into(), &2.into()), "{told}");
    assert_eq!(ask("POST", submitter, &body).0, 200, "it was begun before");
    assert_eq!(json(&ask("GET", reader, ""))["bisects"][0]["alert"], seen.alert.as_str());

    // The good end is to be built, and run twice on the machine of the alert, with that operation alone.
    bob.wait("the first measurement", PATIENCE, || seen.jobs("run").len() == 1);
    let run = &seen.jobs("run")[0];
    assert_eq!((&run["machine"], seen.jobs("build").len()), (&"slow".into(), 1), "{run}");
    let task: Value = serde_json::from_str(run["task"].as_str().unwrap()).unwrap();
    assert_eq!(task["job"]["iterations"], 2, "{task}");
    assert_eq!(task["job"]["mmtests"]["set"]["MMTESTS"], "kernbench", "{task}");
    let commit = git(&seen.world.path("tree"), &["rev-parse", "v6.1"]);
    assert_eq!(task["job"]["kernel"]["commit"], commit.as_str(), "{task}");

    // It can be paused, gone on with and given up; a job that somebody cancels stops it.
    let folder = format!("results/bisects/{}", seen.alert);
    for (verb, stage) in [("pause", "paused"), ("resume", "running")] {
        assert!(seen.world.printed(&["bisect", verb, &folder]).contains(stage));
    }
    let id = run["id"].to_string();
    seen.world.printed(&["queue", "cancel", &id]);
    bob.wait("it stops", PATIENCE, || seen.stage() == "stopped");
    seen.world.printed(&["bisect", "resume", &folder]);
    bob.wait("another job", PATIENCE, || seen.jobs("run").len() == 2);
    assert!(seen.server.get("/metrics").2.contains("melbot_bisects{stage=\"running\"} 1\n"));
    seen.world.printed(&["bisect", "abort", &folder]);
    let status = seen.world.printed(&["bisect", "status", &folder]);
    assert!(status.ends_with("in the lab, on slow, begun by hand: aborted\n"), "{status}");
    assert_eq!(seen.world.run(&["bisect", "resume", &folder]).status, Some(2));
    bob.end();
}

#[test]
fn bob_runs_more_of_a_config_where_one_operation_alone_does_not_show_the_change() {
    let seen = Seen::new("");
    let mut bob = seen.bob();
    let body = format!("{{\"alert\": {:?}}}", seen.alert);
    let submitter = Some(seen.submitter.as_str());
    assert_eq!(seen.server.ask("POST", "/api/bisect", submitter, &body).0, 201);
    bob.wait("the first measurement", PATIENCE, || seen.jobs("run").len() == 1);
    let set = |job: &Value| -> Vec<String> {
        let task: Value = serde_json::from_str(job["task"].as_str().unwrap()).unwrap();
        task["job"]["mmtests"]["set"].as_object().unwrap().keys().cloned().collect()
    };
    let narrowed = ["KERNBENCH_MAX_THREADS", "KERNBENCH_MIN_THREADS", "MMTESTS"];
    assert_eq!(set(&seen.jobs("run")[0]), narrowed);
    bob.end();

    // Both ends are alike.
    let folder = format!("results/bisects/{}", seen.alert);
    let measure = || {
        for (end, value) in [("v6.1", 10.0), ("v6.2", 10.0)] {
            for turn in 0..20 {
                let value = (value + f64::from(turn % 3) / 10.0).to_string();
                seen.world.printed(&["bisect", "add", &folder, end, &value]);
            }
        }
    };
    measure();
    let status = |says: &str| {
        let status = seen.world.printed(&["bisect", "status", &folder]);
        assert!(status.contains(says), "{says}: {status}");
    };
    status("the ends do not differ");
    let mut bob = seen.bob();
    bob.wait("a wider measurement", PATIENCE, || seen.jobs("run").len() == 2);
    assert!(bob.log().contains("alone does not show the change of the alert; more of the config"));
    let jobs = seen.jobs("run");
    let wider = jobs.iter().find(|job| job["key"].as_str().unwrap().ends_with(" again 1"));
    assert_eq!(set(wider.expect("a job of its own")), ["MMTESTS"]);
    bob.end();
    // What was measured before does not count, and is still there.
    status("0 measurements");
    status("More of the config is run than at first: ");
    assert_eq!(seen.world.read(&format!("{folder}/journal.jsonl")).lines().count(), 41);

    // It is done once.
    measure();
    let mut bob = seen.bob();
    bob.wait("its end", PATIENCE, || seen.stage() == "over");
    assert_eq!(seen.jobs("run").len(), 2);
    bob.end();
}

#[test]
fn bob_begins_a_search_by_the_page_of_an_alert_and_asks_first() {
    let seen = Seen::new("");
    let bob = seen.bob();
    let path = format!("/alert/{}/bisect", seen.alert);
    let page = seen.server.get(&format!("/alert/{}.html", seen.alert)).2;
    assert!(page.contains(&format!("<a class=\"button\" href=\"{path}\">")), "{page}");
    // Without a coordinator there is no button, but a command.
    let file = seen.world.read(&format!("site/alert/{}.html", seen.alert));
    assert!(!file.contains("class=\"button\"") && file.contains("melbot bisect start"), "{file}");

    let (status, head, page) = seen.server.get(&path);
    assert!(
        status == 200 && head.contains("content-security-policy: default-src 'none'"),
        "{head}"
    );
    assert!(page.contains("2 commits") && page.contains("hours</strong>"), "{page}");
    let form = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let send = |form: &str, token: &str, more: &str| {
        let body = format!("form={form}&token={token}");
        seen.server.raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let submitter = seen.submitter.as_str();
    for (form, token, more, says) in [
        ("", submitter, "", "load it again"),
        ("0123", submitter, "", "load it again"),
        (form, submitter, "Sec-Fetch-Site: cross-site\r\n", "load it again"),
        (form, "", "", "no such token"),
        (form, "0123", "", "no such token"),
    ] {
        let refused = send(form, token, more);
        assert!(refused.0 == 403 && refused.2.contains(says), "{says}: {refused:?}");
    }
    assert!(!seen.world.path("results/bisects").exists());
    let begun = send(form, submitter, "Sec-Fetch-Site: same-origin\r\n");
    assert!(begun.0 == 303 && begun.1.contains(&format!("location: {path}")), "{begun:?}");
    assert!(seen.server.get(&path).2.contains("<strong>running</strong>"));
    assert_eq!(seen.server.get("/alert/aaaaaaaa/bisect").0, 404);
    assert_eq!(seen.server.get("/alert/%22/bisect").0, 404);
    bob.end();
}

#[test]
fn a_dry_run_says_which_alerts_would_be_bisected_and_why_not_the_others() {
    let seen = Seen::new("[bisect]\ncorroborated = true");
    let dry = |says: &str| {
        let printed = seen.world.printed(&["bisect", "policy"]);
        assert!(printed.contains(says) && printed.contains(&seen.alert), "{says}: {printed}");
    };
    dry("no other machine has seen the same");
    dry("nothing begins by itself");
    seen.world.edit("coordinator.toml", |text| text.replace("corroborated = true", ""));
    // The tree was not looked at yet.
    dry("no git tree");
    let bob = seen.bob();
    bob.end();
    dry("2 commits, about");
    assert!(!seen.world.path("results/bisects").exists());
    seen.world
        .edit("coordinator.toml", |text| text.replace("[bisect]", "[bisect]\nhours_per_week = 0"));
    dry("0.0 of 0 hours of this week are used up");
    seen.world.printed(&["alerts", "ack", &seen.alert, "results", "--reason", "mine"]);
    dry("people said acknowledged");
}

#[test]
fn bob_begins_a_search_by_itself_where_its_policy_says_so() {
    let seen = Seen::new("[bisect]\nauto = true");
    let mut bob = seen.bob();
    bob.wait("a search", PATIENCE, || !seen.jobs("run").is_empty());
    assert_eq!(seen.stage(), "running");
    assert!(bob.log().contains(&format!("bisect {}: begins: kernbench regressed", seen.alert)));
    assert!(seen.world.printed(&["bisect", "policy"]).contains("its search is running"));
    bob.end();
}

/// With a real browser: `tests/browser/button.mjs` says what exactly.
#[test]
#[ignore = "needs Chromium, Node and `npm ci` in tests/browser; tests/run sees to that"]
fn the_button_of_an_alert_works_in_a_browser() {
    let seen = Seen::new("");
    let bob = seen.bob();
    let script = project().join("tests/browser/button.mjs");
    let checked = Command::new("node")
        .arg(script)
        .arg(format!("http://{}", seen.server.address))
        .args([&seen.alert, &seen.submitter])
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&checked.stdout);
    let failed = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}{failed}");
    assert_eq!(seen.stage(), "running");
    bob.end();
}
