//! Monitors that tell where programs spend their time in the kernel: system calls, and what tasks wait for.

use super::Clock;
use super::snapshots::Snapshots;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number, words};

/// What SystemTap counted since the last look: `TID PID program call count nanoseconds`. Threads are added up.
pub(super) fn syscalls(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut calls = Snapshots::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            calls.look(line, clock.now);
            continue;
        }
        if content.trim_ascii().is_empty() {
            continue;
        }
        // From the end, for the name of a program may hold blanks.
        let mut row = content.split_ascii_whitespace().rev();
        let nanoseconds = row.next().and_then(number);
        let count = row.next().and_then(number);
        match (count, nanoseconds, row.next(), row.count() >= 3) {
            (Some(count), Some(nanoseconds), Some(call), true) => {
                calls.add(&[call, "-calls"], count);
                calls.add(&[call, "-time"], nanoseconds / 1e6);
            }
            _ => out.missing_in((text, line), content, "count and time of a system call"),
        }
    }
    calls.finish(text, out);
}

/// `/proc/latency_stats`: `count microseconds longest function caller …` since the monitor started. Waits are
/// told by the function that waited.
pub(super) fn latency_stats(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut waits = Snapshots::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            waits.look(line, clock.now);
            continue;
        }
        let mut row = words(content);
        let Some(first) = row.next().filter(|first| *first != "Latency") else { continue };
        let figures = [Some(first), row.next(), row.next()].map(|word| word.and_then(number));
        match (figures, row.next()) {
            ([Some(count), Some(microseconds), Some(_)], function) => {
                for name in [Some("all"), function].into_iter().flatten() {
                    waits.add(&[name, "-waits"], count);
                    waits.add(&[name, "-time"], microseconds / 1e3);
                }
            }
            _ => out.missing_in((text, line), content, "count and time of a wait"),
        }
    }
    waits.finish(text, out);
}
