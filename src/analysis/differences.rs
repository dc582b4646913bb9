//! What the environments of runs differ in: facts, options one by one, and what their kernels complained
//! about.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::model::{Environment, KernelWarning, facts};

/// Options of one list that are told.
const MOST_OPTIONS: usize = 40;
/// Different complaints that are told.
const MOST_COMPLAINTS: usize = 20;
/// Words of the command line that differ by intention from run to run.
const PER_RUN: &[&str] = &["BOOT_IMAGE=", "initrd=", "mm.run=", "mm.cfg=", "melbot."];
/// What an option of the kernel is that is not in its config.
const NOT_SET: &str = "not set";

/// A fact or an option that is not the same for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The list that an option stands in; empty for facts.
    pub list: String,
    /// Name of the fact or option.
    pub name: String,
    /// By run; absent where it is not known. Of a fact of several parts only those that not all have.
    pub values: Vec<Option<String>>,
}

/// What runs differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Facts first, then options, the most telling of each list first.
    pub rows: Vec<Difference>,
    /// Options that differ and are not told, for there are too many.
    pub more: usize,
}

/// What a kernel complained about, and in which of the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// The line, without its time.
    pub message: String,
    /// The first functions of the stack, where the first of them was told.
    pub stack: Vec<String>,
    /// Places of the runs that have it.
    pub runs: Vec<usize>,
}

/// A value that differs by intention only makes no difference.
fn per_run(word: &str) -> bool {
    PER_RUN.iter().any(|start| word.starts_with(start))
}

/// The words of a command line that may make a difference.
pub fn words(command_line: &str) -> Vec<String> {
    command_line.split_whitespace().filter(|word| !per_run(word)).map(str::to_owned).collect()
}

/// The parts of a fact, and what stands between them.
type Parts = (Vec<String>, &'static str);

/// The parts of a fact; `None` for one that is a whole.
fn parts(name: &str, value: &str) -> Option<Parts> {
    let split = |by: &str| value.split(by).map(|part| part.trim().to_owned()).collect();
    match name {
        facts::COMMAND_LINE => Some((words(value), " ")),
        facts::SECURITY_MODULES => Some((split(","), ", ")),
        facts::VULNERABILITIES | facts::SLEEP | facts::IO_SCHEDULERS | facts::FREQUENCY => {
            Some((split("; "), "; "))
        }
        _ => None,
    }
}

/// What these environments differ in; a run whose environment is not known has `None`.
pub fn differences(environments: &[Option<&Environment>]) -> Differences {
    let mut found = Differences::default();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in environments.iter().flatten().flat_map(|environment| &environment.facts) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    for name in names {
        let values: Vec<Option<&str>> =
            environments.iter().map(|environment| (*environment)?.fact(name)).collect();
        let values = told(name, &values);
        if differ(&values) {
            found.rows.push(Difference { list: String::new(), name: name.to_owned(), values });
        }
    }
    for list in [facts::CONFIG_FILE, facts::KERNEL_CONFIG, facts::SYSCTL] {
        add_options(list, environments, &mut found);
    }
    found
}

/// What of a fact is told, by run.
fn told(name: &str, values: &[Option<&str>]) -> Vec<Option<String>> {
    let split: Option<Vec<Option<Parts>>> = values
        .iter()
        .map(|value| match value {
            Some(value) => parts(name, value).map(Some),
            None => Some(None),
        })
        .collect();
    let Some(split) = split else {
        return values.iter().map(|value| value.map(str::to_owned)).collect();
    };
    let known = || split.iter().flatten().map(|(parts, _)| parts);
    let mut everywhere: HashSet<&str> =
        known().next().map_or_else(HashSet::new, |first| texts(first).collect());
    for parts in known() {
        let here: HashSet<&str> = texts(parts).collect();
        everywhere.retain(|part| here.contains(part));
    }
    let shown = |(parts, between): &Parts| {
        let own: Vec<&str> = texts(parts).filter(|part| !everywhere.contains(part)).collect();
        own.join(between)
    };
    split.iter().map(|value| value.as_ref().map(shown)).collect()
}

fn texts(parts: &[String]) -> impl Iterator<Item = &str> {
    parts.iter().map(String::as_str)
}

/// `true` if two runs are known to differ.
fn differ<T: PartialEq>(values: &[Option<T>]) -> bool {
    let mut known = values.iter().flatten();
    known.next().is_some_and(|first| known.any(|value| value != first))
}

fn add_options<'e>(list: &str, environments: &[Option<&'e Environment>], found: &mut Differences) {
    let known: Vec<Option<HashMap<&str, &str>>> =
        environments.iter().map(|environment| options(list, *environment)).collect();
    // The newest that is known says which are the most telling.
    let mut names: Vec<&str> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for environment in environments.iter().rev().flatten() {
        let options = environment.settings.iter().filter(|(name, _)| name == list);
        for option in options.flat_map(|(_, options)| options) {
            let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name);
            if seen.insert(name) {
                names.push(name);
            }
        }
    }
    let missing = if list == facts::SYSCTL { "–" } else { NOT_SET };
    let mut count = 0;
    for name in names {
        let value = |options: &Option<HashMap<&'e str, &'e str>>| {
            Some(options.as_ref()?.get(name).copied().unwrap_or(missing))
        };
        let values: Vec<Option<&str>> = known.iter().map(value).collect();
        if !differ(&values) {
            continue;
        }
        count += 1;
        if count > MOST_OPTIONS {
            found.more += 1;
        } else {
            let values = values.into_iter().map(|value| value.map(str::to_owned)).collect();
            found.rows.push(Difference { list: list.to_owned(), name: name.to_owned(), values });
        }
    }
}

/// The options of one list with their values, where they are known.
fn options<'e>(
    list: &str,
    environment: Option<&'e Environment>,
) -> Option<HashMap<&'e str, &'e str>> {
    let (_, options) = environment?.settings.iter().find(|(name, _)| name == list)?;
    Some(options.iter().map(|option| option.split_once('=').unwrap_or((option, "there"))).collect())
}

/// What the kernels complained about, in the order of the runs; each complaint once.
pub fn complaints(environments: &[Option<&Environment>]) -> Vec<Complaint> {
    let mut found: Vec<Complaint> = Vec::new();
    for (run, environment) in environments.iter().enumerate() {
        for warning in environment.iter().flat_map(|environment| &environment.kernel_warnings) {
            let message = message(warning);
            let known = found.iter().position(|known| same(&known.message, message));
            match known {
                Some(at) => {
                    found[at].runs.push(run);
                    found[at].runs.dedup();
                }
                None if found.len() < MOST_COMPLAINTS => found.push(Complaint {
                    message: message.to_owned(),
                    stack: warning.stack.clone(),
                    runs: vec![run],
                }),
                None => {}
            }
        }
    }
    found
}

/// A line of the kernel log without its time.
pub fn message(warning: &KernelWarning) -> &str {
    let line = warning.line.as_str();
    line.split_once("] ").map_or(line, |(_, message)| message)
}

/// `true` if two messages differ in numbers only: the CPU and the process are others every time.
fn same(one: &str, other: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>() };
    one == other || plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(facts: &[(&str, &str)], settings: &[(&str, &[&str])]) -> Environment {
        let own = |text: &&str| (*text).to_owned();
        Environment {
            facts: facts.iter().map(|(name, value)| (own(name), own(value))).collect(),
            settings: settings
                .iter()
                .map(|(list, all)| (own(list), all.iter().map(own).collect()))
                .collect(),
            kernel_warnings: Vec::new(),
        }
    }

    fn rows(found: &Differences) -> Vec<(&str, Vec<&str>)> {
        let values = |row: &'_ Difference| -> Vec<String> {
            row.values.iter().map(|v| v.clone().unwrap_or("?".to_owned())).collect()
        };
        found
            .rows
            .iter()
            .map(|row| {
                let values: Vec<&str> =
                    values(row).into_iter().map(|value| &*String::leak(value)).collect();
                (row.name.as_str(), values)
            })
            .collect()
    }

    #[test]
    fn only_what_differs_is_told_and_of_lists_only_the_parts() {
        let good = environment(
            &[
                (facts::COMMAND_LINE, "BOOT_IMAGE=/a quiet ro"),
                (facts::CPU, "X"),
                (facts::SECURITY_MODULES, "capability,apparmor"),
            ],
            &[
                (facts::KERNEL_CONFIG, &["HZ=250", "NUMA=y"]),
                (facts::SYSCTL, &["vm.swappiness=60"]),
            ],
        );
        let bad = environment(
            &[
                (facts::COMMAND_LINE, "BOOT_IMAGE=/b ro mitigations=off"),
                (facts::CPU, "X"),
                (facts::SECURITY_MODULES, "capability,apparmor,ima"),
            ],
            &[
                (facts::KERNEL_CONFIG, &["PREEMPT_LAZY=y", "HZ=1000", "NUMA=y"]),
                (facts::SYSCTL, &["vm.swappiness=60"]),
            ],
        );
        let found = differences(&[Some(&good), None, Some(&bad)]);
        let expected = [
            (facts::COMMAND_LINE, vec!["quiet", "?", "mitigations=off"]),
            (facts::SECURITY_MODULES, vec!["", "?", "ima"]),
            ("PREEMPT_LAZY", vec!["not set", "?", "y"]),
            ("HZ", vec!["250", "?", "1000"]),
        ];
        assert_eq!(rows(&found), expected);
        assert_eq!(differences(&[Some(&good), Some(&good)]), Differences::default());
        // A run of which nothing is known differs in nothing.
        assert_eq!(differences(&[Some(&good), None]), Differences::default());
    }

    #[test]
    fn many_options_are_bounded() {
        let names: Vec<String> = (0..100).map(|at| format!("DEBUG_{at}=y")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let good = environment(&[], &[(facts::KERNEL_CONFIG, &["HZ=250"])]);
        let bad = environment(&[], &[(facts::KERNEL_CONFIG, &names)]);
        let found = differences(&[Some(&good), Some(&bad)]);
        assert_eq!((found.rows.len(), found.more), (MOST_OPTIONS, 101 - MOST_OPTIONS));
    }

    #[test]
    fn each_complaint_is_told_once_with_its_runs() {
        let with = |lines: &[&str]| Environment {
            kernel_warnings: lines
                .iter()
                .map(|line| KernelWarning { line: (*line).to_owned(), stack: Vec::new() })
                .collect(),
            ..Environment::default()
        };
        let good = with(&["[ 1.0] WARNING: CPU: 0 PID: 1 at mm/x.c:3"]);
        let bad =
            with(&["[ 2.0] WARNING: CPU: 3 PID: 71 at mm/x.c:3", "[ 3.0] BUG: a", "[ 4.0] BUG: a"]);
        let told = complaints(&[Some(&good), None, Some(&bad)]);
        let told: Vec<(&str, &[usize])> =
            told.iter().map(|c| (c.message.as_str(), c.runs.as_slice())).collect();
        let expected: [(&str, &[usize]); 2] =
            [("WARNING: CPU: 0 PID: 1 at mm/x.c:3", &[0, 2]), ("BUG: a", &[2])];
        assert_eq!(told, expected);
    }
}
