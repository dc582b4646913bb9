//! Builders on other hosts: a folder each, and nothing but HTTP between them and the coordinator.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::bob::{Bob, git};
use super::http::{self, Server};
use crate::lab::world::World;

/// A kernel of 3 MB that takes a moment; one without a number does not build.
const MAKEFILE: &str = "\
olddefconfig:\n\
\tmkdir -p $(O)/include/config\n\
targz-pkg:\n\
\t@[ -s number ] || { echo 'x.c:1: error: no x'; exit 1; }\n\
\techo 6.0.0 > $(O)/include/config/kernel.release\n\
\tsleep 0.3\n\
\t(cat number; head -c 3000000 /dev/zero) > $(O)/linux-6.0.0-x86.tar.gz\n";
const PATIENCE: Duration = Duration::from_secs(300);
/// These do not build.
const BROKEN: [usize; 2] = [3, 4];
const KERNELS: usize = 10;

struct Builder {
    child: Child,
}

impl Builder {
    fn start(world: &World, address: &str, name: &str) -> Builder {
        let log = world.path(&format!("{name}.log"));
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let url = format!("http://{address}");
        let child = world
            .command(&["builder", &url, "--token-file", "token", "--work", name])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Builder { child }
    }

    /// As the power does.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn bob_has_kernels_built_on_other_hosts_and_believes_what_it_has_checked() {
    let world = World::without_machines();
    let tree = world.path("tree");
    fs::create_dir_all(&tree).unwrap();
    fs::create_dir_all(world.path("machines")).unwrap();
    git(&tree, &["init", "--quiet"]);
    fs::write(tree.join("Makefile"), MAKEFILE).unwrap();
    for number in 1..=KERNELS {
        let text = if BROKEN.contains(&number) { String::new() } else { format!("{number}\n") };
        fs::write(tree.join("number"), text).unwrap();
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "--allow-empty", "--message", "Another one"]);
        git(&tree, &["tag", &format!("v6.1.{number}")]);
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    world.write("kconfig", "CONFIG_X=y\n");
    world.write(
        "coordinator.toml",
        &format!(
            "clients = []\nbuilders = 0\n[http]\nlisten = {address:?}\n\
             [trees.t]\nurl = \"tree\"\nfirst = \"all\"\nminutes = 0.01\n\
             [kconfigs.k]\nbase = \"kconfig\"\n\
             [[policies]]\nname = \"p\"\ntrees = [\"t\"]\nkconfig = \"k\"\nmachines = [\"m\"]\n\
             configs = [\"c\"]\nmmtests = {{ source = \"mmtests\" }}\n"
        ),
    );
    world.write("notify.toml", "[hook]\ncommand = [\"tee\", \"-a\", \"MAILS\"]\n");
    world.edit("notify.toml", |text| text.replace("MAILS", world.path("mails").to_str().unwrap()));
    let token = |name: &str, role: &str| world.printed(&["token", "add", name, "--role", role]);
    world.write("token", &token("b", "build"));
    let (builder, submitter) = (world.read("token").trim().to_owned(), token("s", "submit"));

    let mut bob = Bob::start(&world);
    let server = Server { address: address.clone() };
    bob.wait("it listens", PATIENCE, || TcpStream::connect(&address).is_ok());
    let builds = || -> Vec<Value> {
        let jobs = world.printed(&["queue", "list", "--all", "--json"]);
        let jobs: Vec<Value> = serde_json::from_str(&jobs).unwrap();
        jobs.into_iter().filter(|job| job["kind"] == "build").collect()
    };
    bob.wait("all are queued", PATIENCE, || builds().len() == KERNELS);

    // Builds and sources are for those who may build.
    let take = json!({ "builder": "evil", "fresh": true }).to_string();
    for (token, status) in [(None, 401), (Some("0123"), 401), (Some(submitter.trim()), 403)] {
        assert_eq!(server.ask("POST", "/api/builds/take", token, &take).0, status);
        let refs = server.ask("GET", "/git/t/info/refs?service=git-upload-pack", token, "");
        assert_eq!(refs.0, status, "{refs:?}");
    }
    for path in
        ["/git/t/HEAD", "/git/t/git-receive-pack", "/git/../t/info/refs", "/git/x/info/refs"]
    {
        assert_eq!(server.ask("GET", path, Some(&builder), "").0, 404, "{path}");
    }
    // What was sent is not what is said to have been built.
    let given = server.ask("POST", "/api/builds/take", Some(&builder), &take);
    let given = http::json(&given);
    let (job, lease) = (given["job"].as_i64().unwrap(), given["lease"].as_str().unwrap());
    let send = |what: &str, at: usize, text: &str| {
        let path = format!("/api/builds/{job}/{what}?lease={lease}&at={at}");
        server.ask("POST", &path, Some(&builder), text).0
    };
    assert_eq!((send("package", 0, "evil"), send("package", 9, "x")), (200, 409));
    let said = |outcome: &str| {
        let build = json!({
            "outcome": outcome, "commit": "c", "kconfig": "k", "release": "6.0.0",
            "package": "../../0123456789abcdef.tar.gz", "began": "", "seconds": 1, "log": "/etc/x",
        });
        let body = json!({ "lease": lease, "build": build }).to_string();
        server.ask("POST", &format!("/api/builds/{job}/finish"), Some(&builder), &body)
    };
    let refused = said("built");
    assert!(refused.0 == 409 && refused.2.contains("send it again"), "{refused:?}");
    let stranger = format!("/api/builds/{job}/renew?lease=0123");
    assert_eq!(server.ask("POST", &stranger, Some(&builder), "").0, 409);
    assert!(!world.path("kernels").exists() || world.list("kernels").is_empty());
    // It has gone away with its build: the same one comes back and has nothing.
    assert_eq!(server.ask("POST", "/api/builds/take", Some(&builder), &take).0, 200);
    let last = http::json(&server.ask("POST", "/api/builds/take", Some(&builder), &take));
    let fault = json!({ "lease": last["lease"], "fault": "no room" }).to_string();
    let path = format!("/api/builds/{}/finish", last["job"]);
    assert_eq!(server.ask("POST", &path, Some(&builder), &fault).0, 200);
    let id = last["job"].to_string();
    assert!(world.printed(&["queue", "show", &id]).contains("no room; tried again"));
    // At once, not in a minute.
    world.printed(&["queue", "cancel", &id]);
    world.printed(&["queue", "retry", &id]);

    let over = |jobs: &[Value]| {
        jobs.iter().filter(|job| job["state"] == "done" || job["state"] == "failed").count()
    };
    let has_one = |name: &str| {
        let owner = format!("builder {}", identity(&world, name));
        builds().iter().any(|job| job["state"] == "running" && job["owner"] == owner.as_str())
    };
    let mut one = Builder::start(&world, &address, "one");
    bob.wait("one has a build", PATIENCE, || has_one("one"));
    one.kill();
    let _two = Builder::start(&world, &address, "two");
    bob.wait("two has a build", PATIENCE, || has_one("two"));
    for _ in 0..2 {
        one = Builder::start(&world, &address, "one");
        bob.wait("one has another", PATIENCE, || has_one("one") || over(&builds()) == KERNELS);
        one.kill();
    }
    one = Builder::start(&world, &address, "one");
    bob.wait("all builds are over", PATIENCE, || over(&builds()) == KERNELS);
    let (mut lost, mut by) = (0, std::collections::BTreeSet::new());
    for job in builds() {
        let shown = world.printed(&["queue", "show", &job["id"].to_string(), "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let history = shown["history"].as_array().unwrap();
        lost += history.iter().filter(|event| event["event"] == "lost").count();
        let taken = history.iter().filter(|event| event["event"] == "taken");
        by.extend(taken.map(|event| event["detail"].as_str().unwrap().to_owned()));
        let number = job["title"].as_str().unwrap().strip_prefix("6.1.").unwrap();
        let number: usize = number.split(' ').next().unwrap().parse().unwrap();
        if BROKEN.contains(&number) {
            assert_eq!(job["outcome"], "does not build: x.c:1: error: no x", "{job}");
            continue;
        }
        let build: Value = serde_json::from_str(job["outcome"].as_str().unwrap()).unwrap();
        let package = build["package"].as_str().unwrap();
        let bytes = fs::read(world.path(package)).unwrap();
        assert!(bytes.starts_with(format!("{number}\n\0").as_bytes()), "{number}");
        let hash = &blake3::hash(&bytes).to_hex()[..16];
        assert_eq!(package, format!("kernels/{hash}.tar.gz"));
        assert!(world.read(build["log"].as_str().unwrap()).contains("linux-6.0.0"));
    }
    let both = ["one", "two"].map(|name| format!("builder {}", identity(&world, name)));
    assert!(both.iter().all(|name| by.contains(name)), "{by:?}");
    // One that nobody built, and the first of the builder that was killed.
    assert!(lost >= 2, "{lost}");
    drop(one);

    // People hear once that it does not build, and once that it does again.
    let mails = || fs::read_to_string(world.path("mails")).unwrap_or_default();
    bob.wait("mails", PATIENCE, || mails().contains("builds again"));
    let count = |what: &str| mails().matches(what).count();
    assert_eq!(count("does not build\n"), 1, "{}", mails());
    assert_eq!(count("builds again\n"), 1, "{}", mails());
    let page = server.get("/builds").2;
    assert!(page.contains("6.1.y") && page.contains("6.1.10 builds"), "{page}");
    // Nothing of what came in pieces is left.
    assert_eq!(world.list("state/incoming").len(), 0, "{:?}", world.list("state/incoming"));
    bob.end();
}

/// The name of a builder, once it has one.
fn identity(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(&format!("{name}/state/builder"))).unwrap_or_default()
}
