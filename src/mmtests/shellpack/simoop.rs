//! Memory, files and processor time at once, as a web service needs them (simoop).
//!
//! `simoop.log` has, after `Warmup complete`, every few seconds
//!
//! ```text
//! Run time: 20 seconds
//! Read latency usec: (p50: 11,204) (p95: 45,120) (p99: 88,192) (max: 120,331)
//! work rate = 9.92/sec (avg 10.02/sec)
//! ```

use super::parsed::REPEAT;
use super::words::{grouped, halves, number, number_at};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::{OperationId, SummaryKind};

/// Percentiles of latencies, and rates.
pub const SIMOOP: Shellpack = Shellpack {
    name: "simoop",
    aliases: &[],
    title: "Memory and files of a web service (simoop)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[
        Metric::lower("p50-", "µs"),
        Metric::lower("p95-", "µs"),
        Metric::lower("p99-", "µs"),
        Metric::lower("max-", "µs"),
        Metric::higher("work", "1/s"),
        Metric::lower("", "1/s"),
    ],
    parse,
};

/// What is told of each latency, and which of it MMTests' ratio tables show.
const PERCENTILES: [&str; 4] = ["p50", "p95", "p99", "max"];
const RATIO: &str = "p95";
/// What is timed.
const OPERATIONS: [&str; 3] = ["Read", "Write", "Allocation"];

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "simoop.log") else { return };
    let warm = |(_, line): &(u64, &str)| !line.starts_with("Warmup complete");
    let measured = text.lines().skip_while(warm);
    let measured = measured.take_while(|(_, line)| !line.starts_with("Final stats"));
    let mut latencies = Latencies::default();
    let mut seen = false;
    let mut time = 0.0;
    for (line, content) in measured {
        let Some((subject, rest)) = told(content) else { continue };
        if let Some(subject) = subject.strip_suffix(" latency usec:") {
            seen |= latencies.take((&text, line), time, subject, rest, out);
        } else if subject == "Run time:" {
            time = number_at(rest, 0).unwrap_or(time);
        } else if let Some(subject) = subject.strip_suffix(" rate =") {
            let rate = halves(rest, b'/').map_or(rest, |(rate, _)| rate);
            let Some(rate) = number(rate.trim_ascii()) else {
                out.missing_in((&text, line), content, "rate");
                continue;
            };
            let operation = if subject.ends_with("alloc stall") { "stall" } else { subject.trim() };
            // What never happened has a rate of 0.
            if rate > 0.0 && !operation.is_empty() {
                out.add((&text, line), operation, time, rate);
            }
        }
    }
    if !seen {
        out.missing(&text, "latency after the warm-up", REPEAT);
    }
}

/// What a line is about, with the colon or the sign behind it, and the figures.
fn told(line: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr2(b':', b'=', line.as_bytes())?;
    line.split_at_checked(at + 1)
}

/// The operations that MMTests shows, and their series by percentile, once they are known.
#[derive(Default)]
struct Latencies {
    series: [[Option<OperationId>; PERCENTILES.len()]; OPERATIONS.len()],
}

impl Latencies {
    /// Takes a line of latencies; `false` if it is of none of the operations that count.
    fn take(
        &mut self,
        at: (&Text, u64),
        time: f64,
        subject: &str,
        latencies: &str,
        out: &mut Parsed,
    ) -> bool {
        let Some(operation) = OPERATIONS.iter().position(|name| subject.ends_with(name)) else {
            return false;
        };
        let mut values = [None; PERCENTILES.len()];
        let mut rest = latencies;
        while let Some((_, behind)) = halves(rest, b'(') {
            let Some((place, value)) = percentile(behind) else {
                rest = behind;
                continue;
            };
            let (value, behind) = latency(value);
            (values[place], rest) = (value, behind);
        }
        let names = PERCENTILES.iter().zip(values).zip(&mut self.series[operation]);
        for ((percentile, value), series) in names {
            let Some(value) = value else {
                out.missing_in(at, latencies, percentile);
                continue;
            };
            let id = *series.get_or_insert_with(|| {
                let name = [percentile, "-", OPERATIONS[operation]];
                let is_ratio = *percentile == RATIO;
                if is_ratio { out.samples.ratio_joined(&name) } else { out.samples.joined(&name) }
            });
            out.add_to(at, id, time, value);
        }
        true
    }
}

/// Which percentile is told, and what follows its colon.
#[inline]
fn percentile(text: &str) -> Option<(usize, &str)> {
    let (name, rest) = text.split_at_checked(4)?;
    let place = match name.as_bytes() {
        b"p50:" => 0,
        b"p95:" => 1,
        b"p99:" => 2,
        b"max:" => 3,
        _ => return None,
    };
    Some((place, rest))
}

/// The number before a closing parenthesis, which has commas between its thousands, and what follows it.
#[inline]
fn latency(text: &str) -> (Option<f64>, &str) {
    let (mut value, mut digits, mut groups) = (0_u32, 0, 0);
    for (at, byte) in text.bytes().enumerate().take(12) {
        match byte {
            b'0'..=b'9' => {
                value = value.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
                digits += 1;
            }
            b' ' if digits + groups == 0 => {}
            b',' if (digits == 3 || groups == 0) && (1..=3).contains(&digits) && groups < 2 => {
                (digits, groups) = (0, groups + 1);
            }
            b')' if digits == 3 || (groups == 0 && (1..=9).contains(&digits)) => {
                return (Some(value.into()), text.get(at + 1..).unwrap_or_default());
            }
            _ => break,
        }
    }
    // Anything else takes longer.
    halves(text, b')').map_or((None, ""), |(value, rest)| (grouped(value.trim_ascii()), rest))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Made up after what MMTests and the program's users show of its output; it could not be run.
    const LOG: &str = "Run time: 5 seconds\nRead latency usec: (p50: 1) (p95: 2) (p99: 3) (max: 4)\n\
        Warmup complete (10s)\nRun time: 20 seconds\n\
        Read latency usec: (p50: 11,204) (p95: 45,120) (p99: 88,192) (max: 1,120,331)\n\
        Write latency usec: (p50: 5) (p95: 6) (p99: 7) (max: 8)\n\
        work rate = 9.92/sec (avg 10.02/sec) (p50: 9.9)\nalloc stall rate = 0.00/sec\n\
        Run time: 40 seconds\nAllocation latency usec: (p50: 9) (p95: 10) (p9\n\
        Final stats:\nRead latency usec: (p50: 1) (p95: 2) (p99: 3) (max: 4)\n";

    #[test]
    fn latencies_and_rates_between_warm_up_and_summary() {
        let out = parse("simoop", &[("simoop.log", LOG)]);
        let expected = [
            ("p50-Read", 20.0, 11204.0),
            ("p95-Read", 20.0, 45120.0),
            ("p99-Read", 20.0, 88192.0),
            ("max-Read", 20.0, 1120331.0),
            ("p50-Write", 20.0, 5.0),
            ("p95-Write", 20.0, 6.0),
            ("p99-Write", 20.0, 7.0),
            ("max-Write", 20.0, 8.0),
            ("work", 20.0, 9.92),
            ("p50-Allocation", 40.0, 9.0),
            ("p95-Allocation", 40.0, 10.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 2, "two percentiles were cut off");
    }
}
