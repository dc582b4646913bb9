//! Benchmarks of which each log, or each line of it, holds one number.
//!
//! A row is a benchmark: how its logs are called, which lines count, which of their words is the
//! value. The comments show such a line.

use super::lines::{BENCHLOG, Column, Lines, Names, Take};
use super::words::{after_colon, grouped, in_parentheses, number, thousandfold};
use super::{Metric, Shellpack, gnu_time};
use crate::model::SummaryKind;

/// Requests to a web server, by the number of clients.
pub const APACHEBENCH: Shellpack = Shellpack {
    name: "apachebench",
    aliases: &[],
    title: "Web server requests (ab)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "ms")],
    // Time per request:       0.322 [ms] (mean)
    // Time per request:       0.081 [ms] (mean, across all concurrent requests)
    parse: |source, out| {
        const LINES: Lines = Lines {
            logs: Names { start: "apachebench-", end: ".log", factors: 1 },
            with: &["Time per request:"],
            column: Column::Number(3),
            take: Take::First,
            metric: "mean-request",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// A file server's load as bloggers make it.
pub const BLOGBENCH: Shellpack = Shellpack {
    name: "blogbench",
    aliases: &[],
    title: "File server load of bloggers (Blogbench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "score")],
    // Final score for reads :           180
    parse: |source, out| {
        const READS: Lines = Lines {
            logs: Names { start: "blogbench-", end: ".log", factors: 0 },
            with: &["Final score for reads"],
            metric: "reads",
            ..BENCHLOG
        };
        READS.parse(source, out);
        Lines { with: &["Final score for writes"], metric: "writes", ..READS }.parse(source, out);
    },
};

/// A tsunami, by the number of OpenMP threads.
pub const EASYWAVE: Shellpack = Shellpack {
    name: "easywave",
    aliases: &[],
    title: "Tsunami simulation (easyWave)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("exectime", "ms"), Metric::lower("", "s")],
    // Model time = 00:20:00,   elapsed: 5423 msec	domain (20, 21)-(104, 101)
    parse: |source, out| {
        const LINES: Lines = Lines {
            logs: Names { start: "benchlog-", end: "", factors: 1 },
            with: &["elapsed:"],
            column: Column::Number(5),
            take: Take::Last,
            metric: "exectime",
            ..BENCHLOG
        };
        LINES.parse(source, out);
        gnu_time::times(source, out);
    },
};

/// Indexing text files, by the number of cores. MMTests takes more jobs for worse.
pub const PEDSORT: Shellpack = Shellpack {
    name: "pedsort",
    aliases: &[],
    title: "Indexing text files (pedsort)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "jobs/h/core")],
    // 1: 0.16u 0.09s 0.40r 4168i 1624o throughput: 9061.434570 jobs/hour/core
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["jobs/hour/core"],
            column: Column::FromEnd(1),
            metric: "jobs/core",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// Waking the waiters of a futex, by their number.
pub const PERFFUTEXWAKE: Shellpack = Shellpack {
    name: "perffutexwake",
    aliases: &[],
    title: "Futex wake-ups (perf bench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "µs")],
    // [Run 3]: Wokeup 2 of 2 threads in 0.0190 ms
    // Wokeup 2 of 2 threads in 0.0566 ms (+-70.04%)
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &[": Wokeup"],
            column: Column::FromEnd(1),
            number: thousandfold,
            metric: "wake-latency",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// Two processes that pass a byte to and fro.
pub const PERFPIPE: Shellpack = Shellpack {
    name: "perfpipe",
    aliases: &[],
    title: "Pipe round trips (perf bench)",
    kind: SummaryKind::Normalisedops,
    decimals: 4,
    metrics: &[Metric::lower("", "µs")],
    parse: |source, out| {
        Lines { metric: "usecs-op", ..USECS_PER_OP }.parse(source, out);
    },
};

/// A system call that does next to nothing.
pub const PERFSYSCALL: Shellpack = Shellpack {
    name: "perfsyscall",
    aliases: &[],
    title: "System call entry and exit (perf bench)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    metrics: &[Metric::lower("", "µs")],
    parse: |source, out| USECS_PER_OP.parse(source, out),
};

/// `    1063.718500 usecs/op`
const USECS_PER_OP: Lines =
    Lines { with: &["usecs/op"], column: Column::Number(0), metric: "usecs/syscall", ..BENCHLOG };

/// Threads that take and give back semaphores, by kind of semaphore and number of threads.
pub const SEMBENCH: Shellpack = Shellpack {
    name: "sembench",
    aliases: &[],
    title: "Semaphores (sembench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "burns/s")],
    // run time 1 seconds 221748 worker burns per second
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["run time"],
            at_start: true,
            column: Column::Number(4),
            metric: "burns/sec",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// Requests to a web server, by the number of clients.
pub const SIEGE: Shellpack = Shellpack {
    name: "siege",
    aliases: &[],
    title: "Web server load (siege)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "trans/s")],
    // siege 4.0.4: Transaction rate:       2500.00 trans/sec
    // siege 4.0.7: "transaction_rate":     2500.00,
    parse: |source, out| {
        const LINES: Lines = Lines {
            logs: Names { start: "siege-", end: ".log", factors: 1 },
            with: &["Transaction rate:", "\"transaction_rate\":"],
            column: Column::AfterColon,
            number: |word| number(word.strip_suffix(',').unwrap_or(word)),
            metric: "txn/sec",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// Insertions into a database.
pub const SQLITE: Shellpack = Shellpack {
    name: "sqlite",
    aliases: &[],
    title: "SQLite insertions",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "trans/s")],
    // execute         2.22         1.56           59       37.770
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["execute"],
            at_start: true,
            column: Column::Number(4),
            metric: "txn/sec",
            remedy: "a run of less than about 2 s prints no rates; have it insert more rows \
                     (SQLITE_SIZE)",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// Transactions of a database, by the number of threads.
pub const SYSBENCH: Shellpack = Shellpack {
    name: "sysbench",
    aliases: &[],
    title: "Database transactions (sysbench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("txn", "trans/s"), Metric::lower("", "s")],
    // transactions:                        59     (29.10 per sec.)
    parse: |source, out| {
        const LINES: Lines = Lines {
            logs: Names { start: "sysbench-raw-", end: "", factors: 1 },
            with: &["transactions:"],
            column: Column::Number(2),
            number: in_parentheses,
            metric: "txn/sec",
            ..BENCHLOG
        };
        LINES.parse(source, out);
        gnu_time::times(source, out);
    },
};

/// Prime numbers. MMTests takes more events per second for worse.
pub const SYSBENCHCPU: Shellpack = Shellpack {
    name: "sysbenchcpu",
    aliases: &[],
    title: "Prime numbers (sysbench cpu)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "events/s")],
    //     events per second:  8064.47
    parse: |source, out| {
        const LINES: Lines =
            Lines { with: &["events per second"], metric: "events/sec", ..BENCHLOG };
        LINES.parse(source, out);
    },
};

/// Threads that contend for mutexes, by their number.
pub const SYSBENCHMUTEX: Shellpack = Shellpack {
    name: "sysbenchmutex",
    aliases: &[],
    title: "Contended mutexes (sysbench mutex)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "ms")],
    //          95th percentile:                      207.82
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["95th percentile:"],
            column: Column::Number(2),
            metric: "latency",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// One system call in many processes or threads, by call, kind of task and number of tasks.
pub const WIS: Shellpack = Shellpack {
    name: "wis",
    aliases: &[],
    title: "Scaling of system calls (will-it-scale)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "ops")],
    // min:3364310 max:3364310 total:3364310
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["total:"],
            column: Column::Number(2),
            number: after_colon,
            metric: "ops",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

/// The part of a neutron transport simulation that looks up cross sections, by threads.
pub const XSBENCH: Shellpack = Shellpack {
    name: "xsbench",
    aliases: &[],
    title: "Neutron cross sections (XSBench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "lookups/s")],
    // Lookups/s:   1,061,403
    parse: |source, out| {
        const LINES: Lines = Lines {
            with: &["Lookups/s:"],
            at_start: true,
            column: Column::Number(1),
            number: grouped,
            metric: "lookups/sec",
            ..BENCHLOG
        };
        LINES.parse(source, out);
    },
};

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const PIPE: &str = "# Running 'sched/pipe' benchmark:\n\
        # Executed 2000 pipe operations between two processes\n\n     \
        Total time: 2.127 [sec]\n\n    1063.718500 usecs/op\n            940 ops/sec\n";

    #[test]
    fn iteration_10_comes_after_2() {
        let other = PIPE.replace("1063.718500", "2.5");
        let out = parse("perfpipe", &[("benchlog-_-_-10", PIPE), ("benchlog-_-_-2", &other)]);
        assert_eq!(rows(&out), [("usecs-op", 1.0, 2.5), ("usecs-op", 2.0, 1063.7185)]);
    }

    #[test]
    fn only_executed_rows_of_sqlite_count() {
        let log = "warmup          0.66         0.66          535      813.084\n\
                   execute         2.22         1.56           59       37.770\n\
                   execute         3.53         1.31          178\n";
        let out = parse("sqlite", &[("benchlog-_-_-1", log)]);
        assert_eq!(rows(&out), [("txn/sec", 1.0, 37.770)]);
        assert_eq!(out.problems[0].line, Some(3));
    }

    #[test]
    fn empty_logs_say_what_to_do() {
        let out = parse("sqlite", &[("benchlog-_-_-1", "")]);
        assert!(out.problems[0].what.ends_with("it is empty"));
        assert!(out.problems[0].remedy.contains("SQLITE_SIZE"));
        assert_eq!(out.problems.len(), 2, "and that nothing was measured: {:?}", out.problems);
    }

    /// Each line as its program prints it; versions are in tests/data/programs.tsv. That of siege 4.0.4 is
    /// shaped by the parser of MMTests.
    #[test]
    fn a_line_a_sample() {
        for (benchmark, log, lines, operation, values) in [
            (
                "apachebench",
                "apachebench-16-2.log",
                "Time per request:       5.149 [ms] (mean)\n\
                 Time per request:       0.322 [ms] (mean, across all concurrent requests)\n",
                "mean-request-16",
                vec![5.149],
            ),
            (
                "blogbench",
                "blogbench-1.log",
                "Final score for reads :           180\n",
                "reads",
                vec![180.0],
            ),
            (
                "blogbench",
                "blogbench-1.log",
                "Final score for writes:            19\n",
                "writes",
                vec![19.0],
            ),
            (
                "easywave",
                "benchlog-4-1",
                "Model time = 00:10:00,   elapsed: 2101 msec\tdomain (1, 1)-(9, 9)\n\
                 Model time = 00:20:00,   elapsed: 5423 msec\tdomain (1, 1)-(9, 9)\n",
                "exectime-4",
                vec![5423.0],
            ),
            (
                "pedsort",
                "benchlog-2-_-1",
                "pedsort 0: nfile 3, nword 18003, total: 0.16u 0.09s throughput: 9323.743164\n\
                 1: 0.16u 0.09s 0.40r 4168i 1624o throughput: 9061.434570 jobs/hour/core\n",
                "jobs/core-2",
                vec![9061.43457],
            ),
            (
                "perffutexwake",
                "benchlog-4-_-1",
                "[Run 1]: Wokeup 4 of 4 threads in 0.0140 ms\n[Run 2]: Wokeup 4 of 4 threads in 4.0260 ms\n\
                 Wokeup 4 of 4 threads in 0.9170 ms (+-84.95%)\n",
                "wake-latency-4",
                vec![14.0, 4026.0],
            ),
            (
                "sembench",
                "benchlog-futex-2-1",
                "run time 1 seconds 221748 worker burns per second\n",
                "burns/sec-futex-2",
                vec![221748.0],
            ),
            (
                "siege",
                "siege-4-1.log",
                "Transaction rate:\t     2500.00 trans/sec\n",
                "txn/sec-4",
                vec![2500.0],
            ),
            (
                "siege",
                "siege-4-1.log",
                "\t\"transaction_rate\":\t\t     2500.00,\n",
                "txn/sec-4",
                vec![2500.0],
            ),
            (
                "sysbenchcpu",
                "benchlog-2-_-1",
                "    events per second:  8064.47\n",
                "events/sec-2",
                vec![8064.47],
            ),
            (
                "sysbenchmutex",
                "benchlog-1-_-1",
                "         95th percentile:                      207.82\n",
                "latency-1",
                vec![207.82],
            ),
            (
                "wis",
                "benchlog-read1_threads-2",
                "min:3395843 max:3857928 total:7253771\nmin:2548277 max:3871092 total:6419369\n",
                "ops-read1_threads-2",
                vec![7253771.0, 6419369.0],
            ),
            (
                "xsbench",
                "benchlog-1-_-1",
                "Lookups/s:   1,064,997\n",
                "lookups/sec-1",
                vec![1064997.0],
            ),
        ] {
            let out = parse(benchmark, &[(log, lines)]);
            let expected: Vec<_> =
                (1..).zip(values).map(|(n, value)| (operation, f64::from(n), value)).collect();
            assert_eq!(rows(&out), expected, "{benchmark}");
        }
    }

    #[test]
    fn transactions_and_the_times_of_the_command() {
        let log = "sysbench --threads=2 run\n    transactions:                        59     (29.10 per sec.)\n";
        let time =
            "0.02user 0.04system 0:02.14elapsed 3%CPU (0avgtext+0avgdata 10944maxresident)k\n";
        let out = parse("sysbench", &[("sysbench-raw-2-1", log), ("time-2-1", time)]);
        let expected = [
            ("txn/sec-2", 1.0, 29.1),
            ("User-2", 1.0, 0.02),
            ("System-2", 1.0, 0.04),
            ("Elapsed-2", 1.0, 2.14),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }
}
