//! Monitors that print a file of the kernel again and again, each time below a line with the time.

use std::collections::BTreeMap;

use super::Clock;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::Parsed;

/// `/proc/vmstat`: a name and a number a line. Names that start with `nr_` are what there is at the time,
/// the others count since boot.
pub(super) fn vmstat(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    for (line, content) in text.lines() {
        if clock.set(content) {
            continue;
        }
        let (name, value) = content.split_once(' ').unwrap_or((content, ""));
        match value.trim_ascii().parse::<u64>() {
            Ok(value) if !name.is_empty() => out.add((text, line), name, clock.now, value as f64),
            _ => out.missing_in((text, line), content, "counter"),
        }
    }
}

/// More words than the description of any source of interrupts has.
const MOST_WORDS: usize = 20;

/// `/proc/interrupts`: a row for each source with a column for each CPU, which are added up, and so are
/// sources of one description. Named after what follows the columns, with hyphens, as MMTests does it:
/// `PCI-MSIX-0000:00:01.0-3-edge-virtio0-stats`.
pub(super) fn interrupts(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut cpus = 0;
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    let flush = |line: u64, time: f64, counts: &mut BTreeMap<String, f64>, out: &mut Parsed| {
        for (name, count) in std::mem::take(counts) {
            out.add((text, line), &name, time, count);
        }
    };
    let mut last = 0;
    for (line, content) in text.lines() {
        last = line;
        let time = clock.now;
        if clock.set(content) {
            flush(line, time, &mut counts, out);
            continue;
        }
        let Some((label, rest)) = content.split_once(':') else {
            // The header: CPU0 CPU1 …
            cpus = content.split_ascii_whitespace().count();
            continue;
        };
        match source(label, rest, cpus) {
            Some((name, count)) => *counts.entry(name).or_default() += count,
            None => out.missing_in((text, line), content, "count"),
        }
    }
    flush(last, clock.now, &mut counts, out);
}

/// The name of a source and its count on all CPUs.
fn source(label: &str, rest: &str, cpus: usize) -> Option<(String, f64)> {
    let mut words = rest.split_ascii_whitespace().peekable();
    let mut columns = 0;
    let mut sum = 0.0;
    while columns < cpus
        && let Some(count) = words.peek().and_then(|word| word.parse::<u64>().ok())
    {
        (columns, sum) = (columns + 1, sum + count as f64);
        words.next();
    }
    let described = words.take(MOST_WORDS).collect::<Vec<_>>().join("-");
    // ERR and MIS have one column and no description.
    let name = if described.is_empty() { label.trim().to_owned() } else { described };
    (columns > 0 && !name.is_empty()).then_some((name, sum))
}
