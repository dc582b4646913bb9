//! What MMTests' monitors wrote beside the benchmarks, as time series.
//!
//! `iter-N/<monitor>-<benchmark>` is one file for each benchmark. Intervals are seconds since the monitor
//! started. A series is named after a column or counter, and what it is of: `all-%usr`, `vda-r/s`,
//! `pgfault`.

mod columns;
mod condense;
mod counters;
mod df;
mod free_pages;
mod ftrace;
mod kcache;
mod kernel_time;
mod latency;
mod meaning;
mod of_run;
mod perf;
mod processes;
mod procfs;
mod scheduling;
mod snapshots;
mod stalls;
#[cfg(test)]
mod tests;
mod top;

use super::logs::{Logs, Text};
use super::shellpack::{Parsed, after, number, number_at, words};

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
    monitor("df", "Space on file systems", meaning::SPACE, df::df),
    monitor("ftrace", "Events of the kernel's tracer", meaning::EVENTS, ftrace::ftrace),
    monitor("inbox-open", "Opening a thousand mails", meaning::SECONDS, latency::of_scripts),
    monitor("iostat", "Disks", meaning::IOSTAT, columns::iostat),
    monitor("iotop", "Disk use of programs", meaning::PROGRAMS, processes::iotop),
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
    monitor("numa-scheduling", "Threads by node", meaning::THREADS, scheduling::numa_scheduling),
    monitor("perf-event-stat", "Events, in all", meaning::PERF_EVENTS, perf::event_stat),
    monitor("perf-time-stat", "Events over time", meaning::PERF_TIMES, perf::time_stat),
    monitor("pidstat", "CPU and disk use of programs", meaning::PROGRAMS, processes::pidstat),
    monitor("proc-buddyinfo", "Free blocks by size", meaning::BUDDYINFO, free_pages::buddyinfo),
    monitor("proc-interrupts", "Interrupts", meaning::INTERRUPTS, counters::interrupts),
    monitor(
        "proc-latency_stats",
        "What tasks waited for",
        meaning::WAITS,
        kernel_time::latency_stats,
    ),
    monitor("proc-meminfo", "Memory", meaning::MEMINFO, procfs::by_colon),
    monitor("proc-net-dev", "Network devices", meaning::NET_DEV, procfs::net_dev),
    monitor(
        "proc-pagetypeinfo",
        "Free pages by kind",
        meaning::PAGETYPEINFO,
        free_pages::pagetypeinfo,
    ),
    monitor("proc-schedstat", "Scheduler", meaning::SCHEDSTAT, procfs::schedstat),
    monitor("proc-vmstat", "Memory management", meaning::PROC_VMSTAT, counters::vmstat),
    monitor("proc-zoneinfo", "Memory by zone", meaning::ZONEINFO, free_pages::zoneinfo),
    monitor("read-latency", "Reading a file", meaning::MILLISECONDS, latency::of_programs),
    monitor("slabinfo", "Memory of slabs", meaning::SLABS, procfs::slabinfo),
    monitor("sync-latency", "sync", meaning::SECONDS, latency::of_scripts),
    monitor("syscalls", "System calls", meaning::SYSCALLS, kernel_time::syscalls),
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
        (self.parse)(&text, &mut out);
        out.last = out.last.or_else(|| last_stamp(&text));
        out.note_negative();
        if out.samples.is_empty() && out.problems.is_empty() {
            out.missing(&text, "figures", "check that the monitor's program is installed");
        }
        Some(out)
    }
}

/// When MMTests put the time in front of a line for the last time, in seconds since 1970. It does so with all
/// lines or with none.
fn last_stamp(text: &Text) -> Option<f64> {
    let line = text.as_str().lines().next_back()?;
    number_at(line.split_once(" -- ")?.0, 0)
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
    let mut words = words(line);
    let since_start = number(words.nth(1)?)?;
    words.find(|word| *word == "--")?;
    Some((since_start, after(words.rest(), " ")?))
}

/// Seconds since the first of the lines like `time: 1795354530`.
#[derive(Default)]
struct Clock {
    start: Option<f64>,
    now: f64,
}

impl Clock {
    /// `true` if the line is such a line. What stands behind the time says how much of it top shows.
    #[inline]
    fn set(&mut self, line: &str, out: &mut Parsed) -> bool {
        let Some(time) = after(line, "time: ") else { return false };
        if let Some(time) = number_at(time, 0) {
            self.now = time - *self.start.get_or_insert(time);
            out.last = Some(time);
        }
        true
    }
}
