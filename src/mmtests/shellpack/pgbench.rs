//! Transactions of PostgreSQL (pgbench).
//!
//! `pgbench-transactions-<clients>.log` has a row a second: when it began, in seconds since 1970, how
//! many transactions there were, and figures of their latency.

use super::words::{number_at, operation};
use super::{Metric, Parsed, Shellpack, Source, gnu_time};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Transactions a second, by the number of clients.
pub const PGBENCH: Shellpack = Shellpack {
    name: "pgbench",
    aliases: &[],
    title: "PostgreSQL transactions (pgbench)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("txn", "trans/s"), Metric::lower("", "s")],
    parse,
};

/// MMTests leaves out the first rows, and makes a sample of so many others.
const WARM_UP: u64 = 7;
const BATCH: u64 = 4;

const TOO_SHORT: &str = "let it run for at least 16 s longer than the warm-up; where the log is empty, \
                         look at the log of the database (dblog)";

fn parse(source: &Source, out: &mut Parsed) {
    for (name, clients) in source.logs.between("pgbench-transactions-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, &operation("txn", &[clients]), out) {
            out.missing(&text, "two batches of rows", TOO_SHORT);
        }
    }
    gnu_time::times(source, out);
}

/// Makes the samples; `false` if there are too few rows for one.
fn one_log(text: &Text, operation: &str, out: &mut Parsed) -> bool {
    let (mut start, mut id) = (None, None);
    let (mut rows, mut transactions) = (0, 0.0);
    // When the last second of the batch before began: the first batch only tells that of the second.
    let mut before = None;
    for (line, content) in text.lines() {
        let (Some(began), Some(count)) = (number_at(content, 0), number_at(content, 1)) else {
            out.missing_in((text, line), content, "row of numbers");
            continue;
        };
        let start = *start.get_or_insert(began);
        rows += 1;
        if rows <= WARM_UP {
            continue;
        }
        transactions += count;
        if !(rows - WARM_UP).is_multiple_of(BATCH) {
            continue;
        }
        if let Some(before) = before.replace(began) {
            let id = *id.get_or_insert_with(|| out.samples.operation(operation));
            if began > before {
                out.add_to((text, line), id, began - start, transactions / (began - before));
            } else {
                out.complain((text, line), "the clock did not go on; these rows were left out");
            }
        }
        transactions = 0.0;
    }
    id.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Rows as those of pgbench 15.
    fn log(seconds: u32) -> String {
        let row = |n| format!("{} {} 992348 218276416 47 19347\n", 1_795_621_000 + n, 1000 + n);
        (0..seconds).map(row).collect()
    }

    #[test]
    fn four_seconds_make_a_sample() {
        let out = parse("pgbench", &[("pgbench-transactions-8.log", &log(20))]);
        // Rows 7 to 10 are the first batch, which only tells where the second begins.
        assert_eq!(rows(&out), [("txn-8", 14.0, 1012.5), ("txn-8", 18.0, 1016.5)]);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_short_run_gives_none() {
        let out = parse("pgbench", &[("pgbench-transactions-1.log", &log(14))]);
        assert!(out.samples.is_empty());
        assert!(out.problems[0].remedy.contains("16 s"));
    }

    #[test]
    fn a_clock_that_stands_still_divides_nothing() {
        let log = "1795621000 5 1 1 1 1\n".repeat(16);
        let out = parse("pgbench", &[("pgbench-transactions-1.log", &log)]);
        assert!(out.samples.is_empty());
        assert_eq!(out.problems[0].line, Some(15));
    }
}
