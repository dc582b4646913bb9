//! Events of the kernel's tracer, counted by name: `init-155 [000] d..3. 2.092903: sched_migrate_task: …`.

use super::stalls::Stalls;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number, words};
use crate::model::Places;

/// Names of events are short; there are not more of them in one trace than this.
const MOST_EVENTS: usize = 1_000;

/// Counts events and what they tell, as counters that are read whenever a second is over.
pub(super) fn ftrace(text: &Text, out: &mut Parsed) {
    let mut counts = Counts::default();
    let mut stalls = Stalls::default();
    let mut start = None;
    let (mut second, mut last) = (0.0, (0, 0.0));
    for (line, content) in text.lines() {
        if content.contains(" EVENTS]") && content.contains("[LOST ") {
            out.complain(
                (text, line),
                format!("the tracer was too slow: {}", content.trim_ascii()),
            );
            continue;
        }
        let Some(event) = event(content) else { continue };
        let start = *start.get_or_insert(event.stamp);
        // Buffers of several CPUs are not quite in order.
        let now = f64::max(event.stamp - start, last.1);
        if now >= second + 1.0 {
            counts.tell((text, line), last.1, out);
            second = now.floor();
        }
        last = (line, now);
        counts.add((text, line), &[event.name], 1.0, out);
        stalls.take((text, line), now, &event, &mut counts, out);
    }
    counts.tell((text, last.0), last.1, out);
}

/// Counters by name.
#[derive(Default)]
pub(super) struct Counts {
    names: Places,
    counts: Vec<f64>,
}

impl Counts {
    /// Adds to a counter, whose name is put together of these parts.
    pub fn add(&mut self, at: (&Text, u64), name: &[&str], count: f64, out: &mut Parsed) {
        let place = self.names.of_joined(name);
        if place >= MOST_EVENTS {
            return;
        }
        if place == self.counts.len() {
            out.add_joined(at, name, 0.0, 0.0);
            self.counts.push(0.0);
        }
        if let Some(sum) = self.counts.get_mut(place) {
            *sum += count;
        }
    }

    fn tell(&self, at: (&Text, u64), now: f64, out: &mut Parsed) {
        for (name, count) in self.names.names().zip(&self.counts) {
            out.add(at, name, now, *count);
        }
    }
}

/// A line of a trace.
#[derive(Debug, PartialEq)]
pub(super) struct Event<'l> {
    /// Seconds, mostly since boot.
    pub stamp: f64,
    /// Name of the task; empty where the line has no number of it.
    pub task: &'l str,
    /// Its number, 0 where there is none.
    pub pid: u32,
    /// Name of the event.
    pub name: &'l str,
    /// What follows it.
    pub details: &'l str,
}

/// In front of time and event stand the task, whose name may hold anything, the CPU in brackets, and flags in
/// more recent kernels.
fn event(content: &str) -> Option<Event<'_>> {
    let mut rest = content;
    let behind = loop {
        rest = rest.split_once('[')?.1;
        let (cpu, behind) = rest.split_once("] ")?;
        if cpu.len() >= 3 && cpu.bytes().all(|byte| byte.is_ascii_digit()) {
            break behind;
        }
    };
    let task = content.get(..content.len() - rest.len() - 1)?.trim_ascii();
    // Some have the number of the process in parentheses behind that of the task.
    let task = task.strip_suffix(')').and_then(|task| task.rsplit_once('(')).map_or(task, |t| t.0);
    let (task, pid) = task.trim_ascii_end().rsplit_once('-').unwrap_or(("", ""));
    let mut words = words(behind);
    let mut word = words.next()?;
    let mut stamp = None;
    for _ in 0..2 {
        stamp = word.strip_suffix(':').and_then(number);
        if stamp.is_some() {
            break;
        }
        word = words.next()?;
    }
    let name = words.next()?.strip_suffix(':').filter(|name| !name.is_empty())?;
    let details = words.rest().trim_ascii();
    Some(Event { stamp: stamp?, task, pid: pid.parse().unwrap_or(0), name, details })
}

#[cfg(test)]
mod tests {
    use super::{Event, event};

    #[test]
    fn events_of_all_kernels() {
        for (line, task, pid) in [
            (
                "            init-155     [000] .....     2.084301: sched_process_fork: comm=init pid=155",
                "init",
                155,
            ),
            (
                "     migration/1-26      [001] d..3.     2.084301: sched_process_fork: comm=[a] b",
                "migration/1",
                26,
            ),
            (
                "  tmux: server-26   (     27) [001]     2.084301: sched_process_fork: x",
                "tmux: server",
                26,
            ),
            ("  a-[b]-7   (-------) [001] d... 2.084301: sched_process_fork: x", "a-[b]", 7),
            ("  <...>   [001] d... 2.084301: sched_process_fork:", "", 0),
        ] {
            let found = event(line).unwrap_or_else(|| panic!("{line}"));
            let name = "sched_process_fork";
            let expected = Event { stamp: 2.084301, task, pid, name, details: found.details };
            assert_eq!(found, expected, "{line}");
        }
        for line in
            ["# tracer: nop", "CPU:1 [LOST 3 EVENTS]", "", "x [000] d... 1.5", "[000] a: b:"]
        {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
