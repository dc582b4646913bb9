//! The real Orthos 2 of a checkout that ORTHOS_DIR names, and what is said between it and melbot.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::parts::{Lab, Part, Request, Server, free_port, listens, serve};
use crate::support::project;

/// Of each of its accounts.
pub const PASSWORD: &str = "kept-to-ourselves";
/// What every token is called in a recording, and every end of a reservation.
const TOKEN: &str = "0123456789abcdef";
const UNTIL: &str = "2026-11-26T23:59:59.999999+01:00";
/// What melbot reads of a machine.
const FIELDS: [&str; 5] = ["fqdn", "id", "reserved_by", "reserved_reason", "reserved_until"];

pub struct Orthos {
    folder: TempDir,
    port: u16,
    _part: Part,
}

impl Orthos {
    /// `None` where no checkout is named.
    pub fn start() -> Option<Orthos> {
        let checkout = std::env::var_os("ORTHOS_DIR")?;
        let folder = tempfile::Builder::new().prefix("orthos").tempdir().unwrap();
        let (port, cobbler) = (free_port(), free_port());
        let mut command = Command::new(project().join("tests/orthos/serve"));
        command.arg(checkout).arg(folder.path()).args([port.to_string(), cobbler.to_string()]);
        let part = Part::start(&mut command);
        listens(cobbler);
        listens(port);
        Some(Orthos { folder, port, _part: part })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How the switch behind it behaves: see tests/orthos/cobbler.py.
    pub fn switch(&self, file: &str, content: Option<&str>) {
        let path = self.folder.path().join(file);
        match content {
            Some(content) => fs::write(path, content).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }

    /// What plays a machine has the power that its switch gives it, and a system of long ago.
    pub fn plays(&self, lab: &Lab, fqdn: &str) {
        let file = |kind: &str| self.folder.path().join(format!("{fqdn}.{kind}"));
        let old = fs::File::create(file("installed")).unwrap();
        old.set_modified(UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
        fs::write(file("power"), "off").unwrap();
        fs::remove_file(lab.path("machine/power")).unwrap();
        symlink(file("power"), lab.path("machine/power")).unwrap();
        symlink(file("installed"), lab.path("machine/machine-id")).unwrap();
        lab.write("machine/running", "good\n");
    }

    /// Asks it as melbot does: what it answers to.
    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> (u16, Value) {
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--write-out",
            "\n%{http_code}",
            "--request",
            method,
        ]);
        if let Some(token) = token {
            command.args(["--header", &format!("Authorization: Token {token}")]);
        }
        if body.starts_with('{') {
            command.args(["--header", "Content-Type: application/json"]);
        }
        if !body.is_empty() {
            command.args(["--data-binary", "@-"]);
        }
        command.arg(format!("{}{path}", self.url()));
        let mut curl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        curl.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        let output = curl.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn ask_as(&self, user: &str, method: &str, path: &str, body: &str) -> Value {
        let login = format!("username={user}&password={PASSWORD}");
        let (_, token) = self.ask("POST", "/api/login", None, &login);
        let (status, answer) = self.ask(method, path, token["token"].as_str(), body);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// What it says of a machine.
    pub fn field(&self, fqdn: &str, field: &str) -> Value {
        let (_, answer) = self.ask("GET", &format!("/api/machine?fqdn={fqdn}"), None, "");
        answer["data"][field]["value"].clone()
    }

    /// Somebody reserves a machine for somebody.
    pub fn reserve_as(&self, user: &str, fqdn: &str, whose: &str, reason: &str) {
        let form = json!({ "form": { "username": whose, "reason": reason, "until": 1 } });
        let path = format!("/api/machine/{}/reserve", self.field(fqdn, "id"));
        self.ask_as(user, "POST", &path, &form.to_string());
        assert_eq!(self.field(fqdn, "reserved_by"), whose);
    }

    pub fn release_as(&self, user: &str, fqdn: &str) {
        self.ask_as(user, "GET", &format!("/api/release?fqdn={fqdn}"), "");
        assert_eq!(self.field(fqdn, "reserved_by"), Value::Null);
    }

    /// Nobody is logged in any more.
    pub fn forget_tokens(&self) {
        let program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as all:\n    \
                       all.execute('delete from authtoken_token')";
        let database = self.folder.path().join("orthos.sqlite3");
        let python = project().join("target/orthos-venv/bin/python3");
        let status = Command::new(python).args(["-c", program]).arg(database).status().unwrap();
        assert!(status.success());
    }
}

/// Stands between melbot and the server, and keeps what they say.
pub fn recorder(orthos: &Arc<Orthos>) -> (Server, Arc<Mutex<Vec<Value>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    // The recorder lives as long as the tests, the server no longer than its own.
    let (orthos, kept) = (Arc::downgrade(orthos), Arc::clone(&said));
    let mut token = None;
    let server = serve(move |request| {
        let Request { method, path, authorization, body } = request;
        let known = authorization.as_ref().and(token.as_deref());
        let Some(orthos) = orthos.upgrade() else { return (500, "null".to_owned()) };
        let (status, answer) = orthos.ask(method, path, known, body);
        if let Some(fresh) = answer["token"].as_str() {
            token = Some(fresh.to_owned());
        }
        let answer = told(answer);
        kept.lock().unwrap().push(json!({
            "method": method, "path": path, "authorization": authorization, "request": body,
            "status": status, "answer": answer,
        }));
        (status, answer.to_string())
    });
    (server, said)
}

/// An answer without what is another one each time, and what melbot does not read.
fn told(mut answer: Value) -> Value {
    if answer["token"].is_string() {
        answer["token"] = json!(TOKEN);
    }
    if answer["header"]["type"] == "INFO" {
        answer["header"].as_object_mut().unwrap().retain(|key, _| key == "type");
        answer["data"].as_object_mut().unwrap().retain(|key, _| FIELDS.contains(&key.as_str()));
        let until = &mut answer["data"]["reserved_until"]["value"];
        if until.is_string() {
            *until = json!(UNTIL);
        }
    }
    // A place in its own code, and the line that is there.
    let message = answer["data"]["message"].as_str().unwrap_or_default();
    if let Some((place, rest)) = message.split_once("): ")
        && let Some((file, line)) =
            place.strip_prefix("EXCEPTION IN (").and_then(|place| place.split_once(", LINE "))
    {
        let file = Path::new(file).file_name().unwrap().to_str().unwrap();
        let number = line.split(' ').next().unwrap();
        let message = format!("EXCEPTION IN ({file}, LINE {number}): {rest}");
        answer["data"]["message"] = json!(message);
    }
    answer
}

/// What was said is what was recorded; with MELBOT_BLESS, it is from now on.
#[track_caller]
pub fn assert_as_recorded(said: &[Value]) {
    let path = project().join("tests/data/orthos.json");
    if std::env::var_os("MELBOT_BLESS").is_some() {
        let lines: Vec<String> = said.iter().map(Value::to_string).collect();
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    let recorded: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (number, (said, recorded)) in said.iter().zip(&recorded).enumerate() {
        assert_eq!(said, recorded, "number {number}: MELBOT_BLESS=1 records it anew");
    }
    assert_eq!(said.len(), recorded.len(), "MELBOT_BLESS=1 records it anew");
}
