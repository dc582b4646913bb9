//! How long it takes to map and touch memory while others write and read files (stutterp).
//!
//! `mmap-latency-<workers>.log` is run-length encoded: `3 5123456` are three attempts of 5,123,456 ns
//! each, which is the mean of the attempts since the line before.

use super::parsed::REPEAT;
use super::words::{number, operation, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Latency of mappings, by the number of workers.
pub const STUTTERP: Shellpack = Shellpack {
    name: "stutterp",
    aliases: &[],
    title: "Latency of mappings under writeback (stutterp)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    metrics: &[Metric::lower("", "µs")],
    parse,
};

/// More attempts than this, at most one in 5 ms, are more than five hours: the counts are garbage.
const MOST: u64 = 1 << 22;

fn parse(source: &Source, out: &mut Parsed) {
    for (name, workers) in source.logs.between("mmap-latency-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, &operation("mmap", &[workers]), out) {
            out.missing(&text, "latency", REPEAT);
        }
    }
}

/// Takes the attempts; `false` if there are none.
fn one_log(text: &Text, operation: &str, out: &mut Parsed) -> bool {
    let mut left = MOST;
    let mut id = None;
    for (line, content) in text.lines() {
        let mut words = words(content);
        let count = words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(count), Some(nanoseconds)) = (count, words.next().and_then(number)) else {
            out.missing_in((text, line), content, "count and latency");
            continue;
        };
        if count > left {
            out.complain((text, line), format!("more than {MOST} attempts; the rest was not read"));
            break;
        }
        left -= count;
        let id = *id.get_or_insert_with(|| out.samples.operation(operation));
        for _ in 0..count {
            // Whole microseconds, as MMTests has them.
            out.add_next((text, line), id, (nanoseconds / 1000.0).trunc());
        }
    }
    left < MOST
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// mmap-latency of MMTests' stutterp 3
    #[test]
    fn a_line_may_be_several_attempts() {
        let log = "1 94232285\n2 5123456\n\n";
        let out = parse("stutterp", &[("mmap-latency-3.log", log)]);
        assert_eq!(
            rows(&out),
            [("mmap-3", 1.0, 94232.0), ("mmap-3", 2.0, 5123.0), ("mmap-3", 3.0, 5123.0)]
        );
        assert_eq!(out.problems[0].line, Some(3));
    }

    #[test]
    fn a_count_that_is_garbage_takes_no_memory() {
        let out =
            parse("stutterp", &[("mmap-latency-3.log", "1 5000000\n99999999999999 5000000\n")]);
        assert_eq!(rows(&out), [("mmap-3", 1.0, 5000.0)]);
        assert_eq!(out.problems[0].line, Some(2));
    }
}
