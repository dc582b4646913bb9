//! What of a config has to be run to measure one operation.

use std::collections::BTreeMap;

/// How a benchmark is told how far to go.
enum Limit {
    /// `NAME_MIN_THREADS` and `NAME_MAX_THREADS`, or groups, or clients, are the last number of the operation.
    Range(&'static str),
    /// A list of sizes, of which that is one.
    List(&'static str),
}

/// By the start of the benchmark's name; the first that fits.
const LIMITS: &[(&str, &str, Limit)] = &[
    ("dbench", "DBENCH", Limit::Range("CLIENTS")),
    ("easywave", "EASYWAVE", Limit::Range("THREADS")),
    ("ebizzy", "EBIZZY", Limit::Range("THREADS")),
    ("futexbench-", "FUTEXBENCH", Limit::Range("THREADS")),
    ("hackbench-", "HACKBENCH", Limit::Range("GROUPS")),
    ("kernbench", "KERNBENCH", Limit::Range("THREADS")),
    ("netperf-", "NETPERF", Limit::List("BUFFER_SIZES")),
    ("perffutexwake", "PERFFUTEXWAKE", Limit::Range("THREADS")),
    ("pgbench", "PGBENCH", Limit::Range("CLIENTS")),
    ("poundsyscall", "POUNDSYSCALL", Limit::Range("THREADS")),
    ("sembench", "SEMBENCH", Limit::Range("THREADS")),
    ("stockfish", "STOCKFISH", Limit::Range("THREADS")),
    ("stressng", "STRESSNG", Limit::Range("THREADS")),
    ("sysbenchcpu", "SYSBENCHCPU", Limit::Range("THREADS")),
    ("sysbenchmutex", "SYSBENCHMUTEX", Limit::Range("THREADS")),
    ("sysbench", "SYSBENCH", Limit::Range("THREADS")),
    ("tbench", "TBENCH", Limit::Range("CLIENTS")),
    ("usemem", "USEMEM", Limit::Range("THREADS")),
    ("wis-", "WIS", Limit::Range("THREADS")),
];

/// The variable of MMTests that lists what is run.
pub const BENCHMARKS: &str = "MMTESTS";

/// Variables of a config with which this operation is measured, and as little else as can be.
///
/// Whether it still is, the first measurement tells: who asks has to be ready to set fewer of them.
pub fn narrow(benchmark: &str, operation: &str) -> BTreeMap<String, String> {
    let mut set = BTreeMap::from([(BENCHMARKS.to_owned(), benchmark.to_owned())]);
    let number = operation.rsplit('-').next().filter(|last| last.parse::<u64>().is_ok());
    let limit = LIMITS.iter().find(|(start, ..)| benchmark.starts_with(start));
    if let (Some(number), Some((_, name, limit))) = (number, limit) {
        let variables = match limit {
            Limit::Range(of) => vec![format!("{name}_MIN_{of}"), format!("{name}_MAX_{of}")],
            Limit::List(of) => vec![format!("{name}_{of}")],
        };
        set.extend(variables.into_iter().map(|variable| (variable, number.to_owned())));
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_needs_one_benchmark_and_one_size_or_count() {
        for (benchmark, operation, wanted) in [
            ("netperf-udp", "send-1024", "MMTESTS=netperf-udp NETPERF_BUFFER_SIZES=1024"),
            (
                "sysbenchcpu",
                "Hmean-4",
                "MMTESTS=sysbenchcpu SYSBENCHCPU_MAX_THREADS=4 SYSBENCHCPU_MIN_THREADS=4",
            ),
            (
                "hackbench-process-pipes",
                "Amean-7",
                "HACKBENCH_MAX_GROUPS=7 HACKBENCH_MIN_GROUPS=7 MMTESTS=hackbench-process-pipes",
            ),
            ("kernbench", "Elapsed", "MMTESTS=kernbench"),
            ("perfpipe", "Time-1", "MMTESTS=perfpipe"),
        ] {
            let set = narrow(benchmark, operation);
            let said: Vec<String> = set.iter().map(|(name, v)| format!("{name}={v}")).collect();
            assert_eq!(said.join(" "), wanted);
        }
    }
}
