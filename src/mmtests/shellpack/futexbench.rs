//! Operations on futexes (`perf bench futex`).
//!
//! `<workload>-<threads>.log` has lines that tell of a thread, `[thread  1] futexes: … [ 575488 ops/sec ]`,
//! or of a repetition, `[Run 1]: Requeued 2 of 2 threads in 0.0040 ms`.

use super::parsed::REPEAT;
use super::words::{number, operation, thousandfold, word};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Futexes, by workload, kind of futex and number of threads.
pub const FUTEXBENCH: Shellpack = Shellpack {
    name: "futexbench",
    aliases: &[],
    title: "Futexes (perf bench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    // MMTests takes more operations a second for worse.
    metrics: &[
        Metric::higher("hash", "ops/s"),
        Metric::higher("lock-pi", "ops/s"),
        Metric::lower("wake-parallel", "µs"),
        Metric::lower("", "ms"),
    ],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("", ".log") {
        let Some((workload, threads)) = rest.rsplit_once('-') else { continue };
        if threads.parse::<u32>().is_err() {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, workload, threads, out) {
            out.missing(&text, "result of a thread or repetition", REPEAT);
        }
    }
}

/// Takes the samples; `false` if there should have been none.
fn one_log(text: &Text, workload: &str, threads: &str, out: &mut Parsed) -> bool {
    let shared = text.lines_with("shared").next().is_some();
    let kind = if shared { "shared" } else { "private" };
    let mut id = None;
    let mut seen = false;
    for (line, content) in text.lines() {
        let Some(value) = result(content) else { continue };
        seen = true;
        match value {
            Some(value) => {
                let name = || operation(workload, &[kind, threads]);
                let id = *id.get_or_insert_with(|| out.samples.operation(&name()));
                out.add_next((text, line), id, value);
            }
            None => out.missing_in((text, line), content, "number"),
        }
    }
    seen
}

/// The number in a line that has to hold one: operations a second, milliseconds, or microseconds in
/// the case of latencies of a thread.
fn result(line: &str) -> Option<Option<f64>> {
    if let Some((_, rate)) = line.split_once("[ ").filter(|_| line.contains(" futex")) {
        return Some(word(rate, 0).and_then(number));
    }
    let (_, result) = line.split_once("]: ").filter(|_| line.starts_with("[Run "))?;
    let milliseconds = result.split_once(" in ").and_then(|(_, rest)| word(rest, 0));
    let number = if result.starts_with("Avg per-thread latency") { thousandfold } else { number };
    Some(milliseconds.and_then(number))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// perf 6.1
    const HASH: &str = "# Running 'futex/hash' benchmark:\n\
        Run summary [PID 32150]: 2 threads, each operating on 1024 [private] futexes for 1 secs.\n\n\
        [thread  0] futexes: 0x55cdcaf083c0 ... 0x55cdcaf093bc [ 575488 ops/sec ]\n\
        [thread  1] futexes: 0x55cdcaf09660 ... 0x55cdcaf0a65c [ 1300480 ops/sec ]\n\n\
        Averaged 937984 operations/sec (+- 38.65%), total secs = 1\n";
    const LATENCY: &str = "Run summary [PID 700]: blocking on 2 threads (at [shared] futex 0x55ee0a340cf8), \
        2 threads waking up 1 at a time.\n\n\
        [Run 1]: Avg per-thread latency (waking 1/2 threads) in 0.0480 ms (+-91.67%)\n\
        Avg per-thread latency (waking 1/2 threads) in 0.0480 ms (+-32.76%)\n";

    #[test]
    fn a_thread_is_a_sample() {
        let out = parse("futexbench", &[("hash-2.log", HASH), ("workloads", "hash\n")]);
        let expected = [("hash-private-2", 1.0, 575488.0), ("hash-private-2", 2.0, 1300480.0)];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_repetition_is_a_sample_and_its_mean_none() {
        let wake =
            "[Run 1]: Wokeup 2 of 2 threads in 0.1520 ms\nWokeup 2 of 2 threads in 0.1520 ms\n";
        let pi = "[Run 1]: Awoke and Requeued (1+1) of 2 threads in 0.0110 ms\n[Run 2]: Awoke and";
        let logs =
            [("wake-parallel-2.log", LATENCY), ("wake-2.log", wake), ("requeue-pi-2.log", pi)];
        let out = parse("futexbench", &logs);
        let expected = [
            ("requeue-pi-private-2", 1.0, 0.011),
            ("wake-private-2", 1.0, 0.152),
            ("wake-parallel-shared-2", 1.0, 48.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(2), "the one that is cut");
    }
}
