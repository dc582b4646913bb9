//! The API under schemathesis: whatever its OpenAPI document allows, and what it does not.

use std::process::Command;

use serde_json::Value;

use super::begun::Seen;
use crate::support::project;

/// Requests for each operation and phase.
fn examples() -> &'static str {
    if std::env::var_os("MELBOT_SLOW_TESTS").is_some() { "200" } else { "10" }
}

#[test]
fn bob_has_no_fault_and_tells_nothing_without_a_token_whatever_is_asked() {
    let seen = Seen::new("requests = 1e6");
    let bob = seen.bob();
    let world = &seen.world;
    let secrets = world.printed(&["queue", "list", "--all", "--json"]);
    let token = |name: &str, role: &str| world.printed(&["token", "add", name, "--role", role]);
    let admin = token("a", "admin");
    let mut asked = Vec::new();
    for (who, token) in
        [("nobody", None), ("stranger", Some("0123")), ("admin", Some(admin.trim()))]
    {
        let answers = fuzzed(&seen, token);
        assert!(answers.len() > 100, "{who}: {}", answers.len());
        for (request, status, body) in &answers {
            assert!(*status < 500, "{who}: {request}: {status}: {body}");
            if who != "admin" && !request.ends_with("/api/openapi.json") {
                // Nor is anything told of what cannot be asked for in this way.
                assert_eq!(*status, 401, "{who}: {request}: {body}");
                let told: Value = serde_json::from_str(body).unwrap_or_default();
                let keys = told.as_object().map(|told| told.keys().cloned().collect::<Vec<_>>());
                assert!(body.is_empty() || keys == Some(vec!["error".to_owned()]), "{body}");
                assert!(body.len() < 200, "{body}");
            }
        }
        asked.push(format!("{who}: {}", answers.len()));
        if who != "admin" {
            let now = world.printed(&["queue", "list", "--all", "--json"]);
            assert_eq!(now, secrets, "nothing was done");
        }
    }
    println!("requests of {}", asked.join(", "));
    assert_eq!(seen.server.get("/health").0, 200);
    bob.end();
}

/// Request, status and body of each answer.
fn fuzzed(seen: &Seen, token: Option<&str>) -> Vec<(String, u64, String)> {
    let program = project().join("target/lab-venv/bin/schemathesis");
    assert!(program.is_file(), "there is no schemathesis: see tests/run");
    let report = seen.world.path("report.har");
    let mut command = Command::new(program);
    command
        .arg("run")
        .arg(format!("http://{}/api/openapi.json", seen.server.address))
        .args(["--max-examples", examples(), "--seed", "7", "--no-shrink", "--no-color"])
        .args(["--continue-on-failure", "--checks", "not_a_server_error"])
        .args(["--suppress-health-check", "all"])
        .args(["--generation-database", "none", "--output-sanitize", "false"])
        .arg("--report-har-path")
        .arg(&report)
        .current_dir(seen.world.path(""));
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = std::fs::read_to_string(&report).unwrap_or_else(|_| panic!("{said}"));
    let har: Value = serde_json::from_str(&text).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let entry = |entry: &Value| {
        let (request, response) = (&entry["request"], &entry["response"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let what = format!("{} {}", text(&request["method"]), text(&request["url"]));
        (what, response["status"].as_u64().unwrap(), text(&response["content"]["text"]))
    };
    entries.iter().map(entry).collect()
}
