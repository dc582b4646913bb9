//! What came of a kernel on a machine, in a few lines. No I/O.

use serde_json::Value;

use super::reruns::Ordered;

/// A config that was to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its name.
    pub config: String,
    /// What came of it: `finished`, or why not.
    pub outcome: String,
}

/// What came of a kernel on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The kernel.
    pub kernel: String,
    /// The machine.
    pub machine: String,
    /// What was run.
    pub runs: Vec<Ran>,
    /// What got worse, a sentence each.
    pub regressions: Vec<String>,
    /// What got better, a sentence each.
    pub improvements: Vec<String>,
    /// Earlier regressions that are over with it, a sentence each.
    pub fixed: Vec<String>,
    /// Operations that nothing could be decided of.
    pub inconclusive: Vec<String>,
    /// What is run again for them, and what is not.
    pub reruns: Ordered,
    /// Operations that were compared.
    pub compared: usize,
}

impl Summary {
    /// Reads what `melbot alerts --json` and `melbot compare --json` say of the configs that were run: the same kernel,
    /// configured differently, is told of elsewhere.
    pub fn read(&mut self, alerts: &Value, comparisons: &Value) {
        for alert in list(&alerts["alerts"]) {
            if !self.is_about(alert) {
                continue;
            }
            let sentence = || format!("{}: {}", text(&alert["title"]), text(&alert["sentence"]));
            if text(&alert["window"]["first_bad"]) == self.kernel {
                match text(&alert["turn"]) {
                    "regression" => self.regressions.push(sentence()),
                    _ => self.improvements.push(sentence()),
                }
            } else if text(&alert["turn"]) == "regression" && self.is_end_of(alert) {
                self.fixed.push(sentence());
            }
        }
        for comparison in list(comparisons) {
            if self.is_about(comparison) {
                self.count(comparison);
            }
        }
    }

    fn is_about(&self, value: &Value) -> bool {
        text(&value["machine"]) == self.machine
            && self.runs.iter().any(|ran| ran.config == text(&value["config"]))
    }

    /// One of its members was repaired in this kernel.
    fn is_end_of(&self, alert: &Value) -> bool {
        list(&alert["members"]).iter().flat_map(|member| list(&member["life"]["events"])).any(
            |event| {
                matches!(text(&event["event"]), "fixed" | "recovered")
                    && text(&event["kernel"]) == self.kernel
            },
        )
    }

    fn count(&mut self, comparison: &Value) {
        let columns = list(&comparison["columns"]);
        let Some(column) = columns.iter().position(|one| text(&one["run"]) == self.kernel) else {
            return;
        };
        for benchmark in list(&comparison["benchmarks"]) {
            for operation in list(&benchmark["operations"]) {
                let kind = text(&operation["cells"][column]["verdict"]["kind"]);
                if matches!(kind, "" | "baseline" | "not-measured") {
                    continue;
                }
                self.compared += 1;
                if matches!(kind, "inconclusive" | "suspect") {
                    let name = |of: &Value| text(&of["name"]).to_owned();
                    self.inconclusive.push(format!("{} {}", name(benchmark), name(operation)));
                }
            }
        }
    }

    /// In a line: `6.12.5 on ivor: 3 regressions, 1 fixed, 2 inconclusive`.
    pub fn line(&self) -> String {
        let mut parts = Vec::new();
        let mut part = |count: usize, one: &str, many: &str| match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        };
        part(self.regressions.len(), "regression", "regressions");
        part(self.improvements.len(), "improvement", "improvements");
        part(self.fixed.len(), "fixed", "fixed");
        part(self.inconclusive.len(), "inconclusive", "inconclusive");
        if !self.reruns.queued.is_empty() {
            parts.push("reruns queued".to_owned());
        }
        let failed = self.runs.iter().filter(|ran| ran.outcome != "finished").count();
        if failed > 0 {
            parts.push(format!("{failed} of {} runs failed", self.runs.len()));
        }
        if parts.is_empty() {
            parts.push(match self.compared {
                0 => "nothing to compare with yet".to_owned(),
                _ => "no change".to_owned(),
            });
        }
        format!("{} on {}: {}", self.kernel, self.machine, parts.join(", "))
    }

    /// All of it.
    pub fn text(&self) -> String {
        let mut text = self.line() + "\n";
        let sections = [
            ("Regressions", &self.regressions),
            ("Fixed", &self.fixed),
            ("Improvements", &self.improvements),
            ("Inconclusive", &self.inconclusive),
            ("Reruns queued", &self.reruns.queued),
            ("Reruns put off", &self.reruns.put_off),
        ];
        for (title, lines) in sections {
            if !lines.is_empty() {
                text += &format!("\n{title}\n");
            }
            for line in lines.iter().take(LONGEST) {
                text += &format!("  {line}\n");
            }
            if lines.len() > LONGEST {
                text += &format!("  and {} more\n", lines.len() - LONGEST);
            }
        }
        text += "\nRuns\n";
        for ran in &self.runs {
            text += &format!("  {}: {}\n", ran.config, ran.outcome);
        }
        text
    }
}

/// Nobody reads more of a list.
const LONGEST: usize = 20;

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summary() -> Summary {
        let ran = |config: &str, outcome: &str| Ran {
            config: config.to_owned(),
            outcome: outcome.to_owned(),
        };
        Summary {
            kernel: "6.12.5".to_owned(),
            machine: "ivor".to_owned(),
            runs: vec![ran("one", "finished"), ran("two", "finished")],
            ..Summary::default()
        }
    }

    #[test]
    fn a_kernel_is_told_in_a_line() {
        let mut summary = summary();
        let alert = |place: &str, kernel: &str, turn: &str, fixed: &str| {
            let (machine, config) = place.split_once(' ').expect("two words");
            json!({
                "machine": machine, "config": config, "turn": turn, "title": "netperf", "sentence": "it moved",
                "window": { "first_bad": kernel, "last_good": "6.12.4" },
                "members": [{ "life": { "events": [{ "event": "fixed", "kernel": fixed }] } }],
            })
        };
        let alerts = json!({ "alerts": [
            alert("ivor one", "6.12.5", "regression", ""),
            alert("ivor one+debug", "6.12.5", "regression", ""),
            alert("ivor two", "6.12.5", "regression", "6.12.6"),
            alert("ivor two", "6.12.2", "regression", "6.12.5"),
            alert("ivy one", "6.12.5", "regression", ""),
            alert("ivor two", "6.12.4", "improvement", "6.12.5"),
        ] });
        let cell = |kind: &str| json!({ "verdict": { "kind": kind } });
        let comparisons = json!([{
            "machine": "ivor", "config": "one", "columns": [{ "run": "6.12.4" }, { "run": "6.12.5" }],
            "benchmarks": [{ "name": "netperf", "operations": [
                { "name": "a", "cells": [cell("baseline"), cell("inconclusive")] },
                { "name": "b", "cells": [cell("inconclusive"), cell("regressed")] },
            ] }],
        }]);
        summary.read(&alerts, &comparisons);
        assert_eq!(summary.line(), "6.12.5 on ivor: 2 regressions, 1 fixed, 1 inconclusive");
        assert!(summary.text().contains("Inconclusive\n  netperf a\n"), "{}", summary.text());
    }

    #[test]
    fn what_was_not_measured_is_no_lack_of_change() {
        let mut summary = summary();
        assert_eq!(summary.line(), "6.12.5 on ivor: nothing to compare with yet");
        summary.reruns.queued.push("config-x: 3 of 6.12.5".to_owned());
        assert_eq!(summary.line(), "6.12.5 on ivor: reruns queued");
        assert!(summary.text().contains("\nReruns queued\n  config-x: 3 of"), "{}", summary.text());
        summary.reruns.queued.clear();
        summary.compared = 3;
        assert_eq!(summary.line(), "6.12.5 on ivor: no change");
        summary.runs[1].outcome = "kernel panic".to_owned();
        assert_eq!(summary.line(), "6.12.5 on ivor: 1 of 2 runs failed");
    }
}
