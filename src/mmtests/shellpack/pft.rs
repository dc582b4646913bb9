//! Page faults by threads that touch fresh memory (pft); MMTests had it until 2025.
//!
//! `pft-<clients>.log`: rows of mapping size, threads, cache line, user, system and wall time,
//! faults per second of processor time, faults per second.

use super::parsed::REPEAT;
use super::words::{number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Page faults, by the number of clients.
pub const PFT: Shellpack = Shellpack {
    name: "pft",
    aliases: &[],
    title: "Page faults (pft)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    metrics: &[Metric::higher("", "faults/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, clients) in source.logs.between("pft-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, clients, out) {
            out.missing(&text, "row of results", REPEAT);
        }
    }
}

/// Takes the rows of a log; `false` if it has none.
fn one_log(text: &Text, clients: &str, out: &mut Parsed) -> bool {
    let mut ids = None;
    let mut seen = false;
    for (line, content) in text.lines().filter(|(_, content)| is_row(content)) {
        seen = true;
        let mut columns = words(content).skip(6).map(number);
        let (Some(Some(per_cpu)), Some(Some(per_sec))) = (columns.next(), columns.next()) else {
            out.missing_in((text, line), content, "fault rates");
            continue;
        };
        let (cpu, sec) = *ids.get_or_insert_with(|| {
            let mut named = |metric: &str| out.samples.operation(&format!("{metric}-{clients}"));
            (named("faults/cpu"), named("faults/sec"))
        });
        out.add_next((text, line), cpu, per_cpu);
        out.add_next((text, line), sec, per_sec);
    }
    seen
}

/// Rows have no letter but the `s` after times; the header and messages have others.
fn is_row(line: &str) -> bool {
    let mut bytes = line.bytes().filter(|byte| !byte.is_ascii_whitespace()).peekable();
    bytes.peek().is_some() && bytes.all(|byte| byte == b's' || !byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    #[test]
    fn rows_of_all_repetitions() {
        let log = " MappingSize  Threads CacheLine   UserTime  SysTime WallTime flt/cpu/s fault/wsec\n \
            1  1  1  0.01s  0.28s  0.29s  905325.1  903250.5\n\n \
            1  1  1  0.01s  0.28s  0.29s  905000.0  903000.5\n 1 1 1\n";
        let out = parse("pft", &[("pft-4.log", log)]);
        let expected = [
            ("faults/cpu-4", 1.0, 905325.1),
            ("faults/cpu-4", 2.0, 905000.0),
            ("faults/sec-4", 1.0, 903250.5),
            ("faults/sec-4", 2.0, 903000.5),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(5));
    }
}
