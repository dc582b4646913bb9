//! Operations of io_uring that do nothing (fio's `t/io_uring`).
//!
//! `t-io_uring.log` has a line `IOPS=11.31M, IOS/call=32/32` a second. Above 100,000 operations there
//! is a `K`, above a million an `M`, and below neither.

use super::parsed::REPEAT;
use super::words::{number, scaled};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Operations of io_uring.
pub const IO_URING: Shellpack = Shellpack {
    name: "io_uring",
    aliases: &[],
    title: "Empty operations of io_uring",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "kops/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "t-io_uring.log") else { return };
    let mut id = None;
    for (line, content) in text.lines_with("IOPS=") {
        // The largest of them stands there once more in the end: `Maximum IOPS=12.59M`.
        let Some(rest) = content.strip_prefix("IOPS=") else { continue };
        match rest.split(',').next().and_then(kilo) {
            Some(rate) => {
                let id = *id.get_or_insert_with(|| out.samples.operation("IOops-1"));
                out.add_next((&text, line), id, rate);
            }
            None => out.missing_in((&text, line), content, "rate"),
        }
    }
    if id.is_none() {
        out.missing(&text, "rate", REPEAT);
    }
}

/// Thousands of operations.
fn kilo(rate: &str) -> Option<f64> {
    if let Some(millions) = rate.strip_suffix('M') {
        return scaled(millions, 3);
    }
    rate.strip_suffix('K').map_or_else(|| scaled(rate, -3), number)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// t/io_uring of fio 3.33
    #[test]
    fn rates_with_and_without_a_letter() {
        let log = "submitter=0, tid=5744, file=(null), node=-1\n\
            IOPS=11.31M, IOS/call=32/32\nIOPS=431.88K, IOS/call=32/32\n\
            IOPS=43188, BW=10.80GiB/s, IOS/call=1/1\nExiting on timeout\nMaximum IOPS=11.31M\n";
        let out = parse("io_uring", &[("t-io_uring.log", log)]);
        let expected =
            [("IOops-1", 1.0, 11310.0), ("IOops-1", 2.0, 431.88), ("IOops-1", 3.0, 43.188)];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_kernel_without_io_uring_is_told() {
        let out = parse(
            "io_uring",
            &[("t-io_uring.log", "ring setup failed: Function not implemented, 1\n")],
        );
        assert!(out.problems[0].what.contains("ring setup failed"));
    }
}
