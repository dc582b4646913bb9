//! Monitors that print when something ended and how long it took: `1795354530.52 7`.

use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, halves, number};

/// Seconds and milliseconds, printed as whole numbers with a point between: `.52` are 52 ms.
fn milliseconds(stamp: &str) -> Option<f64> {
    let (seconds, thousandths) = halves(stamp, b'.')?;
    Some(seconds.parse::<u64>().ok()? as f64 + f64::from(thousandths.parse::<u16>().ok()?) / 1000.0)
}

/// Reading, writing, or touching mapped memory.
pub(super) fn of_programs(text: &Text, out: &mut Parsed) {
    lines(text, "latency", milliseconds, out);
}

/// `sync`, and opening mails, with times as they stand there.
pub(super) fn of_scripts(text: &Text, out: &mut Parsed) {
    lines(text, "latency", number, out);
}

/// Share of NUMA hinting faults that were local, of the last 20,000.
pub(super) fn convergence(text: &Text, out: &mut Parsed) {
    lines(text, "convergence", number, out);
}

fn lines(text: &Text, series: &str, stamp: fn(&str) -> Option<f64>, out: &mut Parsed) {
    let mut start = None;
    for (line, content) in text.lines() {
        let (when, value) = halves(content.trim_ascii(), b' ').unwrap_or((content, ""));
        match (stamp(when), number(value.trim_ascii())) {
            (Some(when), Some(value)) => {
                let start = *start.get_or_insert(when);
                out.add((text, line), series, when - start, value);
            }
            _ => out.missing_in((text, line), content, "time and latency"),
        }
    }
}
