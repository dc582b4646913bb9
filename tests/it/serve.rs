//! The site on a web server: what it hands out, what it keeps to itself, and how it stays current.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::project;

/// A server of one config of the sample results, with words and a theme of its own.
struct Served {
    process: Child,
    address: String,
    scratch: TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    fn new() -> Served {
        let scratch = TempDir::new().unwrap();
        let results = scratch.path().join("results");
        let config = "tcg1/scheduler-pipes";
        copy(&project().join("sample-results").join(config), &results.join(config));
        fs::write(results.join("secret.html"), "<script>alert(1)</script>").unwrap();
        fs::create_dir_all(results.join("words/kernels")).unwrap();
        fs::write(results.join("words/front.md"), "Moved to *rack 3*.").unwrap();
        fs::write(results.join("words/kernels/7.77.md"), "not measured").unwrap();
        fs::create_dir_all(scratch.path().join("theme/assets")).unwrap();
        fs::write(scratch.path().join("theme/assets/style.css"), "/* mine */").unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_melbot"))
            .current_dir(scratch.path())
            .args(["serve", "results", "-o", "site", "--store", "store", "--theme", "theme"])
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Served { process, address, scratch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Sends a request as it is; the head of the answer, and its body.
    fn ask(&self, method: &str, path: &str, header: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\n{header}\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        (head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str) -> (String, String) {
        self.ask("GET", path, "")
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn status(answer: &(String, String)) -> &str {
    answer.0.split(' ').nth(1).unwrap_or("")
}

fn field<'a>(answer: &'a (String, String), name: &str) -> &'a str {
    let lines = answer.0.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(found, _)| *found == name).map(|(_, value)| value).next().unwrap_or("")
}

#[test]
fn pages_words_themes_and_raw_logs_are_handed_out_and_nothing_else() {
    let served = Served::new();
    let home = served.get("/");
    assert_eq!((status(&home), field(&home, "content-type")), ("200", "text/html; charset=utf-8"));
    assert!(home.1.contains("Moved to <em>rack 3</em>.") && home.1.contains("/~reload.js"));
    let known = format!("If-None-Match: {}\r\n", field(&home, "etag"));
    let again = served.ask("GET", "/", &known);
    assert_eq!((status(&again), again.1.as_str()), ("304", ""));
    assert_eq!(served.get("/assets/style.css").1, "/* mine */");
    assert!(served.get("/problems.html").1.contains("these results have no kernel"));
    assert_eq!(field(&served.get("/kernels"), "location"), "/kernels/");

    // As links of the pages have it: `..` leads no higher than the root of a server.
    let log = "/results/tcg1/scheduler-pipes/6.1.192-stable/iter-0/kernel.version";
    let log = served.get(log);
    assert!(status(&log) == "200" && log.1.starts_with("Linux "), "{log:?}");
    let secret = served.get("/results/secret.html");
    assert_eq!(field(&secret, "content-type"), "text/plain; charset=utf-8");
    assert!(field(&secret, "content-security-policy").contains("sandbox"));

    for path in
        ["/../../etc/passwd", "/%2e%2e/store", "/.melbot-site", "/results/%2e%2e/site", "/x"]
    {
        assert_eq!(status(&served.get(path)), "404", "{path}");
    }
    assert_eq!(status(&served.ask("POST", "/", "")), "405");

    // A name of somebody else that came to stand for this machine.
    let stranger = served.ask("GET", "/", "Host: example.org\r\n");
    assert!(status(&stranger) == "421" && stranger.1.contains("--listen"), "{stranger:?}");
    assert_eq!(status(&served.ask("GET", "/", "Host: localhost:80\r\n")), "200");
}

#[test]
fn open_pages_hear_of_a_change() {
    let served = Served::new();
    let script = served.get("/~reload.js").1;
    let seen = script.split("melbotWait(").last().and_then(|rest| rest.split(')').next());
    let ask = format!("/~news.js?seen={}", seen.unwrap());
    let news = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| served.get(&ask));
        fs::write(served.path("results/words/front.md"), "Moved back.").unwrap();
        waiting.join().unwrap()
    });
    assert_eq!(news.1, "location.reload();\n");
    assert!(served.get("/").1.contains("Moved back."));
}
