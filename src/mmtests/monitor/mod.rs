//! What MMTests' monitors wrote beside the benchmarks, as time series.
//!
//! `iter-N/<monitor>-<benchmark>` is one file for each benchmark. Intervals are seconds since the monitor
//! started. A series is named after a column or counter, and what it is of: `all-%usr`, `vda-r/s`,
//! `pgfault`.

mod columns;
mod condense;
mod counters;
mod meaning;
mod of_run;
#[cfg(test)]
mod tests;

use super::logs::{Logs, Text};
use super::shellpack::Parsed;

pub use condense::{Iteration, watched};
pub use meaning::Meaning;
pub use of_run::{Watched, of_run};

/// A monitor whose output melbot reads.
#[derive(Debug)]
pub struct Monitor {
    /// MMTests' name, with which its files begin.
    pub name: &'static str,
    /// What it tells, in a few words, for headings.
    pub title: &'static str,
    /// What its series are.
    pub meaning: Meaning,
    parse: fn(&Text, &mut Parsed),
}

/// All monitors that melbot reads.
pub const ALL: &[Monitor] = &[
    Monitor { name: "iostat", title: "Disks", meaning: meaning::IOSTAT, parse: columns::iostat },
    Monitor { name: "mpstat", title: "CPUs", meaning: meaning::MPSTAT, parse: columns::mpstat },
    Monitor {
        name: "proc-interrupts",
        title: "Interrupts",
        meaning: meaning::INTERRUPTS,
        parse: counters::interrupts,
    },
    Monitor {
        name: "proc-vmstat",
        title: "Memory management",
        meaning: meaning::PROC_VMSTAT,
        parse: counters::vmstat,
    },
    Monitor {
        name: "turbostat",
        title: "Frequency and sleep of CPUs",
        meaning: meaning::TURBOSTAT,
        parse: columns::turbostat,
    },
    Monitor {
        name: "vmstat",
        title: "Processes, memory and I/O",
        meaning: meaning::VMSTAT,
        parse: columns::vmstat,
    },
];

impl Monitor {
    /// Reads what it wrote during a benchmark; `None` if it did not run. `iteration` are the files of
    /// `iter-N`.
    pub fn read(&self, iteration: &Logs, benchmark: &str) -> Option<Parsed> {
        let mut out = Parsed::default();
        let text = out.read(iteration, &format!("{}-{benchmark}", self.name))?;
        out.path = text.path().to_owned();
        out.last = last_time(&text);
        (self.parse)(&text, &mut out);
        out.note_negative();
        if out.samples.is_empty() && out.problems.is_empty() {
            out.missing(&text, "figures", "check that the monitor's program is installed");
        }
        Some(out)
    }
}

/// When a monitor wrote the last time, in seconds since 1970.
fn last_time(text: &Text) -> Option<f64> {
    text.as_str().lines().rev().find_map(|line| {
        let time =
            line.strip_prefix("time: ").or(line.split_once(" -- ").map(|(stamp, _)| stamp))?;
        time.split_ascii_whitespace().next()?.parse().ok().filter(|time: &f64| time.is_finite())
    })
}

/// A line that MMTests put the time in front of: `1795354532.6031   2.0784   2.0045 -- 15  0 …`.
/// Seconds since the monitor started, and what the program printed.
fn stamped(line: &str) -> Option<(f64, &str)> {
    let (stamp, content) = line.split_once(" -- ")?;
    let offset =
        stamp.split_ascii_whitespace().nth(1)?.parse().ok().filter(|at: &f64| at.is_finite())?;
    Some((offset, content))
}

/// Seconds since the first of the lines like `time: 1795354530`.
#[derive(Default)]
struct Clock {
    start: Option<f64>,
    now: f64,
}

impl Clock {
    /// `true` if the line is such a line.
    fn set(&mut self, line: &str) -> bool {
        let Some(time) = line.strip_prefix("time: ") else { return false };
        if let Some(time) = time.trim().parse().ok().filter(|time: &f64| time.is_finite()) {
            self.now = time - *self.start.get_or_insert(time);
        }
        true
    }
}
