//! Monitors that print a file of the kernel again and again, each time below a line with the time.

use super::Clock;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, halves, words};
use crate::model::Places;

/// `/proc/vmstat`: a name and a number a line. Names that start with `nr_` are what there is at the time,
/// the others count since boot.
pub(super) fn vmstat(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            continue;
        }
        let (name, value) = halves(content, b' ').unwrap_or((content, ""));
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
    let mut sources = Sources::default();
    let mut last = 0;
    for (line, content) in text.lines() {
        last = line;
        let time = clock.now;
        if clock.set(content, out) {
            sources.flush((text, line), time, out);
            continue;
        }
        let Some((label, rest)) = halves(content, b':') else {
            // The header: CPU0 CPU1 …
            cpus = words(content).count();
            continue;
        };
        let (columns, sum, described) = counts(rest, cpus);
        if columns == 0 || !sources.add(label, described, sum) {
            out.missing_in((text, line), content, "count");
        }
    }
    // Of a look that was cut short the sums lack sources of the same name.
    if !out.is_cut {
        sources.flush((text, last), clock.now, out);
    }
}

/// How many counts there are, their sum, and what follows them.
fn counts(row: &str, cpus: usize) -> (usize, f64, &str) {
    let (mut columns, mut sum, mut rest) = (0, 0.0, row);
    while columns < cpus {
        rest = rest.trim_ascii_start();
        let end = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let ends = behind.is_empty() || behind.starts_with([' ', '\t']);
        let Some(count) = word.parse::<u64>().ok().filter(|_| ends) else { break };
        (columns, sum, rest) = (columns + 1, sum + count as f64, behind);
    }
    (columns, sum, rest)
}

/// Sources of interrupts, and what was counted since the last line with the time.
#[derive(Default)]
struct Sources {
    /// What stands behind the counts, which tells a source without making its name anew.
    rows: Places,
    /// Where in `sums` each row is added.
    sums_of: Vec<Option<usize>>,
    names: Places,
    sums: Vec<Option<f64>>,
}

impl Sources {
    /// Adds the counts of a source; `false` if it has no name.
    fn add(&mut self, label: &str, described: &str, sum: f64) -> bool {
        // ERR and MIS have one column and no description.
        let row = if described.is_empty() { label } else { described };
        let row = self.rows.of(row);
        if row == self.sums_of.len() {
            let words: Vec<&str> = words(described).take(MOST_WORDS).collect();
            let name = if words.is_empty() { label.trim().to_owned() } else { words.join("-") };
            self.sums_of.push((!name.is_empty()).then(|| self.names.of(&name)));
            self.sums.resize(self.names.count(), None);
        }
        let place = self.sums_of.get(row).copied().flatten();
        let Some(total) = place.and_then(|place| self.sums.get_mut(place)) else { return false };
        *total.get_or_insert(0.0) += sum;
        true
    }

    fn flush(&mut self, at: (&Text, u64), time: f64, out: &mut Parsed) {
        for (name, sum) in self.names.names().zip(&mut self.sums) {
            if let Some(sum) = sum.take() {
                out.add(at, name, time, sum);
            }
        }
    }
}
