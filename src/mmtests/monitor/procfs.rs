//! Monitors that print files of `/proc` and `/sys` again and again, each time below a line with the time:
//! memory, by node too, network devices, and the scheduler.

use super::Clock;
use super::columns::Table;
use super::snapshots::Snapshots;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, halves, number, number_at, words};

/// `/proc/meminfo`, and what the kernel tells of a block device's writeback: `MemFree:  677692 kB`.
pub(super) fn by_colon(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    for (line, content) in text.lines() {
        if !clock.set(content, out) && !content.trim_ascii().is_empty() {
            add((text, line), clock.now, [""; 3], content, out);
        }
    }
}

/// The same of each node: `Node 0 MemFree:  324260 kB` is `Node0-MemFree`.
pub(super) fn node_meminfo(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    for (line, content) in text.lines() {
        if clock.set(content, out)
            || after(content, "node:").is_some()
            || content.trim_ascii().is_empty()
        {
            continue;
        }
        let rest = after(content.trim_ascii_start(), "Node ");
        match rest.and_then(|rest| halves(rest, b' ')) {
            Some((node, rest)) if node.parse::<u16>().is_ok() => {
                add((text, line), clock.now, ["Node", node, "-"], rest, out);
            }
            _ => out.missing_in((text, line), content, "node"),
        }
    }
}

/// A line `name: value unit`, of what stands in front of it.
fn add(at: (&Text, u64), time: f64, [a, b, c]: [&str; 3], content: &str, out: &mut Parsed) {
    let (name, rest) = halves(content, b':').unwrap_or((content, ""));
    match (name.trim_ascii(), number_at(rest, 0)) {
        (name, Some(value)) if !name.is_empty() => {
            out.add_joined(at, &[a, b, c, name], time, value);
        }
        _ => out.missing_in(at, content, "figure"),
    }
}

/// `numastat` of each node: `numa_hit 5610` below `node: 0` is `Node0-numa_hit`.
pub(super) fn numastat(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut node = "";
    for (line, content) in text.lines() {
        if clock.set(content, out) || content.trim_ascii().is_empty() {
            continue;
        }
        if let Some(name) = after(content, "node:") {
            node = name.trim_ascii();
            continue;
        }
        let (name, value) = halves(content, b' ').unwrap_or((content, ""));
        match number(value.trim_ascii()) {
            Some(value) if !name.is_empty() && !node.is_empty() => {
                out.add_joined((text, line), &["Node", node, "-", name], clock.now, value);
            }
            _ => out.missing_in((text, line), content, "counter"),
        }
    }
}

/// Columns of `/proc/net/dev`, as MMTests names them; the first has the name of the device.
const DEVICE: [&str; 17] = [
    "",
    "rbytes",
    "rpackets",
    "rerrs",
    "rdrop",
    "rfifo",
    "rframe",
    "rcompressed",
    "rmulticast",
    "tbytes",
    "tpackets",
    "terrs",
    "tdrop",
    "tfifo",
    "tcolls",
    "tcarrier",
    "tcompressed",
];

/// `/proc/net/dev` without its header and colons: `eth0-rbytes`.
pub(super) fn net_dev(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut table = Table::default();
    table.begin(&DEVICE, 1);
    let mut row: Vec<&str> = Vec::new();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            continue;
        }
        row.clear();
        row.extend(words(content).take(DEVICE.len() + 1));
        if let Some(device) = row.first() {
            table.add((text, line), clock.now, device, &row, out);
        }
    }
}

/// What stands behind `cpuN` in `/proc/schedstat`; the second is of no use. What comes after the ninth is
/// there only in kernels with patches of MMTests' author.
const SCHEDULER: [&str; 17] = [
    "yld_count",
    "",
    "sched_count",
    "sched_goidle",
    "ttwu_count",
    "ttwu_local",
    "rq_cpu_time",
    "run_delay",
    "pcount",
    "sis_search",
    "sis_domain_search",
    "sis_scanned",
    "sis_failed",
    "sis_recent_hit",
    "sis_recent_miss",
    "sis_core_search",
    "sis_core_miss",
];

/// `/proc/schedstat`, the sum of all CPUs.
pub(super) fn schedstat(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut sums: [Option<f64>; SCHEDULER.len()] = [None; SCHEDULER.len()];
    let mut last = 0;
    for (line, content) in text.lines() {
        last = line;
        let time = clock.now;
        if clock.set(content, out) {
            flush((text, line), time, &mut sums, out);
        } else if after(content, "cpu").is_some() {
            let mut columns = 0;
            for (sum, word) in sums.iter_mut().zip(words(content).skip(1)) {
                let Some(value) = number(word) else { break };
                columns += 1;
                *sum.get_or_insert(0.0) += value;
            }
            if columns < 9 {
                out.missing_in((text, line), content, "full row of counters");
            }
        }
    }
    // Of a look that was cut short the sum lacks CPUs.
    if !out.is_cut {
        flush((text, last), clock.now, &mut sums, out);
    }
}

fn flush(at: (&Text, u64), time: f64, sums: &mut [Option<f64>], out: &mut Parsed) {
    for (name, sum) in SCHEDULER.iter().zip(sums) {
        if let Some(sum) = sum.take().filter(|_| !name.is_empty()) {
            out.add(at, name, time, sum);
        }
    }
}

/// `/proc/slabinfo`: `dentry 2045 2100 192 21 1 : …` is a name, objects in use, objects, and bytes of one. The
/// memory of each kind of objects, and of all.
pub(super) fn slabinfo(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut slabs = Snapshots::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            slabs.look(line, clock.now);
            continue;
        }
        if content.starts_with(['#']) || after(content, "slabinfo - ").is_some() {
            continue;
        }
        let mut row = words(content);
        let Some(name) = row.next() else { continue };
        match (row.nth(1).and_then(number), row.next().and_then(number)) {
            (Some(objects), Some(bytes)) => {
                let memory = objects * bytes / 1024.0;
                if memory > 0.0 {
                    slabs.add(&["all"], memory);
                    slabs.add(&[name], memory);
                }
            }
            _ => out.missing_in((text, line), content, "number of objects"),
        }
    }
    slabs.finish(text, out);
}
