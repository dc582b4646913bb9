//! What MMTests' monitors wrote beside the benchmarks, as time series.
//!
//! `iter-N/<monitor>-<benchmark>` is one file for each benchmark. Intervals are seconds since the monitor
//! started. A series is named after a column or counter, and what it is of: `all-%usr`, `vda-r/s`,
//! `pgfault`.

mod columns;
mod condense;
mod counters;
mod ftrace;
mod kcache;
mod latency;
mod meaning;
mod of_run;
mod perf;
mod places;
mod procfs;
mod snapshots;
#[cfg(test)]
mod tests;
mod top;

use super::logs::{Logs, Text};
use super::shellpack::{Parsed, number};

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
    monitor("bdi", "Writeback to the disk", meaning::BDI, procfs::by_colon),
    monitor("ftrace", "Events of the kernel's tracer", meaning::EVENTS, ftrace::ftrace),
    monitor("inbox-open", "Opening a thousand mails", meaning::SECONDS, latency::of_scripts),
    monitor("iostat", "Disks", meaning::IOSTAT, columns::iostat),
    monitor("kcache", "Slab allocations", meaning::RATES, kcache::kcache),
    monitor("kcache-slabs", "Slab allocations by slab", meaning::RATES, kcache::kcache),
    monitor(
        "mmap-access-latency",
        "Touching mapped memory",
        meaning::MICROSECONDS,
        latency::of_programs,
    ),
    monitor("mpstat", "CPUs", meaning::MPSTAT, columns::mpstat),
    monitor("numa-convergence", "Local NUMA faults", meaning::SHARE, latency::convergence),
    monitor("numa-meminfo", "Memory by node", meaning::MEMINFO, procfs::node_meminfo),
    monitor("numa-numastat", "Allocations by node", meaning::NUMASTAT, procfs::numastat),
    monitor("perf-event-stat", "Events, in all", meaning::PERF_EVENTS, perf::event_stat),
    monitor("perf-time-stat", "Events over time", meaning::PERF_TIMES, perf::time_stat),
    monitor("proc-interrupts", "Interrupts", meaning::INTERRUPTS, counters::interrupts),
    monitor("proc-meminfo", "Memory", meaning::MEMINFO, procfs::by_colon),
    monitor("proc-net-dev", "Network devices", meaning::NET_DEV, procfs::net_dev),
    monitor("proc-schedstat", "Scheduler", meaning::SCHEDSTAT, procfs::schedstat),
    monitor("proc-vmstat", "Memory management", meaning::PROC_VMSTAT, counters::vmstat),
    monitor("read-latency", "Reading a file", meaning::MILLISECONDS, latency::of_programs),
    monitor("sync-latency", "sync", meaning::SECONDS, latency::of_scripts),
    monitor("top", "Programs", meaning::TOP, top::top),
    monitor("turbostat", "Frequency and sleep of CPUs", meaning::TURBOSTAT, columns::turbostat),
    monitor("vmstat", "Processes, memory and I/O", meaning::VMSTAT, columns::vmstat),
    monitor("write-latency", "Writing a file", meaning::MILLISECONDS, latency::of_programs),
];

const fn monitor(
    name: &'static str,
    title: &'static str,
    meaning: Meaning,
    parse: fn(&Text, &mut Parsed),
) -> Monitor {
    Monitor { name, title, meaning, parse }
}

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

/// The name of a kind of tasks: `kswapd0` is one of `kswapd`, `kworker/0:1` one of `kworker`. A `+` stands
/// for what was too long.
fn stem(name: &str) -> &str {
    let name = name.split_once('/').map_or(name, |(kind, _)| kind);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '.'));
    if stem.is_empty() { name } else { stem }
}

/// A line that MMTests put the time in front of: `1795354532.6031   2.0784   2.0045 -- 15  0 …`.
/// Seconds since the monitor started, and what the program printed.
fn stamped(line: &str) -> Option<(f64, &str)> {
    let (stamp, content) = line.split_once(" -- ")?;
    Some((number(stamp.split_ascii_whitespace().nth(1)?)?, content))
}

/// Seconds since the first of the lines like `time: 1795354530`.
#[derive(Default)]
struct Clock {
    start: Option<f64>,
    now: f64,
}

impl Clock {
    /// `true` if the line is such a line. What stands behind the time says how much of it top shows.
    fn set(&mut self, line: &str) -> bool {
        let Some(time) = line.strip_prefix("time: ") else { return false };
        let time = time.split_ascii_whitespace().next().unwrap_or_default();
        if let Some(time) = time.parse().ok().filter(|time: &f64| time.is_finite()) {
            self.now = time - *self.start.get_or_insert(time);
        }
        true
    }
}
