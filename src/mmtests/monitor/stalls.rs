//! What events of the tracer tell beside that they happened: how long tasks were held up in memory management,
//! and what became of pages and tasks. Threads of the kernel that do such work are told apart, `kswapd-…`: they
//! hold up nobody.

use std::collections::HashMap;

use super::ftrace::{Counts, Event};
use super::stem;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, number, words};

/// What lies between two events of one task, and its name.
const PAIRS: [(&str, &str, &str); 4] = [
    ("mm_vmscan_direct_reclaim_begin", "mm_vmscan_direct_reclaim_end", "direct_reclaim"),
    ("mm_vmscan_memcg_reclaim_begin", "mm_vmscan_memcg_reclaim_end", "memcg_reclaim"),
    ("mm_shrink_slab_start", "mm_shrink_slab_end", "shrink_slab"),
    ("mm_compaction_begin", "mm_compaction_end", "compaction"),
];

/// Events that tell how long a task waited: the field, milliseconds of its unit, and a name.
const WAITS: [(&str, &str, f64, &str); 4] = [
    ("balance_dirty_pages", "pause=", 1.0, "balance_dirty_pages"),
    ("writeback_congestion_wait", "usec_delayed=", 0.001, "congestion_wait"),
    ("writeback_wait_iff_congested", "usec_delayed=", 0.001, "wait_iff_congested"),
    // The kernel spells it so.
    ("mm_vmscan_throttled", "usect_delayed=", 0.001, "throttled"),
];

/// Threads of the kernel that reclaim and compact memory.
const WORKERS: [&str; 3] = ["kswapd", "kcompactd", "khugepaged"];

/// A trace in which more tasks are held up at once is none.
const MOST_TASKS: usize = 100_000;

/// The kernel's number of movable pages, since 4.1.
const MOVABLE: f64 = 1.0;

/// Who is held up since when.
#[derive(Default)]
pub(super) struct Stalls {
    since: HashMap<(&'static str, u32), f64>,
}

impl Stalls {
    /// Takes an event that came `now` seconds after the first.
    pub fn take(
        &mut self,
        at: (&Text, u64),
        now: f64,
        event: &Event,
        counts: &mut Counts,
        out: &mut Parsed,
    ) {
        let kind = stem(event.task);
        let who = if WORKERS.contains(&kind) { [kind, "-"] } else { ["", ""] };
        if let Some((_, _, stall)) = PAIRS.iter().find(|(begin, ..)| *begin == event.name) {
            self.begin(stall, event);
        } else if let Some((_, _, stall)) = PAIRS.iter().find(|(_, end, _)| *end == event.name) {
            if let Some(milliseconds) = self.end(stall, event) {
                tell(at, now, (who, stall), milliseconds, counts, out);
            }
        } else if let Some((_, field, unit, stall)) = WAITS.iter().find(|w| w.0 == event.name) {
            match figure(event, field) {
                // Whoever had nothing to wait for is told with 0, or with a debt below it.
                Some(wait) if wait > 0.0 => tell(at, now, (who, stall), wait * unit, counts, out),
                Some(_) => {}
                None => out.missing_in(at, event.details, field),
            }
        }
        self.count(at, event, who, counts, out);
    }

    fn begin(&mut self, what: &'static str, event: &Event) {
        if self.since.len() < MOST_TASKS {
            self.since.insert((what, event.pid), event.stamp);
        }
    }

    /// Milliseconds since the task began with it; `None` where the trace does not have the beginning.
    fn end(&mut self, what: &'static str, event: &Event) -> Option<f64> {
        let since = self.since.remove(&(what, event.pid))?;
        Some(f64::max(event.stamp - since, 0.0) * 1000.0)
    }

    /// What else an event counts.
    fn count(
        &mut self,
        at: (&Text, u64),
        event: &Event,
        [who, hyphen]: [&str; 2],
        counts: &mut Counts,
        out: &mut Parsed,
    ) {
        let field = |name: &str| figure(event, name);
        let is_same = |a: &str, b: &str| field(a).zip(field(b)).is_some_and(|(a, b)| a == b);
        match event.name {
            "mm_vmscan_kswapd_wake" => {
                self.since.entry(("awake", event.pid)).or_insert(event.stamp);
            }
            "mm_vmscan_kswapd_sleep" => {
                if let Some(milliseconds) = self.end("awake", event) {
                    counts.add(at, &["kswapd-awake"], milliseconds, out);
                }
            }
            "mm_vmscan_lru_shrink_inactive" => {
                let is_anon = event.details.contains("RECLAIM_WB_ANON");
                let pages = if is_anon { "-anon" } else { "-file" };
                for (of, name) in
                    [("nr_scanned=", "lru_scanned"), ("nr_reclaimed=", "lru_reclaimed")]
                {
                    if let Some(count) = field(of).filter(|count| *count > 0.0) {
                        counts.add(at, &[who, hyphen, name, pages], count, out);
                    }
                }
            }
            "mm_shrink_slab_end" => {
                let freed = event.details.rsplit_once("return val ").and_then(|(_, n)| number(n));
                if let Some(freed) = freed.filter(|freed| *freed > 0.0) {
                    counts.add(at, &[who, hyphen, "slab_reclaimed"], freed, out);
                }
            }
            "mm_page_alloc_extfrag" => {
                let is_unmovable = field("alloc_migratetype=") == Some(0.0);
                let among_movable = field("fallback_migratetype=") == Some(MOVABLE);
                for (holds, end) in [
                    (field("fragmenting=").is_some_and(|value| value != 0.0), "-fragmenting"),
                    (is_unmovable, "-unmovable"),
                    (is_unmovable && among_movable, "-unmovable-among-movable"),
                ] {
                    if holds {
                        counts.add(at, &[event.name, end], 1.0, out);
                    }
                }
            }
            "sched_swap_numa" => {
                if is_same("src_nid=", "dst_nid=") {
                    counts.add(at, &[event.name, "-local"], 1.0, out);
                }
                if is_same("src_ngid=", "dst_ngid=") && field("src_ngid=") != Some(0.0) {
                    counts.add(at, &[event.name, "-group"], 1.0, out);
                }
            }
            "sched_stick_numa" => {
                let reason = match (field("dst_cpu="), field("dst_pid=")) {
                    (Some(-1.0), _) => "-no-cpu",
                    (_, Some(0.0)) => "-idle-cpu",
                    _ => "-swap",
                };
                counts.add(at, &[event.name, reason], 1.0, out);
            }
            "mm_migrate_misplaced_pages" => {
                let Some(pages) = field("nr_pages=") else { return };
                for (of, direction) in [("src_nid=", "-from-node"), ("dst_nid=", "-to-node")] {
                    let mut nodes = words(event.details).filter_map(|word| after(word, of));
                    if let Some(node) = nodes.next().filter(|node| node.parse::<u16>().is_ok()) {
                        counts.add(at, &["misplaced_pages", direction, node], pages, out);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A stall, as a sample and in the sum of all.
fn tell(
    at: (&Text, u64),
    now: f64,
    ([who, hyphen], stall): ([&str; 2], &str),
    milliseconds: f64,
    counts: &mut Counts,
    out: &mut Parsed,
) {
    out.add_joined(at, &[who, hyphen, stall, "-stall"], now, milliseconds);
    counts.add(at, &[who, hyphen, stall, "-stalled"], milliseconds, out);
}

/// The number behind `name=`.
fn figure(event: &Event, name: &str) -> Option<f64> {
    words(event.details).find_map(|word| after(word, name)).and_then(number)
}
