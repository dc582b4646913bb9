//! How late timers wake real-time threads (cyclictest).
//!
//! `cyclictest-histogram.log` ends with lists of one number for each CPU:
//! `# Min Latencies: 00015 00012`.

use super::parsed::REPEAT;
use super::words::{last_words, number, shorten, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Wake-up latency of real-time threads, by CPU.
pub const CYCLICTEST: Shellpack = Shellpack {
    name: "cyclictest",
    aliases: &[],
    title: "Wake-up latency of real-time threads (cyclictest)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("Overflow", "events"), Metric::lower("", "µs")],
    parse,
};

const LOG: &str = "cyclictest-histogram.log";

/// Starts of the lines with results, and the metrics in them.
const LISTS: [(&str, &str); 4] = [
    ("# Min Latencies: ", "MinLat"),
    ("# Avg Latencies: ", "AvgLat"),
    ("# Max Latencies: ", "MaxLat"),
    ("# Histogram Overflows: ", "Overflow"),
];

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, LOG) else {
        if source.logs.has("cyclictest.log") {
            let remedy = "set CYCLICTEST_HISTOGRAM in the MMTests config and repeat the run";
            out.fail(source.logs.path(), "cyclictest ran without a histogram", remedy);
        }
        return;
    };
    let mut seen = false;
    for (line, content) in text.lines_with("# ") {
        let list =
            LISTS.iter().find_map(|(start, metric)| Some((metric, content.strip_prefix(start)?)));
        if let Some((metric, values)) = list {
            seen = true;
            one_list((&text, line), metric, values, out);
        }
    }
    if !seen {
        note_failure(&text, out);
    }
}

fn one_list(at: (&Text, u64), metric: &str, values: &str, out: &mut Parsed) {
    for (cpu, value) in words(values).enumerate() {
        match number(value) {
            Some(value) => out.add(at, &format!("{metric}-{cpu}"), 0.0, value),
            None => out.complain(at, format!("no number for CPU {cpu}: \"{}\"", shorten(value))),
        }
    }
}

fn note_failure(text: &Text, out: &mut Parsed) {
    if text.lines_with("Unable to change scheduling policy").next().is_some() {
        out.fail(
            text.path(),
            "cyclictest was not allowed to make its threads real-time threads",
            "run MMTests as root or raise RLIMIT_RTPRIO; in a container, grant CAP_SYS_NICE",
        );
    } else {
        out.fail(text.path(), format!("no latencies, {}", last_words(text)), REPEAT);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};
    use super::LOG;

    #[test]
    fn all_cpus_and_zeros() {
        let log = "# Histogram\n000012 000001\t000000\n# Min Latencies: 00015 00012\n\
                   # Avg Latencies: 00039 x\n# Histogram Overflows: 00000 00001\n\
                   # Histogram Overflow at cycle number:\n# Thread 0:\n";
        let out = parse("cyclictest", &[(LOG, log)]);
        let expected = [
            ("MinLat-0", 0.0, 15.0),
            ("MinLat-1", 0.0, 12.0),
            ("AvgLat-0", 0.0, 39.0),
            ("Overflow-0", 0.0, 0.0),
            ("Overflow-1", 0.0, 1.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(4));
    }

    #[test]
    fn a_lack_of_permission_is_told() {
        let log = "Unable to change scheduling policy!\nProbably missing capabilities, either run \
                   as root or increase RLIMIT_RTPRIO limits.\n";
        let out = parse("cyclictest", &[(LOG, log)]);
        assert_eq!(out.problems.len(), 1);
        assert!(out.problems[0].remedy.contains("root"));
    }

    #[test]
    fn a_failed_install_is_told() {
        let log =
            "fatal: unable to access\nFATAL cyclictest-bench: klp install script returned error\n";
        let out = parse("cyclictest", &[("mmtests.log", log)]);
        assert_eq!(out.problems.len(), 1);
        assert_eq!(out.problems[0].line, Some(2));
    }
}
