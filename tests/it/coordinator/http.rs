//! The coordinator over HTTP.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::bob::Bob;
use crate::lab::world::World;

pub const MACHINE: &str = "\
[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"off\"]\n\
[exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nhost_key = \"ssh-ed25519 AAAA\"\n\
[boot]\ndriver = \"command\"\ninstall = []\nonce = []\n";
const JOB: &str = "\
machines = [\"m\"]\nconfig = \"config-x\"\n[kernel]\npackage = \"kernels/<b>.deb\"\n\
[mmtests]\nsource = \"mmtests\"\n";

/// The coordinator, as its readers see it.
pub struct Server {
    pub address: String,
}

/// Status, head and body.
pub type Reply = (u16, String, String);

impl Server {
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Reply {
        let token = token.map_or(String::new(), |t| format!("Authorization: Bearer {t}\r\n"));
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None, "")
    }

    pub fn raw(&self, request: &str) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{reply:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), body.to_owned())
    }
}

pub fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.2).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

#[test]
fn bob_tells_over_http_and_lets_only_those_with_a_token_change_anything() {
    let world = World::without_machines();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server { address: format!("127.0.0.1:{port}") };
    fs::create_dir_all(world.path("machines")).unwrap();
    world.write("machines/m.toml", MACHINE);
    let text = format!("clients = []\nbuilders = 0\n[http]\nlisten = {:?}\n", server.address);
    world.write("coordinator.toml", &text);
    let token = |name: &str, role: &str| {
        world.printed(&["token", "add", name, "--role", role]).trim().to_owned()
    };
    let (reader, submitter, admin) =
        (token("r", "read"), token("s", "submit"), token("a", "admin"));

    let mut bob = Bob::start(&world);
    let open = || TcpStream::connect(&server.address).is_ok();
    bob.wait("it listens", Duration::from_secs(60), open);
    assert_eq!(server.get("/health").2, "ok\n");
    assert_eq!(server.get("/").0, 404, "there is no site yet");
    fs::create_dir_all(world.path("site/sub")).unwrap();
    world.write("site/index.html", "<p>the site</p>");
    assert_eq!(server.get("/").2, "<p>the site</p>");
    assert_eq!(server.get("/../coordinator.toml").0, 404);
    assert_eq!(server.get("/%2e%2e/state/tokens.toml").0, 404);
    let (status, head, body) = server.ask("HEAD", "/", None, "");
    assert!(status == 200 && head.contains("content-length: 15") && body.is_empty(), "{head}");

    // Without a token, or with one that does not allow it, nothing is told and nothing done.
    for (method, path) in [
        ("GET", "/api/jobs"),
        ("GET", "/api/jobs/1"),
        ("GET", "/api/nothing"),
        ("POST", "/api/jobs"),
        ("POST", "/api/queue/pause"),
        ("DELETE", "/api/jobs/1"),
    ] {
        for wrong in [None, Some("0123")] {
            let reply = server.ask(method, path, wrong, JOB);
            assert_eq!(reply.0, 401, "{method} {path}: {reply:?}");
            assert!(reply.1.contains("www-authenticate: Bearer"), "{reply:?}");
        }
    }
    assert_eq!(server.ask("POST", "/api/jobs", Some(&reader), JOB).0, 403);
    assert_eq!(server.ask("POST", "/api/queue/pause", Some(&submitter), "").0, 403);
    assert_eq!(
        json(&server.ask("GET", "/api/jobs", Some(&reader), ""))["jobs"],
        Value::Array(vec![])
    );

    let added = server.ask("POST", "/api/jobs?priority=3", Some(&submitter), JOB);
    assert_eq!((added.0, json(&added)["jobs"][0]["id"].as_i64()), (201, Some(1)), "{added:?}");
    assert_eq!(
        server.ask("POST", "/api/jobs", Some(&submitter), JOB).0,
        200,
        "it is there already"
    );
    for (body, says) in [
        (JOB.replace("\"m\"", "\"other\""), "no machine"),
        (JOB.replace("kernels/", "/etc/"), "folder of the lab"),
        (JOB.replace("kernels/", "../"), "folder of the lab"),
        (JOB.replace("config-x", "../x"), "no name"),
        ("nonsense".to_owned(), "job:1"),
    ] {
        let refused = server.ask("POST", "/api/jobs", Some(&submitter), &body);
        assert!(refused.0 == 400 && refused.2.contains(says), "{body}: {refused:?}");
    }
    let page = server.get("/jobs").2;
    assert!(page.contains("config-x of &lt;b&gt;.deb") && !page.contains("<b>"), "{page}");
    assert!(server.get("/jobs/1").2.contains("submitted"));
    assert_eq!((server.get("/jobs/2").0, server.get("/jobs/x").0), (404, 404));
    let metrics = server.get("/metrics").2;
    assert!(metrics.contains("melbot_jobs{kind=\"run\",state=\"waiting\"} 1\n"), "{metrics}");

    let cancelled = server.ask("POST", "/api/jobs/1/cancel", Some(&submitter), "");
    assert_eq!(json(&cancelled)["job"]["state"], "cancelled");
    assert_eq!(server.ask("POST", "/api/jobs/1/cancel", Some(&submitter), "").0, 409);
    assert_eq!(server.ask("POST", "/api/jobs/99/retry", Some(&submitter), "").0, 404);
    assert_eq!(server.ask("PUT", "/api/jobs", Some(&submitter), "").0, 405);
    let paused = server.ask("POST", "/api/queue/pause?machine=m", Some(&admin), "");
    assert_eq!(json(&paused)["paused"][0], "machine:m");
    assert!(world.printed(&["queue", "list"]).contains("paused: machine:m"));

    // A token that was taken away is none.
    world.printed(&["token", "remove", "r"]);
    assert_eq!(server.ask("GET", "/api/jobs", Some(&reader), "").0, 401);

    // What is no HTTP, or too large; and whoever never ends does not keep it from ending.
    assert_eq!(server.raw("\u{1}\r\n\r\n").0, 400);
    let large = "x".repeat(2 << 20);
    assert_eq!(server.ask("POST", "/api/jobs", Some(&submitter), &large).0, 413);
    let mut slow = TcpStream::connect(&server.address).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    bob.end();
}
