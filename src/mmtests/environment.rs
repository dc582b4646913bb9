//! The kernel and the machine while a run went on, from the files that MMTests leaves in the
//! folder of an iteration.

use super::logs::{Logs, Text};
use super::printable::quote;
use crate::model::{Environment, Problem};

/// A run may have a storm of warnings; more than this are not kept.
const MAX_WARNINGS: usize = 50;
/// No fact needs more characters; the command line of a kernel has at most 2048.
const LONGEST_FACT: usize = 4000;
/// The log of a kernel in trouble may be long, all other files are a few lines.
const MAX_DMESG_BYTES: u64 = 32 << 20;
const MAX_FACT_BYTES: u64 = 1 << 20;

/// What starts a line of the kernel log that somebody should look at.
const TROUBLE: &[&str] = &[
    "WARNING:",
    "BUG:",
    "Oops:",
    "kernel BUG at",
    "Kernel panic",
    "general protection fault",
    "watchdog: BUG",
    "soft lockup",
    "hard LOCKUP",
    "blocked for more than",
    "Out of memory:",
    "invoked oom-killer",
    "rcu_sched self-detected stall",
    "rcu: INFO: rcu_",
    "Machine check",
    "mce: [Hardware Error]",
];

/// Reads the environment of one iteration. Files that are missing leave their facts out.
pub fn read(iteration: &Logs, problems: &mut Vec<Problem>) -> Environment {
    of_texts(|name| {
        let limit = if name == "dmesg" { MAX_DMESG_BYTES } else { MAX_FACT_BYTES };
        let (text, problem) = iteration.read_start(name, limit)?;
        problems.extend(problem);
        Some(text)
    })
}

/// The environment that these files tell of.
pub(crate) fn of_texts(mut text: impl FnMut(&str) -> Option<Text>) -> Environment {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        let value = value.map(|value| quote(&value, LONGEST_FACT));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((name.to_owned(), value));
        }
    };
    let dmesg = text("dmesg");
    let lscpu = text("lscpu.txt");
    let cpu = |key: &str| value_after(lscpu.as_ref()?, key);
    fact("Kernel", text("kernel.version").map(|version| without_host(version.as_str())));
    fact("Command line", dmesg.as_ref().and_then(command_line));
    fact("Preemption", text("preempt-dynamic").map(|text| text.as_str().to_owned()));
    fact("Security modules", text("security-lsm").map(|text| text.as_str().to_owned()));
    fact("CPU", cpu("Model name:"));
    fact("CPUs", cpu("CPU(s):"));
    fact("NUMA nodes", cpu("NUMA node(s):"));
    fact("Distribution", text("os-release").and_then(|text| distribution(&text)));
    fact("Vulnerabilities", text("cpu-vulnerabilities.txt").and_then(|text| vulnerable(&text)));
    let kernel_warnings = dmesg.map_or(Vec::new(), |log| warnings(&log));
    Environment { facts, kernel_warnings }
}

/// The output of `uname -a` without the name of the host.
fn without_host(version: &str) -> String {
    let words: Vec<&str> = version.split_whitespace().collect();
    match words.as_slice() {
        [system, _, rest @ ..] => format!("{system} {}", rest.join(" ")),
        _ => version.to_owned(),
    }
}

fn command_line(dmesg: &Text) -> Option<String> {
    dmesg.lines().find_map(|(_, line)| Some(line.split_once("Command line: ")?.1.to_owned()))
}

fn value_after(text: &Text, key: &str) -> Option<String> {
    text.lines().find_map(|(_, line)| Some(line.strip_prefix(key)?.trim().to_owned()))
}

fn distribution(os_release: &Text) -> Option<String> {
    value_after(os_release, "PRETTY_NAME=").map(|name| name.trim_matches('"').to_owned())
}

/// The vulnerabilities that the kernel says this CPU has, without those it is not affected by.
fn vulnerable(text: &Text) -> Option<String> {
    let affected: Vec<String> = text
        .lines()
        .filter_map(|(_, line)| {
            let (path, state) = line.split_once(':')?;
            let name = path.rsplit('/').next()?;
            (state.trim() != "Not affected").then(|| format!("{name}: {}", state.trim()))
        })
        .collect();
    Some(if affected.is_empty() { "not affected by any".to_owned() } else { affected.join("; ") })
}

fn warnings(dmesg: &Text) -> Vec<String> {
    dmesg
        .lines()
        .filter(|(_, line)| TROUBLE.iter().any(|mark| line.contains(mark)))
        .map(|(_, line)| quote(line, 400))
        .take(MAX_WARNINGS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_in_the_kernel_log_is_kept() {
        let log = Text::new(
            "dmesg",
            b"[ 1.0] Linux version 6.1\n[ 2.0] WARNING: CPU: 0 PID: 1 at mm/x.c\n[ 3.0] ok\n"
                .to_vec(),
        );
        assert_eq!(warnings(&log), ["[ 2.0] WARNING: CPU: 0 PID: 1 at mm/x.c"]);
    }

    #[test]
    fn the_host_name_stays_out() {
        assert_eq!(without_host("Linux ivor 6.1.0 #1 SMP x86_64"), "Linux 6.1.0 #1 SMP x86_64");
    }
}
