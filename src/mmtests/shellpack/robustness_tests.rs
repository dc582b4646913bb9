//! Every parser survives any bytes in every log that it looks for.

use proptest::prelude::*;

use super::testing::parse;
use super::{ALL, lookup};
use crate::mmtests::logs::Text;

/// Names of logs, for each benchmark; those of the GNU time family are the same.
const LOGS: &[(&str, &[&str])] = &[
    ("aim9", &["aim9-1", "aim9-2.gz", "aim9-3.xz", "aim9-4.zst"]),
    ("perfpipe", &["benchlog-_-_-1", "benchlog-1-_"]),
    ("perfsyscall", &["benchlog-_-_-1"]),
    ("sqlite", &["benchlog-_-_-1"]),
    ("sysbenchcpu", &["benchlog-1-_-1"]),
    ("cyclictest", &["cyclictest-histogram.log", "mmtests.log"]),
    ("dbench", &["benchlog-loadfile-1", "benchlog-tput-1", "benchlog-op-1"]),
    ("tbench", &["tbench-1.log", "tbench-execute-2.log"]),
    ("fio", &["fio.log"]),
    ("hackbench", &["hackbench-1"]),
    ("netperf", &["protocols", "UDP_STREAM-64.1", "TCP_STREAM-64.1"]),
    ("pagealloc", &["pagealloc.log"]),
    ("pft", &["pft-1.log"]),
    ("saladfork", &["saladfork-0.log", "../../numactl.txt"]),
    ("stream", &["benchlog-1-_-1", "stream-1.log", "stream-a/stream-Add.instances"]),
    ("unixbenchd", &["unixbenchd.log", "commands.log"]),
];

const GNU_TIME: &[&str] = &["time-1-1", "kernbench-1-1.time"];

/// What the parsers look for.
const WORDS: &[&str] = &[
    "page_test",
    "usecs/op",
    "execute",
    "events per second:",
    "# Min Latencies: ",
    "completed in",
    "MB/sec  execute",
    "Operation",
    "Throughput",
    "Total time:",
    "Copy:",
    "Add:",
    "COUNT|",
    "|",
    "pgms/",
    "order",
    "batch",
    "alloc",
    "free",
    "node 0 cpus:",
    "1.5user",
    "2system",
    "1:2:3elapsed",
    "elapsed",
    "FATAL",
    "Command exited with",
    "3;a;b;0;0;1;",
    "5;",
    ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
    "UDP_STREAM",
    "0",
    "1",
    "-1",
    "00015",
    "1e400",
    "NaN",
    "99999999999999999999",
    "0.00",
    "4.25",
    "é",
    "\u{0}",
    "\u{fffd}",
    "\n",
    "\r\n",
    "\t",
    " ",
    " ",
    "\n",
];

/// Bytes that are rubbish, or made of what the parsers look for.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(WORDS);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(words, 0..60).prop_map(|words| words.join(" ").into_bytes()),
        prop::collection::vec(prop_oneof![Just(" 1"), Just(" 2.5"), Just("\n"), Just(" x")], 0..80)
            .prop_map(|words| words.concat().into_bytes()),
    ]
}

fn survives(benchmark: &str, names: &[&str], contents: &[Vec<u8>]) {
    let logs: Vec<_> =
        names.iter().zip(contents).map(|(name, content)| (*name, content.as_slice())).collect();
    let parsed = parse(benchmark, &logs);
    for series in parsed.samples.series() {
        assert_eq!(series.intervals.iter().count(), series.values.len());
        assert!(series.intervals.iter().chain(series.values.iter().copied()).all(f64::is_finite));
        assert!(!series.operation.is_empty());
    }
    if parsed.samples.is_empty() {
        assert!(!parsed.problems.is_empty(), "that nothing was measured is told");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(contents in prop::collection::vec(content(), 4)) {
        for (benchmark, names) in LOGS {
            survives(benchmark, names, &contents);
        }
        for benchmark in ["kernbench", "xfsrepair"] {
            survives(benchmark, GNU_TIME, &contents);
        }
    }

    #[test]
    fn lines_with_finds_the_same_as_a_look_at_every_line(bytes in content(), needle in "[a-z :1]{1,3}") {
        let text = Text::new("", bytes);
        let slow: Vec<_> = text.lines().filter(|(_, line)| line.contains(&needle)).collect();
        prop_assert_eq!(text.lines_with(&needle).collect::<Vec<_>>(), slow);
    }
}

#[test]
fn a_carriage_return_that_ends_no_line_is_a_part_of_it() {
    let text = Text::new("", b"a\r\na\r".to_vec());
    assert_eq!(text.lines_with("a").collect::<Vec<_>>(), [(1, "a"), (2, "a\r")]);
    assert_eq!(text.lines().collect::<Vec<_>>(), [(1, "a"), (2, "a\r")]);
}

#[test]
fn every_benchmark_is_found_and_tested() {
    for shellpack in ALL {
        assert_eq!(lookup(shellpack.name).unwrap().title, shellpack.title);
        for alias in shellpack.aliases {
            assert_eq!(lookup(alias).unwrap().name, shellpack.name);
        }
        let listed = LOGS.iter().any(|(name, _)| *name == shellpack.name);
        let gnu_time = shellpack.metric("Elapsed").unit == "s" && shellpack.name != "hackbench";
        assert!(listed || gnu_time, "{} is not in LOGS", shellpack.name);
    }
}

#[test]
fn folder_names_lead_to_benchmarks() {
    for (folder, name) in [
        ("hackbench-process-pipes", "hackbench"),
        ("netperf-ipv4-udp-rr", "netperf"),
        ("netperf-tcp", "netperf"),
        ("vmr-stream", "stream"),
        ("dbench4", "dbench"),
        ("tbench4", "tbench"),
    ] {
        assert_eq!(lookup(folder).unwrap().name, name);
    }
    assert!(lookup("no-such-benchmark").is_none());
}

#[test]
fn directions_units_and_summaries() {
    use crate::model::Direction;
    for (folder, operation, direction, unit) in [
        ("dbench4", "tput-8", Direction::Higher, "MB/s"),
        ("tbench4", "loadfile-8", Direction::Lower, "ms"),
        ("netperf-udp", "udpstream-recv-64", Direction::Higher, "Mbit/s"),
        ("netperf-udp", "udpstream-loss-64", Direction::Lower, "Mbit/s"),
        ("netperf-ipv4-tcp-rr", "tcprr-send-1", Direction::Higher, "trans/s"),
        ("saladfork", "local_v_total", Direction::Lower, "fraction"),
        ("saladfork", "local", Direction::Lower, "µs"),
        ("sysbenchcpu", "events/sec-2", Direction::Higher, "events/s"),
        ("cyclictest", "Overflow-1", Direction::Lower, "events"),
        ("pft", "faults/cpu-2", Direction::Higher, "faults/s"),
    ] {
        let metric = lookup(folder).unwrap().metric(operation);
        assert_eq!((metric.direction, metric.unit), (direction, unit), "{folder} {operation}");
    }
}
