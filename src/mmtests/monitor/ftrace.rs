//! Events of the kernel's tracer, counted by name: `init-155 [000] d..3. 2.092903: sched_migrate_task: …`.

use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number, words};
use crate::model::Places;

/// Names of events are short; there are not more of them in one trace than this.
const MOST_EVENTS: usize = 1_000;

/// Counts events, as counters that are read whenever a second is over.
pub(super) fn ftrace(text: &Text, out: &mut Parsed) {
    let mut events = Places::default();
    let mut counts: Vec<f64> = Vec::new();
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
        let Some((stamp, event)) = event(content) else { continue };
        let start = *start.get_or_insert(stamp);
        // Buffers of several CPUs are not quite in order.
        let now = f64::max(stamp - start, last.1);
        if now >= second + 1.0 {
            add_all((text, line), last.1, (&events, &counts), out);
            second = now.floor();
        }
        last = (line, now);
        let place = events.of(event);
        if place >= MOST_EVENTS {
            continue;
        }
        if place == counts.len() {
            out.add((text, line), event, 0.0, 0.0);
            counts.push(0.0);
        }
        if let Some(count) = counts.get_mut(place) {
            *count += 1.0;
        }
    }
    add_all((text, last.0), last.1, (&events, &counts), out);
}

fn add_all(at: (&Text, u64), now: f64, (events, counts): (&Places, &[f64]), out: &mut Parsed) {
    for (event, count) in events.names().zip(counts) {
        out.add(at, event, now, *count);
    }
}

/// The time in seconds and the name of the event. In front of them stand the task, whose name may hold
/// anything, the CPU in brackets, and flags in more recent kernels.
fn event(content: &str) -> Option<(f64, &str)> {
    let mut rest = content;
    let behind = loop {
        rest = rest.split_once('[')?.1;
        let (cpu, behind) = rest.split_once("] ")?;
        if cpu.len() >= 3 && cpu.bytes().all(|byte| byte.is_ascii_digit()) {
            break behind;
        }
    };
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
    let event = words.next()?.strip_suffix(':')?;
    Some((stamp?, event)).filter(|_| !event.is_empty())
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn events_of_all_kernels() {
        for line in [
            "            init-155     [000] .....     2.084301: sched_process_fork: comm=init pid=155",
            "     migration/1-26      [001] d..3.     2.084301: sched_process_fork: comm=[a] b",
            "  tmux: server-26   (     26) [001]     2.084301: sched_process_fork: x",
        ] {
            assert_eq!(event(line), Some((2.084301, "sched_process_fork")), "{line}");
        }
        for line in
            ["# tracer: nop", "CPU:1 [LOST 3 EVENTS]", "", "x [000] d... 1.5", "[000] a: b:"]
        {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
