//! Many readers and submitters at once, on loopback: what each of them waits for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::begun::Seen;

/// What one sort of request took.
struct Figures {
    times: Vec<Duration>,
    wall: Duration,
}

impl Figures {
    fn told(&mut self, what: &str) {
        self.times.sort();
        let at = |part: f64| self.times[((self.times.len() - 1) as f64 * part) as usize];
        println!(
            "{what:34} {:6.0} a second, median {:5.1} ms, p99 {:5.1} ms, of {}",
            self.times.len() as f64 / self.wall.as_secs_f64(),
            at(0.5).as_secs_f64() * 1e3,
            at(0.99).as_secs_f64() * 1e3,
            self.times.len()
        );
    }
}

#[test]
fn bob_answers_many_at_once_and_those_who_ask_too_often_wait_alone() {
    let each = if std::env::var_os("MELBOT_SLOW_TESTS").is_some() { 1000 } else { 20 };
    let seen = Seen::new("");
    let limit = |rate: f64| {
        seen.world.edit("coordinator.toml", |text| {
            let rest = text.lines().filter(|line| !line.starts_with("requests = "));
            let text = rest.collect::<Vec<_>>().join("\n") + "\n";
            text.replace("[http]\n", &format!("[http]\nrequests = {rate:?}\n"))
        });
    };
    limit(1e6);
    let token = |name: &str, role: &str| {
        seen.world.printed(&["token", "add", name, "--role", role]).trim().to_owned()
    };
    let (reader, submitter) = (token("reader", "read"), token("submitter", "submit"));
    let machine = "prepare = []\n[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\n\
        status = [\"echo\", \"off\"]\n[exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\n\
        host_key = \"ssh-ed25519 AAAA\"\n[boot]\ndriver = \"command\"\ninstall = []\nonce = []\n";
    seen.world.write("machines/slow.toml", machine);
    let address = &seen.server.address;
    let bob = seen.bob();
    let page = format!("/alert/{}.html", seen.alert);
    let job = |number: usize| {
        format!(
            "machines = [\"slow\"]\nconfig = \"config-x\"\nrun = \"run{number}\"\n\
             [kernel]\npackage = \"kernels/b.deb\"\n[mmtests]\nsource = \"mmtests\"\n"
        )
    };
    let get = |path: &str, token: Option<&str>| request("GET", path, token, "");
    for (what, clients, asks) in [
        ("health", 16, Box::new(|_| get("/health", None)) as Box<dyn Fn(usize) -> String + Sync>),
        ("a page of the site", 16, Box::new(|_| get(&page, None))),
        (
            "jobs submitted",
            8,
            Box::new(|n| request("POST", "/api/jobs", Some(&submitter), &job(n))),
        ),
        ("the page of all jobs", 4, Box::new(|_| get("/jobs", None))),
        ("jobs over the API", 4, Box::new(|_| get("/api/jobs?state=waiting", Some(&reader)))),
    ] {
        // Pages of a thousand jobs take longer.
        let each = if clients == 4 { each / 10 } else { each };
        let mut figures = ask(address, clients, each.max(5), &*asks);
        figures.told(&format!("{what}, {clients} at once"));
        let slow = figures.times.iter().filter(|time| **time > Duration::from_secs(10)).count();
        assert_eq!(slow, 0, "{what}");
    }
    let jobs = seen.world.printed(&["queue", "list", "--json"]);
    let jobs: Vec<serde_json::Value> = serde_json::from_str(&jobs).unwrap();
    assert_eq!(jobs.len(), 8 * each, "each submission is a job");
    bob.end();

    // A reader who asks too often is told so, and keeps nobody who has a token.
    limit(20.0);
    let bob = seen.bob();
    let status = |token: Option<&str>| seen.server.ask("GET", "/api/jobs/1", token, "").0;
    let refused = (0..100).filter(|_| status(None) == 429).count();
    assert!(refused > 30, "{refused}");
    let refused = (0..100).filter(|_| status(Some("made-up")) == 429).count();
    assert!(refused > 70, "{refused}");
    assert_eq!((0..30).filter(|_| status(Some(&reader)) == 200).count(), 30);
    bob.end();
}

fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let token = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{token}Content-Length: {length}\r\n\r\n{body}")
}

/// So many clients, each with a connection that it keeps, and so many requests one after the other.
fn ask(
    address: &str,
    clients: usize,
    each: usize,
    asks: &(dyn Fn(usize) -> String + Sync),
) -> Figures {
    let began = Instant::now();
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
                    let mut times = Vec::new();
                    for number in 0..each {
                        let request = asks(client * each + number);
                        let began = Instant::now();
                        stream.get_mut().write_all(request.as_bytes()).unwrap();
                        let status = answer(&mut stream);
                        times.push(began.elapsed());
                        assert!(matches!(status, 200 | 201), "{request}: {status}");
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    Figures { times, wall: began.elapsed() }
}

/// The status of an answer that is read whole.
fn answer(stream: &mut BufReader<TcpStream>) -> u16 {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest.split(' ').next().unwrap().parse().unwrap();
        }
        if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    status
}
