//! What `perf stat` counted: again and again for a while each (`perf-time-stat`), or once over the whole
//! benchmark (`perf-event-stat`).

use super::Clock;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, halves, number, words};

/// A row with more words is none.
const MOST_WORDS: usize = 8;

/// A line of the table that `perf stat` prints.
#[derive(Debug, PartialEq)]
enum Row<'l> {
    /// An event and its count.
    Count(&'l str, f64),
    /// Seconds that were counted.
    Elapsed(f64),
    /// No number where one should be.
    Unclear,
    Other,
}

/// Reads `6006.30 msec task-clock   #  2.000 CPUs utilized`: a number, perhaps its unit, the event. Behind
/// them may stand how much of the time it was counted, and what perf makes of it.
fn row(content: &str) -> Row<'_> {
    let counted = halves(content, b'#').map_or(content, |(counted, _)| counted);
    let mut words = words(counted).take(MOST_WORDS);
    let Some(first) = words.next() else { return Row::Other };
    if first.starts_with('<') {
        // <not supported>, <not counted>
        return Row::Other;
    }
    let rest: Vec<&str> = words.take_while(|word| !word.starts_with(['(', '+'])).collect();
    let value = number(first).or_else(|| number(&first.replace(',', "")));
    match (value, rest.as_slice()) {
        (Some(seconds), ["seconds", "time", "elapsed"]) => Row::Elapsed(seconds),
        (Some(_), ["seconds", ..]) => Row::Other,
        (Some(value), [event] | [_, event]) => Row::Count(event, value),
        (None, _) if first.starts_with(|c: char| c.is_ascii_digit()) => Row::Unclear,
        _ => Row::Other,
    }
}

/// `true` for the line above a table.
fn is_head(content: &str) -> bool {
    after(content.trim_ascii_start(), "Performance counter stats for").is_some()
}

/// `perf stat -a sleep N` in a loop, each below a line with the time: counts of as many seconds.
pub(super) fn time_stat(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut inside = false;
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            inside = false;
        } else if is_head(content) {
            inside = true;
        } else if inside {
            match row(content) {
                Row::Count(event, value) => out.add((text, line), event, clock.now, value),
                Row::Elapsed(_) => inside = false,
                Row::Unclear => out.missing_in((text, line), content, "count"),
                Row::Other => {}
            }
        }
    }
}

/// One table over all the benchmark: counters that began at 0.
pub(super) fn event_stat(text: &Text, out: &mut Parsed) {
    let mut counts: Vec<(u64, &str, f64)> = Vec::new();
    let mut inside = false;
    for (line, content) in text.lines() {
        if is_head(content) {
            (inside, counts) = (true, Vec::new());
            continue;
        }
        match row(content) {
            _ if !inside => {}
            Row::Count(event, value) => counts.push((line, event, value)),
            Row::Elapsed(seconds) => {
                for (line, event, value) in counts.drain(..) {
                    out.add((text, line), event, 0.0, 0.0);
                    out.add((text, line), event, seconds, value);
                }
                inside = false;
            }
            Row::Unclear => out.missing_in((text, line), content, "count"),
            Row::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_versions() {
        for (line, expected) in [
            (
                "      3,782      context-switches       #  629.672 /sec",
                ("context-switches", 3782.0),
            ),
            (
                "      6006.30 msec task-clock          #  2.000 CPUs utilized",
                ("task-clock", 6006.3),
            ),
            ("  6,006.30 msec task-clock", ("task-clock", 6006.3)),
            ("   1,234,567      cache-misses:u          (66.52%)", ("cache-misses:u", 1234567.0)),
            ("     12.50 Joules power/energy-pkg/", ("power/energy-pkg/", 12.5)),
            ("     182      cpu-migrations   ( +-  1.20% )", ("cpu-migrations", 182.0)),
        ] {
            assert_eq!(row(line), Row::Count(expected.0, expected.1), "{line}");
        }
        assert_eq!(row("  2.009111017 seconds time elapsed"), Row::Elapsed(2.009111017));
        assert_eq!(row("  2.00 seconds user"), Row::Other);
        assert_eq!(row("   <not supported>      cycles"), Row::Other);
        assert_eq!(row("   1.234.567      cycles"), Row::Unclear, "another language");
    }
}
