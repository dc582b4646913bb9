//! Latency of wake-ups and requests in a web server's pattern (schbench).
//!
//! `schbench-<workers>.log` has, every few seconds, blocks like
//!
//! ```text
//! Wakeup Latencies percentiles (usec) runtime 2 (s) (194 total samples)
//!       50.0th: 134        (31 samples)
//!     * 99.0th: 12176      (18 samples)
//! …
//! current rps: 95.99
//! ```
//!
//! What comes after the last `current rps` is the summary of the whole run, and no sample.

use super::words::{number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Percentiles of latencies and of requests a second, by the number of workers.
pub const SCHBENCH: Shellpack = Shellpack {
    name: "schbench",
    aliases: &[],
    title: "Scheduler latency (schbench)",
    kind: SummaryKind::Normalisedops,
    decimals: 2,
    metrics: &[Metric::higher("RPS", "req/s"), Metric::lower("", "µs")],
    parse,
};

/// An interval has three blocks of five percentiles; more than this is garbage, or a log without an end.
const MOST: usize = 100;

/// The percentiles that count.
const PERCENTILES: [&str; 5] = ["20.0th", "50.0th", "90.0th", "99.0th", "99.9th"];

fn parse(source: &Source, out: &mut Parsed) {
    for (name, workers) in source.logs.between("schbench-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, workers, out) {
            let remedy = "a run must be longer than SCHBENCH_INTERVAL; else look at the raw log";
            out.missing(&text, "interval that ended", remedy);
        }
    }
}

/// Takes the intervals; `false` if none ended.
fn one_log(text: &Text, workers: &str, out: &mut Parsed) -> bool {
    let mut ended = false;
    let mut metric = "";
    let mut runtime = 1.0;
    let mut block: Vec<(u64, String, f64, f64)> = Vec::new();
    for (line, content) in text.lines() {
        if content.contains("percentiles") {
            metric = content.split(' ').next().unwrap_or_default();
            if let Some((_, rest)) = content.split_once(" runtime ") {
                runtime = rest.split(' ').next().and_then(number).unwrap_or(runtime);
            }
        } else if content.starts_with("current rps") {
            ended = true;
            for (line, operation, runtime, value) in block.drain(..) {
                out.add((text, line), &operation, runtime, value);
            }
        } else if block.len() == MOST {
            out.complain((text, line), "more percentiles than an interval has");
            return ended;
        } else if let Some((percentile, rest)) = content.split_once("th: ") {
            let percentile = percentile.trim_start_matches(['\t', ' ', '*']);
            let Some(known) =
                PERCENTILES.iter().find(|known| known.strip_suffix("th") == Some(percentile))
            else {
                continue;
            };
            match words(rest).next().and_then(number) {
                Some(value) => {
                    block.push((line, format!("{metric}-{known}-{workers}"), runtime, value))
                }
                None => out.missing_in((text, line), content, "number"),
            }
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// schbench of December 2025
    const LOG: &str = "Wakeup Latencies percentiles (usec) runtime 2 (s) (194 total samples)\n\
        \t  50.0th: 134        (31 samples)\n\t* 99.0th: 12176      (18 samples)\n\t  min=2, max=13050\n\
        RPS percentiles (requests) runtime 2 (s) (3 total samples)\n\
        \t  20.0th: 0          (1 samples)\n\t* 50.0th: 95         (2 samples)\n\
        sched delay: message 33 (usec) worker 2370 (usec)\ncurrent rps: 95.99\n\
        Wakeup Latencies percentiles (usec) runtime 3 (s) (194 total samples)\n\
        \t  50.0th: 130        (31 samples)\naverage rps: 95.99\n";

    #[test]
    fn percentiles_of_the_intervals_that_ended() {
        let out = parse("schbench", &[("schbench-4.log", LOG)]);
        let expected = [
            ("Wakeup-50.0th-4", 2.0, 134.0),
            ("Wakeup-99.0th-4", 2.0, 12176.0),
            ("RPS-20.0th-4", 2.0, 0.0),
            ("RPS-50.0th-4", 2.0, 95.0),
        ];
        assert_eq!(rows(&out), expected);
    }

    #[test]
    fn a_run_shorter_than_an_interval_is_told() {
        let out =
            parse("schbench", &[("schbench-4.log", LOG.split_inclusive('\n').next().unwrap())]);
        assert!(out.samples.is_empty());
        assert!(out.problems[0].remedy.contains("SCHBENCH_INTERVAL"));
    }
}
