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
    ("apachebench", &["apachebench-1-1.log"]),
    ("blogbench", &["blogbench-1.log"]),
    ("bonniepp", &["bonnie-detail", "bonnie"]),
    ("coremark", &["coremark-1.log"]),
    ("easywave", &["benchlog-1-1"]),
    ("ebizzy", &["ebizzy-1-1.log"]),
    ("fsmark", &["fsmark-1.log"]),
    ("futexbench", &["hash-1.log", "wake-1.log"]),
    ("io_uring", &["t-io_uring.log"]),
    ("iperf3", &["protocols", "tcp-64-0-1.1", "udp-64-1M-2.1"]),
    ("libmicro", &["getpid.log", "mmtests.log"]),
    ("klp", &["klp.log"]),
    ("ltp", &["benchlog-mm", "runltp-mm", "benchlog-getpid01"]),
    ("pedsort", &["benchlog-1-_-1"]),
    ("perffutexwake", &["benchlog-1-_-1"]),
    ("perfnuma", &["light_converge-1.log"]),
    ("pgbench", &["pgbench-transactions-1.log"]),
    ("pistress", &["pistress-1.log", "pistress-1.status"]),
    ("pmqtest", &["pmqtest.log"]),
    ("redis", &["redis-1-1.log"]),
    ("redis-memtier", &["benchlog-1-1"]),
    ("rtmigration", &["rtmigration.log"]),
    ("schbench", &["schbench-1.log"]),
    ("sembench", &["benchlog-futex-1-1"]),
    ("siege", &["siege-1-1.log"]),
    ("simoop", &["simoop.log"]),
    (
        "specjbb",
        &["base/SPECjbbMultiJVM.001/SPECjbb.001.txt", "base/SPECjbbMultiJVM.001/SPECjbb.002.txt"],
    ),
    ("specjbb2015", &["default/specjbb2015.log"]),
    ("specjbb2015", &["default/specjbb2015-raw.log"]),
    ("sstartup", &["results/replayed_x_startup/repetition0/bfq-0r0w-seq-single_times.txt"]),
    ("stressng", &["stressng-1-1.log"]),
    ("stutterp", &["mmap-latency-1.log"]),
    ("sysbench", &["sysbench-raw-1-1"]),
    ("sysbenchmutex", &["benchlog-1-_-1"]),
    ("sysjitter", &["sysjitter.log"]),
    ("thpchallenge", &["threads-1.log"]),
    ("wis", &["benchlog-read1_threads-1"]),
    ("xfstests", &["xfstests-default.log"]),
    ("xsbench", &["benchlog-1-_-1"]),
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
    "Time per request:",
    "Final score for reads",
    "wr",
    "1.98,",
    ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
    "CoreMark 1.0 : 2",
    "elapsed:",
    "records/s",
    "App Overhead",
    "[thread  0] futexes: [ ",
    "[Run 1]: Wokeup 2 in 0.1 ms",
    "IOPS=1.5M,",
    "Summary Results:",
    "[  5] 0 sec 1 MB 2 Mbits/sec sender",
    "mean of 95%",
    "tag=a exit=exited stat=0",
    "Summary:",
    "failed",
    "warnings",
    "jobs/hour/core",
    " main, 1, GB/sec, thread-speed",
    "1795621000 5",
    "#1 -> #0, Min 1, Avg 2, Max 3",
    "\"test\",\"rps\"",
    "\"SET\",\"1\"",
    "Type  Ops/sec  KB/sec",
    "Totals  1  2",
    "Iter:",
    "Parent pid:",
    " Task 0 (prio 2)",
    "Wakeup Latencies percentiles (usec) runtime 2 (s)",
    "50.0th: 1",
    "current rps",
    "run time",
    "Transaction rate:",
    "Warmup complete",
    "Run time: 5 seconds",
    "Read latency usec: (p50: 1,000) (p95: 2)",
    "work rate = 1/sec",
    "SPEC scores",
    "Warehouses",
    "jbb2015.result.metric.max-jOPS",
    "jbb2015.result.SLA-10000-jOPS",
    "RUN RESULT: max-jOPS = 1,",
    "(secs)",
    "x: [1] aio 1 1 1 1 1 1",
    " aborted early",
    "3 5000000",
    "transactions: 1 (1 per sec.)",
    "95th percentile:",
    "core_i: 0 1",
    "int_n: 1 2",
    "fault 0 huge 1 1.1 1",
    "total:1",
    "generic/001 [10:00:01] [10:00:02]",
    "[failed, exit status 1]",
    "[not run]",
    "Lookups/s: 1,000",
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
        ("bonniepp", "latency-SeqOut:block", Direction::Lower, "µs"),
        ("bonniepp", "SeqOut block", Direction::Higher, "KiB/s"),
        ("bonniepp", "Random seeks", Direction::Higher, "ops/s"),
        ("futexbench", "hash-private-2", Direction::Higher, "ops/s"),
        ("futexbench", "requeue-pi-private-2", Direction::Lower, "ms"),
        ("futexbench", "wake-parallel-private-2", Direction::Lower, "µs"),
        ("pedsort", "jobs/core-2", Direction::Higher, "jobs/h/core"),
        ("perfnuma", "converged-light", Direction::Lower, "s"),
        ("perfnuma", "totalspeed-light", Direction::Higher, "GB/s"),
        ("redis", "PING_INLINE-RPS-8", Direction::Higher, "kreq/s"),
        ("redis", "PING_INLINE-lat99-8", Direction::Lower, "µs"),
        ("redis-memtier", "latency-8", Direction::Lower, "ms"),
        ("schbench", "RPS-50.0th-8", Direction::Higher, "req/s"),
        ("schbench", "Wakeup-99.9th-8", Direction::Lower, "µs"),
        ("simoop", "work", Direction::Higher, "1/s"),
        ("simoop", "stall", Direction::Lower, "1/s"),
        ("stressng", "bops-aio-1", Direction::Higher, "bogo ops/s"),
        ("sysjitter", "int_n-cpu0", Direction::Lower, "interruptions"),
        ("sysjitter", "int_max_ns-cpu0", Direction::Lower, "ns"),
        ("thpchallenge", "huge-2", Direction::Higher, "%"),
    ] {
        let metric = lookup(folder).unwrap().metric(operation);
        assert_eq!((metric.direction, metric.unit), (direction, unit), "{folder} {operation}");
    }
}
