//! Where tasks run and where their memory is, as MMTests draws it.

use super::Clock;
use super::snapshots::Snapshots;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, words};

/// Below a header `PID TID NAME CPU RN C0 C1 N0 N1`, a row for each thread: an `X` among dots is the node that
/// it runs on, then comes how much of its memory each node has, and `STUPID` where most of it is on another
/// node. How many threads each node has, and how many of all are away from their memory.
pub(super) fn numa_scheduling(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut threads = Snapshots::default();
    let mut nodes = 0;
    let mut row: Vec<&str> = Vec::new();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            threads.look(line, clock.now);
            continue;
        }
        row.clear();
        row.extend(words(content));
        if row.first() == Some(&"PID") {
            let is_node = |word: &&&str| after(word, "C").is_some_and(|n| n.parse::<u16>().is_ok());
            nodes = row.iter().filter(is_node).count();
            continue;
        }
        // A thread that was gone by then has no name.
        let is_map = |marks: &&[&str]| marks.iter().all(|mark| matches!(*mark, "X" | "."));
        let map = row.get(4..).filter(|_| nodes > 0);
        match map.and_then(|rest| rest.windows(nodes).find(is_map)) {
            Some(marks) => {
                if let Some(node) = marks.iter().position(|mark| *mark == "X") {
                    threads.add(&["Node", &node.to_string(), "-threads"], 1.0);
                }
                let is_away = row.contains(&"STUPID");
                threads.add(&["away-from-memory"], f64::from(u8::from(is_away)));
            }
            None if row.is_empty() => {}
            None => out.missing_in((text, line), content, "map of nodes"),
        }
    }
    threads.finish(text, out);
}
