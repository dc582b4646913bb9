//! Tests of real-time behaviour, from the collection rt-tests. cyclictest has a file of its own.

use super::parsed::REPEAT;
use super::words::{number, operation, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::{FAILURES, SummaryKind};

/// Deadlocks where priorities are inherited, by the number of thread groups.
pub const PISTRESS: Shellpack = Shellpack {
    name: "pistress",
    aliases: &[],
    title: "Priority inheritance (pi_stress)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::lower("", FAILURES)],
    parse: pistress,
};

/// Latency of POSIX message queues, by pair of threads.
pub const PMQTEST: Shellpack = Shellpack {
    name: "pmqtest",
    aliases: &[],
    title: "Latency of POSIX message queues (pmqtest)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "µs")],
    parse: pmqtest,
};

/// How long real-time threads wait for a CPU to move to, by thread and priority.
pub const RTMIGRATION: Shellpack = Shellpack {
    name: "rtmigration",
    aliases: &[],
    title: "Migration of real-time threads (rt-migrate-test)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "µs")],
    parse: rtmigration,
};

/// `pistress-<groups>.status` holds the exit status; where there is but a log, the test did not end.
fn pistress(source: &Source, out: &mut Parsed) {
    for (name, groups) in source.logs.between("pistress-", ".status") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        let id = out.samples.operation(&operation("failures", &[groups]));
        for (line, content) in text.lines() {
            match number(content.trim()) {
                Some(status) => out.add_next((&text, line), id, status),
                None => out.missing_in((&text, line), content, "exit status"),
            }
        }
        if out.samples.count(id) == 0 {
            out.missing(&text, "exit status", REPEAT);
        }
    }
    for (name, groups) in source.logs.between("pistress-", ".log") {
        if source.logs.has(&format!("pistress-{groups}.status")) {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        out.missing(&text, "exit status", REPEAT);
        out.add((&text, 1), &operation("failures", &[groups]), 1.0, 1.0);
    }
}

/// `pmqtest.log` has a line `#1 -> #0, Min    4, Cur   32, Avg   33, Max 10220` for each pair.
fn pmqtest(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "pmqtest.log") else { return };
    let mut seen = false;
    let mut name = String::new();
    for (line, content) in text.lines_with(" -> #") {
        seen = true;
        let Some((pair, latencies)) = content.split_once(',') else {
            out.missing_in((&text, line), content, "latency");
            continue;
        };
        name.clear();
        name.extend(pair.chars().filter(|c| !matches!(c, '#' | ' ')));
        let metrics = ["Min", "Avg", "Max"];
        let mut values = [None; 3];
        for part in latencies.split(',').map(str::trim_ascii) {
            let known = metrics.iter().position(|metric| part.starts_with(metric));
            if let Some(at) = known {
                values[at] = values[at].or(part.get(3..));
            }
        }
        for (metric, value) in metrics.into_iter().zip(values) {
            match value.and_then(|value| number(value.trim_ascii())) {
                Some(value) => out.add_joined((&text, line), &[metric, "-", &name], 1.0, value),
                None => out.missing_in((&text, line), content, metric),
            }
        }
    }
    if !seen {
        out.missing(&text, "pair of threads", REPEAT);
    }
}

/// There is a thread for each CPU and one more; more than this is garbage.
const MOST_TASKS: usize = 10_000;

/// `rtmigration.log`: below `Iter:  0  1  2` a row `   0:    20073      59      40` for each
/// iteration, and in the end ` Task 0 (prio 2) (pid 6571):` for each thread.
fn rtmigration(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "rtmigration.log") else { return };
    let header = text.lines_with("Iter:").next();
    let columns = header.map_or(0, |(_, line)| words(line).take(MOST_TASKS).count());
    let tasks = columns.saturating_sub(1);
    if tasks == 0 {
        return out.missing(&text, "table of latencies", REPEAT);
    }
    let names = task_names(&text, tasks);
    if names.iter().any(|name| !name.contains("-p")) {
        let remedy = "priorities are a part of the names; repeat the run";
        out.missing(&text, "list of the threads' priorities", remedy);
    }
    let end = text.lines_with("Parent pid:").next().map_or(u64::MAX, |(line, _)| line);
    for (line, content) in text.lines_with(":").take_while(|(line, _)| *line < end) {
        let Some((iteration, row)) = content.split_once(':') else { continue };
        if iteration.trim().parse::<u64>().is_err() {
            continue;
        }
        let columns: Vec<_> = words(row).take(tasks + 1).map(number).collect();
        if columns.len() != tasks {
            out.complain((&text, line), format!("not a latency for each of {tasks} threads"));
            continue;
        }
        for (name, latency) in names.iter().zip(columns) {
            let id = out.samples.operation(name);
            match latency {
                Some(latency) => out.add_next((&text, line), id, latency),
                None => out.missing_in((&text, line), content, "latency"),
            }
        }
    }
}

fn task_names(text: &Text, tasks: usize) -> Vec<String> {
    let mut names: Vec<_> = (0..tasks).map(|task| format!("task-{task}")).collect();
    for (_, line) in text.lines_with(" (prio ") {
        let task = line.strip_prefix(" Task ").and_then(|rest| rest.split_once(" (prio "));
        let Some((task, rest)) = task else { continue };
        let name = task.parse::<usize>().ok().and_then(|task| names.get_mut(task));
        if let (Some(name), Some((priority, _))) = (name, rest.split_once(')')) {
            *name = format!("task-{task}-p{priority}");
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    #[test]
    fn a_test_that_did_not_end_is_a_failure() {
        let logs = [
            ("pistress-1.log", "Starting PI Stress Test\nTotal inversion performed: 85550\n"),
            ("pistress-1.status", "0\n"),
            ("pistress-2.log", "Starting PI Stress Test\n"),
        ];
        let out = parse("pistress", &logs);
        assert_eq!(rows(&out), [("failures-1", 1.0, 0.0), ("failures-2", 1.0, 1.0)]);
        assert_eq!(out.problems.len(), 1);
    }

    /// rt-tests 2.4
    #[test]
    fn latency_by_pair_of_threads() {
        let log = "#0: ID6490, P99, CPU1, I1000; #1: ID6491, P99, CPU0, TO 0, Cycles 2657\n\
            #1 -> #0, Min    4, Cur   32, Avg   33, Max 10220\n#3 -> #2, Min    4, Cur\n";
        let out = parse("pmqtest", &[("pmqtest.log", log)]);
        let expected = [
            ("Min-1->0", 1.0, 4.0),
            ("Avg-1->0", 1.0, 33.0),
            ("Max-1->0", 1.0, 10220.0),
            ("Min-3->2", 1.0, 4.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 2, "{:?}", out.problems);
    }

    const MIGRATION: &str = "Iter:      0       1       2  \n   0:    20073      59      40  \n\
        \x20len:    40073   20059   20040  \n loops: 742751  755327  744773  \n\n\
        \x20  1:    20065      34      63  \n len:    40065   20034   20065  \n\n\
        Parent pid: 6570\n Task 0 (prio 2) (pid 6571):\n   Max: 20135 us\n\
        \x20Task 1 (prio 3) (pid 6572):\n Task 2 (prio 4) (pid 6573):\n";

    /// rt-tests 2.4
    #[test]
    fn latency_by_thread_and_priority() {
        let out = parse("rtmigration", &[("rtmigration.log", MIGRATION)]);
        let expected = [
            ("task-0-p2", 1.0, 20073.0),
            ("task-0-p2", 2.0, 20065.0),
            ("task-1-p3", 1.0, 59.0),
            ("task-1-p3", 2.0, 34.0),
            ("task-2-p4", 1.0, 40.0),
            ("task-2-p4", 2.0, 63.0),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_run_that_was_cut_has_no_priorities() {
        let cut = &MIGRATION[..MIGRATION.find("  1:").unwrap() + 20];
        let out = parse("rtmigration", &[("rtmigration.log", cut)]);
        assert_eq!(rows(&out)[0], ("task-0", 1.0, 20073.0));
        assert_eq!(rows(&out).len(), 3);
        assert_eq!(out.problems.len(), 2, "no priorities, and a cut row: {:?}", out.problems);
    }
}
