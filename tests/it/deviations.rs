//! Where melbot and MMTests differ on purpose: what MMTests does wrong, and what holds instead.

/// Operations whose figures are not those of MMTests.
pub struct Deviation {
    /// `netperf-udp`
    pub benchmark: &'static str,
    /// Start of the names of the operations.
    pub operations: &'static str,
    /// What MMTests does.
    pub why: &'static str,
    pub instead: Instead,
}

/// What is expected in place of MMTests' figures.
#[derive(Clone, Copy, PartialEq)]
pub enum Instead {
    /// Minimum, mean and maximum follow from the samples, which MMTests does not read or reads
    /// wrong; lower is better, so the mean is arithmetic.
    SamplesLowerBetter,
    /// The same, but higher is better, so the mean is harmonic.
    SamplesHigherBetter,
    /// The same as for lower, and no ratio: MMTests marks what is in its ratio tables, and these are not.
    NoRatio,
    /// The same, with either mean.
    Samples,
    /// The table that `compare-kernels.sh` prints of these operations: it tells MMTests that
    /// higher is better, `compare-mmtests.pl` alone does not know.
    ToldDirection,
}

pub static DEVIATIONS: &[Deviation] = &[
    Deviation {
        benchmark: "netperf-udp",
        operations: "udpstream-send-",
        why: "the parser dies at the first loss above 10 %, and all that follows is lost",
        instead: Instead::SamplesHigherBetter,
    },
    Deviation {
        benchmark: "netperf-udp",
        operations: "udpstream-recv-",
        why: "the parser gives what was sent as what was received",
        instead: Instead::SamplesHigherBetter,
    },
    Deviation {
        benchmark: "netperf-udp",
        operations: "udpstream-loss-",
        why: "the parser gives what was sent as what was lost",
        instead: Instead::Samples,
    },
    Deviation {
        benchmark: "cyclictest",
        operations: "",
        why: "the parser calls a function that does not exist",
        instead: Instead::SamplesLowerBetter,
    },
    Deviation {
        benchmark: "sysbenchcpu",
        operations: "events/sec-",
        why: "more events a second are taken for a regression",
        instead: Instead::SamplesHigherBetter,
    },
    Deviation {
        benchmark: "fio",
        operations: "latency-",
        why: "latencies are in a report of their own, which takes nanoseconds for microseconds",
        instead: Instead::NoRatio,
    },
    Deviation {
        benchmark: "dbench",
        operations: "tput-",
        why: "a higher throughput is taken for a regression",
        instead: Instead::ToldDirection,
    },
    Deviation {
        benchmark: "tbench",
        operations: "tput-",
        why: "a higher throughput is taken for a regression",
        instead: Instead::ToldDirection,
    },
];

/// The deviation that holds for an operation.
pub fn deviation(benchmark: &str, operation: &str) -> Option<&'static Deviation> {
    DEVIATIONS.iter().find(|d| d.benchmark == benchmark && operation.starts_with(d.operations))
}

/// A benchmark of which MMTests prints an error in place of a table.
pub struct NoTable {
    pub machine: &'static str,
    pub config: &'static str,
    pub benchmark: &'static str,
    /// How the error message goes, and why.
    pub says: &'static str,
    pub why: &'static str,
    pub measured: Measured,
}

/// What melbot makes of it.
#[derive(Clone, Copy, PartialEq)]
pub enum Measured {
    /// Nothing was measured: no figure at all, and no row that looks like one.
    Nothing,
    /// All samples are zero: minimum and maximum are, a harmonic mean there is not.
    Zeros,
    /// The data are sound; see [`DEVIATIONS`].
    All,
}

const NO_OPERATIONS: &str = "Can't use an undefined value as an ARRAY reference";
const DIVISION: &str = "Illegal division by zero";

pub static NO_TABLE: &[NoTable] = &[
    NoTable {
        machine: "native2",
        config: "workload-cyclictest-histogram",
        benchmark: "cyclictest",
        says: NO_OPERATIONS,
        why: "the parser calls a function that does not exist",
        measured: Measured::All,
    },
    NoTable {
        machine: "native2-broken",
        config: "cyclictest-install-failed",
        benchmark: "cyclictest",
        says: NO_OPERATIONS,
        why: "the benchmark could not be installed",
        measured: Measured::Nothing,
    },
    NoTable {
        machine: "native2-broken",
        config: "cyclictest-no-rt",
        benchmark: "cyclictest",
        says: NO_OPERATIONS,
        why: "no permission for real-time priority",
        measured: Measured::Nothing,
    },
    NoTable {
        machine: "native2-broken",
        config: "fio-zero-bw",
        benchmark: "fio",
        says: DIVISION,
        why: "too short to measure a bandwidth; the harmonic mean divides by it",
        measured: Measured::Zeros,
    },
    NoTable {
        machine: "native2-broken",
        config: "sqlite-empty-vanilla",
        benchmark: "sqlite",
        says: NO_OPERATIONS,
        why: "too short to print a single sample",
        measured: Measured::Nothing,
    },
    NoTable {
        machine: "tcg1-broken",
        config: "netperf-all-zero",
        benchmark: "netperf-tcp",
        says: DIVISION,
        why: "the server was never reached; what was not printed is taken for zero",
        measured: Measured::Nothing,
    },
    NoTable {
        machine: "tcg1-broken",
        config: "netperf-all-zero",
        benchmark: "netperf-udp",
        says: DIVISION,
        why: "the server was never reached; what was not printed is taken for zero",
        measured: Measured::Nothing,
    },
];

/// The entry of a benchmark that MMTests has no table of.
pub fn no_table(machine: &str, config: &str, benchmark: &str) -> Option<&'static NoTable> {
    let named = |n: &&NoTable| (n.machine, n.config, n.benchmark) == (machine, config, benchmark);
    NO_TABLE.iter().find(named)
}
