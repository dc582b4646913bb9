//! Memory, files and processor time at once, as a web service needs them (simoop).
//!
//! `simoop.log` has, after `Warmup complete`, every few seconds
//!
//! ```text
//! Run time: 20 seconds
//! Read latency usec: (p50: 11,204) (p95: 45,120) (p99: 88,192) (max: 120,331)
//! work rate = 9.92/sec (avg 10.02/sec)
//! ```

use memchr::memmem::Finder;

use super::parsed::REPEAT;
use super::words::{grouped, number};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Percentiles of latencies, and rates.
pub const SIMOOP: Shellpack = Shellpack {
    name: "simoop",
    aliases: &[],
    title: "Memory and files of a web service (simoop)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[
        Metric::lower("p50-", "µs"),
        Metric::lower("p95-", "µs"),
        Metric::lower("p99-", "µs"),
        Metric::lower("max-", "µs"),
        Metric::higher("work", "1/s"),
        Metric::lower("", "1/s"),
    ],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "simoop.log") else { return };
    let warm = |(_, line): &(u64, &str)| !line.starts_with("Warmup complete");
    let measured = text.lines().skip_while(warm);
    let measured = measured.take_while(|(_, line)| !line.starts_with("Final stats"));
    let [latency, run_time, rates] = [" latency usec: ", "Run time: ", " rate = "].map(Finder::new);
    let mut name = String::new();
    let mut seen = false;
    let mut time = 0.0;
    for (line, content) in measured {
        if let Some((start, latencies)) = around(&latency, content) {
            seen |= percentiles((&text, line), time, start, latencies, &mut name, out);
        } else if let Some((_, rest)) = around(&run_time, content) {
            time = rest.split(' ').next().and_then(number).unwrap_or(time);
        } else if let Some((start, rate)) = around(&rates, content) {
            let Some(rate) = rate.split('/').next().and_then(number) else {
                out.missing_in((&text, line), content, "rate");
                continue;
            };
            let operation = if start.ends_with("alloc stall") { "stall" } else { start.trim() };
            // What never happened has a rate of 0.
            if rate > 0.0 && !operation.is_empty() {
                out.add((&text, line), operation, time, rate);
            }
        }
    }
    if !seen {
        out.missing(&text, "latency after the warm-up", REPEAT);
    }
}

/// What stands before and behind the words.
fn around<'l>(words: &Finder, line: &'l str) -> Option<(&'l str, &'l str)> {
    let at = words.find(line.as_bytes())?;
    Some((line.get(..at)?, line.get(at + words.needle().len()..)?))
}

/// Takes a line of latencies; `false` if it is of none of the operations that count. `name` is room for
/// names.
fn percentiles(
    at: (&Text, u64),
    time: f64,
    start: &str,
    latencies: &str,
    name: &mut String,
    out: &mut Parsed,
) -> bool {
    let operation = start.split_ascii_whitespace().next_back().unwrap_or_default();
    if !matches!(operation, "Read" | "Write" | "Allocation") {
        return false;
    }
    for percentile in ["p50", "p95", "p99", "max"] {
        let value = latencies.split('(').find_map(|part| part.strip_prefix(percentile));
        let value = value.and_then(|rest| rest.strip_prefix(": ")?.split_once(')'));
        let Some(value) = value.and_then(|(value, _)| grouped(value)) else {
            out.missing_in(at, latencies, percentile);
            continue;
        };
        name.clear();
        [percentile, "-", operation].iter().for_each(|part| name.push_str(part));
        let id = if percentile == "p95" {
            out.samples.ratio_operation(name)
        } else {
            out.samples.operation(name)
        };
        out.add_to(at, id, time, value);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Made up after what MMTests and the program's users show of its output; it could not be run.
    const LOG: &str = "Run time: 5 seconds\nRead latency usec: (p50: 1) (p95: 2) (p99: 3) (max: 4)\n\
        Warmup complete (10s)\nRun time: 20 seconds\n\
        Read latency usec: (p50: 11,204) (p95: 45,120) (p99: 88,192) (max: 1,120,331)\n\
        Write latency usec: (p50: 5) (p95: 6) (p99: 7) (max: 8)\n\
        work rate = 9.92/sec (avg 10.02/sec) (p50: 9.9)\nalloc stall rate = 0.00/sec\n\
        Run time: 40 seconds\nAllocation latency usec: (p50: 9) (p95: 10) (p9\n\
        Final stats:\nRead latency usec: (p50: 1) (p95: 2) (p99: 3) (max: 4)\n";

    #[test]
    fn latencies_and_rates_between_warm_up_and_summary() {
        let out = parse("simoop", &[("simoop.log", LOG)]);
        let expected = [
            ("p50-Read", 20.0, 11204.0),
            ("p95-Read", 20.0, 45120.0),
            ("p99-Read", 20.0, 88192.0),
            ("max-Read", 20.0, 1120331.0),
            ("p50-Write", 20.0, 5.0),
            ("p95-Write", 20.0, 6.0),
            ("p99-Write", 20.0, 7.0),
            ("max-Write", 20.0, 8.0),
            ("work", 20.0, 9.92),
            ("p50-Allocation", 40.0, 9.0),
            ("p95-Allocation", 40.0, 10.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 2, "two percentiles were cut off");
    }
}
