//! melbot reads what the programs themselves print, over real output of most benchmarks.
//!
//! What MMTests' own parser makes of the same logs lies beside them. Where it reads right, melbot has the
//! same values, as precise as they are printed; where not, a deviation below says why.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Findings, argument, lines, melbot, table, unpacked};

/// Operations of which MMTests has other values, or none.
struct Deviation {
    benchmark: &'static str,
    /// What their names start with.
    operations: &'static [&'static str],
    why: &'static str,
    /// One of them, the number of its samples and the least of these, as the logs have them.
    example: (&'static str, usize, f64),
}

impl Deviation {
    fn is_of(&self, operation: &str) -> bool {
        self.operations.iter().any(|start| operation.starts_with(start))
    }
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        benchmark: "bonniepp",
        operations: &["SeqOut ", "SeqIn ", "Random ", "SeqCreate ", "RandCreate "],
        why: "throughput is in a report of its own",
        example: ("SeqOut block", 1, 302085.0),
    },
    Deviation {
        benchmark: "easywave",
        operations: &["User-", "System-", "Elapsed-"],
        why: "times are in a report of their own",
        example: ("Elapsed-1", 2, 0.06),
    },
    Deviation {
        benchmark: "io_uring",
        operations: &["IOops-1"],
        why: "the maximum of the samples is one more sample",
        example: ("IOops-1", 3, 12630.0),
    },
    Deviation {
        benchmark: "klp",
        operations: &["Patch under pressure"],
        why: "there is no parser of it",
        example: ("Patch under pressure", 1, 0.0),
    },
    Deviation {
        benchmark: "ltp",
        operations: &["syscalls-lite-crash01"],
        why: "a test that a signal killed counts as one that exited",
        example: ("syscalls-lite-crash01", 1, 14.0),
    },
    Deviation {
        benchmark: "pgbench",
        operations: &["User-", "System-", "Elapsed-"],
        why: "times are in a report of their own",
        example: ("Elapsed-1", 1, 34.05),
    },
    Deviation {
        benchmark: "redis-memtier",
        operations: &["kb/sec-"],
        why: "newer versions print more columns, which all become a part of the last",
        example: ("kb/sec-1", 3, 2110.57),
    },
    Deviation {
        benchmark: "siege",
        operations: &["txn/sec-"],
        why: "siege 4.0.7 prints JSON, which is not read",
        example: ("txn/sec-4", 3, 3529.41),
    },
    Deviation {
        benchmark: "stressng",
        operations: &["bops-aio-", "bops-hdd-", "bops-revio-", "bops-seek-"],
        why: "other metrics of a stressor are taken for rows of the table",
        example: ("bops-hdd-1", 3, 3451.63),
    },
    Deviation {
        benchmark: "stressng",
        operations: &["bops-miscellaneous-", "bops-successful-"],
        why: "messages after the table are taken for stressors",
        example: ("bops-miscellaneous-1", 0, 0.0),
    },
    Deviation {
        benchmark: "stressng-new",
        operations: &[
            "bops-skipped:",
            "bops-passed:",
            "bops-failed:",
            "bops-metrics-",
            "bops-successful-",
        ],
        why: "messages after the table are taken for stressors",
        example: ("bops-passed:-1", 0, 0.0),
    },
    Deviation {
        benchmark: "sysbench",
        operations: &["User-", "System-", "Elapsed-"],
        why: "times are in a report of their own",
        example: ("User-1", 3, 0.02),
    },
    Deviation {
        benchmark: "thpchallenge",
        operations: &["huge-", "local-", "remote-"],
        why: "shares are in reports of their own, one of which dies",
        example: ("huge-2", 1, 100.0),
    },
    Deviation {
        benchmark: "thpchallenge",
        operations: &["fault-base-2", "fault-huge-1"],
        why: "where there was no fault of a size, there is a sample of 0",
        example: ("fault-huge-1", 0, 0.0),
    },
];

/// Operation to values, in ascending order: MMTests takes logs in the order 1, 10, 2.
type Values = BTreeMap<String, Vec<String>>;

fn sorted(mut values: Values) -> Values {
    for list in values.values_mut() {
        list.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    values
}

fn number(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

/// What MMTests' parser printed.
fn theirs(rows: &[String]) -> Values {
    let mut values = Values::new();
    for row in rows {
        let fields: Vec<&str> = row.split('\t').collect();
        let [metric, a, b, _, value, ..] = fields[..] else { panic!("{row}") };
        let name = [metric, a, b].into_iter().filter(|part| !matches!(*part, "_" | ""));
        let operation = name.collect::<Vec<_>>().join("-");
        values.entry(operation).or_default().push(value.to_owned());
    }
    sorted(values)
}

/// Whether a value reads the same with as many decimals as MMTests prints.
fn reads_as(ours: &str, theirs: &str) -> bool {
    let decimals = theirs.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    // awk prints six digits.
    let digits = (number(ours) - number(theirs)).abs() <= number(theirs).abs() * 5e-6;
    format!("{:.decimals$}", number(ours)) == format!("{:.decimals$}", number(theirs)) || digits
}

fn deviation(benchmark: &str, operation: &str) -> Option<&'static Deviation> {
    DEVIATIONS.iter().find(|d| d.benchmark == benchmark && d.is_of(operation))
}

#[test]
fn real_logs_are_read_as_mmtests_reads_them() {
    let archive = unpacked("benchmarks.tar.xz");
    let extract = melbot().args(["extract", argument(&archive)]).output().unwrap();
    let columns = "machine\tconfig\trun\titeration\tbenchmark\toperation\tinterval\tvalue";
    let mut ours: BTreeMap<String, Values> = BTreeMap::new();
    for mut row in table(&String::from_utf8(extract.stdout).unwrap(), '\t', columns) {
        let mut field = |name| row.remove(name).unwrap_or_default();
        let of_benchmark = ours.entry(field("benchmark")).or_default();
        of_benchmark.entry(field("operation")).or_default().push(field("value"));
    }
    let mut findings = Findings::default();
    let oracle = archive.join("native3/readers/oracle");
    for entry in fs::read_dir(&oracle).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let benchmark = file.strip_suffix(".tsv").unwrap();
        let theirs = theirs(&lines(oracle.join(&file)));
        let ours = sorted(ours.remove(benchmark).unwrap_or_default());
        compare(benchmark, &ours, &theirs, &mut findings);
    }
    let rest: Vec<&String> = ours.keys().collect();
    findings.check("benchmark without MMTests' values", rest.is_empty(), || format!("{rest:?}"));
    findings.assert_all_right(&[("deviating operation", 56), ("example", 14), ("operation", 530)]);
}

#[test]
fn real_logs_have_only_the_problems_that_the_programs_had() {
    let archive = unpacked("benchmarks.tar.xz");
    let check = melbot().args(["check", argument(&archive)]).output().unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    let problems =
        text.lines().filter(|line| line.starts_with("warning: ") || line.starts_with("error: "));
    let problems: Vec<&str> = problems.collect();
    assert!(problems.len() > 5, "{text}");
    for problem in problems {
        let expected =
            problem.contains("a stressor gave up: ") || problem.contains("tests-activity");
        assert!(expected, "{problem}");
    }
}

fn compare(benchmark: &str, ours: &Values, theirs: &Values, findings: &mut Findings) {
    let none = Vec::new();
    let operations = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
    for operation in operations {
        let ours = ours.get(operation).unwrap_or(&none);
        let theirs = theirs.get(operation).unwrap_or(&none);
        let same = ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(ours, theirs)| reads_as(ours, theirs));
        if deviation(benchmark, operation).is_some() {
            findings.check("deviating operation", !same, || {
                format!("{benchmark} {operation} deviates no more")
            });
        } else {
            findings.check("operation", same, || {
                format!("{benchmark} {operation}: {ours:?} is not {theirs:?}")
            });
        }
    }
    for deviation in DEVIATIONS.iter().filter(|d| d.benchmark == benchmark) {
        let (operation, samples, smallest) = deviation.example;
        assert!(deviation.is_of(operation));
        let values = ours.get(operation).unwrap_or(&none);
        let least = values.first().map_or(f64::NAN, |value| number(value));
        let right = values.len() == samples && (values.is_empty() || least == smallest);
        findings.check("example", right, || {
            let count = values.len();
            format!("{benchmark} {operation} ({}): {count} samples from {least}", deviation.why)
        });
    }
}
