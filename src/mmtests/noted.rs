//! What melbot's client notes of a run that it ran: `run.toml` in the folder of the run. It is read as any other
//! file of a run, which anybody may have written.

use toml::{Table, Value};

use super::logs::Logs;
use super::printable::quote;
use crate::model::{Noted, facts};

/// A record is a few kB.
const LARGEST: u64 = 1 << 20;
/// No line needs more characters.
const LONGEST: usize = 4000;
/// Somebody else's file may have any number.
const MOST: usize = 1000;

/// What is noted, in the order in which pages show it. Machine and config are no part of it: see `layout`.
pub fn read(run: &Logs) -> Vec<Noted> {
    let text = run.has("run.toml").then(|| run.read_start("run.toml", LARGEST)).flatten();
    text.and_then(|(text, _)| text.as_str().parse().ok()).map_or_else(Vec::new, |table| of(&table))
}

fn of(record: &Table) -> Vec<Noted> {
    let mut all = Vec::new();
    let mut note = |name: &str, value: Option<String>| {
        let value = value.map(|value| quote(&value, LONGEST)).unwrap_or_default();
        if !value.is_empty() && all.len() < MOST {
            all.push(Noted { name: name.to_owned(), value });
        }
    };
    let said = |table: &str, key: &str| Some(shown(record.get(table)?.get(key)?));
    let outcome = record.get("outcome").map(shown);
    let reason = record.get("reason").map(|reason| format!(": {}", shown(reason)));
    note("Job", record.get("job").map(shown));
    note("Outcome", outcome.map(|outcome| outcome + &reason.unwrap_or_default()));
    note("Kernel commit", said("kernel", "commit"));
    note("Kernel package", said("kernel", "package"));
    note("Hash of the kernel's config", said("kernel", "kconfig"));
    note("Booted with", said("kernel", "command_line"));
    note(facts::MMTESTS, said("mmtests", "revision"));
    note("Hash of MMTests' config", said("mmtests", "config"));
    note("CPUs", said("facts", "cpus"));
    note("Memory", said("facts", "memory").map(|mebibytes| format!("{mebibytes} MiB")));
    note("Architecture", said("facts", "arch"));
    note("Disks", said("facts", "disks"));
    note("Tags", said("facts", "tags"));
    for boot in list(record, "boots") {
        note("Boot", boot.as_table().map(self::boot));
    }
    for fault in list(record, "faults") {
        note("Went wrong", Some(shown(fault)));
    }
    all
}

fn list<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = &'t Value> {
    table.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// `3f1c…, iterations 0, 1, began 2026-11-26T01:31:45Z, 396 s: an oops`
fn boot(boot: &Table) -> String {
    let with = |start: &str, key: &str, end: &str| {
        let value = shown(boot.get(key)?);
        (!value.is_empty()).then(|| format!("{start}{value}{end}"))
    };
    let several =
        boot.get("iterations").and_then(Value::as_array).is_some_and(|all| all.len() != 1);
    let iterations = if several { "iterations " } else { "iteration " };
    let parts = [
        with("", "id", ""),
        with(iterations, "iterations", ""),
        with("began ", "began", ""),
        with("", "run_seconds", " s"),
        with("of job ", "job", ""),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    text + &with(": ", "notes", "").unwrap_or_default()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let noted = of(&text.parse().expect("TOML"));
        noted.iter().map(|noted| format!("{}: {}", noted.name, noted.value)).collect()
    }

    #[test]
    fn what_a_client_writes_is_told() {
        let text = r#"machine = "m"
config = "c"
job = "nightly-1"
outcome = "partial"
reason = "run 1: panic"
faults = ["run 1: panic: Kernel panic"]
[kernel]
release = "6.18.0"
commit = "7d0a66e4"
package = "linux.rpm"
[mmtests]
revision = "638401e0"
[facts]
memory = 1024
tags = ["numa", "big"]
[[boots]]
iterations = [0, 1]
id = "3f1c"
run_seconds = 90
notes = ["oops: BUG"]
"#;
        let expected = [
            "Job: nightly-1",
            "Outcome: partial: run 1: panic",
            "Kernel commit: 7d0a66e4",
            "Kernel package: linux.rpm",
            "MMTests: 638401e0",
            "Memory: 1024 MiB",
            "Tags: numa, big",
            "Boot: 3f1c, iterations 0, 1, 90 s: oops: BUG",
            "Went wrong: run 1: panic: Kernel panic",
        ];
        assert_eq!(lines(text), expected);
    }

    #[test]
    fn anything_else_is_shown_as_it_is_or_not_at_all() {
        assert_eq!(lines("machine = \"m\""), Vec::<String>::new());
        assert_eq!(lines("kernel = 3\nboots = [1, {}]\njob = [\"a\\u001b\"]"), ["Job: a"]);
    }
}
