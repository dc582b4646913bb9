//! How long a fork takes, and whether the child starts on its parent's node.
//!
//! `saladfork-0.log`: parent's CPU, child's CPU, latency. Which CPU is on which node stands in the
//! iteration's `numactl.txt`.

use super::words::{number, shorten, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::{Logs, Text};
use crate::model::SummaryKind;

/// Latency of forks within and across nodes.
pub const SALADFORK: Shellpack = Shellpack {
    name: "saladfork",
    aliases: &[],
    title: "Latency of fork",
    kind: SummaryKind::Multiops,
    decimals: 2,
    // MMTests has all of them as lower is better, even the share of local forks.
    metrics: &[
        Metric::lower("local_v_total", "fraction"),
        Metric::lower("local", "µs"),
        Metric::lower("remote", "µs"),
    ],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "saladfork-0.log") else { return };
    let nodes = nodes(&source.iteration, out);
    let [mut local, mut remote] = [None, None];
    let mut counts = [0u32; 2];
    for (line, content) in text.lines() {
        let Some((parent, child, latency)) = columns(content) else {
            note_junk(&text, line, content, out);
            continue;
        };
        let id = if nodes.node(parent) == nodes.node(child) {
            counts[0] += 1;
            *local.get_or_insert_with(|| out.samples.ratio_operation("local"))
        } else {
            counts[1] += 1;
            *remote.get_or_insert_with(|| out.samples.operation("remote"))
        };
        out.add_next((&text, line), id, latency);
    }
    let [near, all] = [counts[0], counts[0] + counts[1]].map(f64::from);
    if all > 0.0 {
        out.add((&text, 1), "local_v_total", 1.0, near / all);
    }
}

/// The log starts with a header; anything else without numbers is a problem.
fn note_junk(text: &Text, line: u64, content: &str, out: &mut Parsed) {
    if !content.starts_with("PARENT") && !content.trim().is_empty() {
        out.complain((text, line), format!("not a fork: \"{}\"", shorten(content)));
    }
}

fn columns(line: &str) -> Option<(u32, u32, f64)> {
    let mut words = words(line);
    let (parent, child) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((parent, child, number(words.next()?)?))
}

/// More than any machine has.
const MOST_CPUS: usize = 1 << 16;

/// The node of each CPU.
struct Nodes(Vec<u32>);

impl Nodes {
    fn node(&self, cpu: u32) -> u32 {
        self.0.get(cpu as usize).copied().unwrap_or(0)
    }
}

/// Reads lines like `node 0 cpus: 0 2 4`.
fn nodes(iteration: &Logs, out: &mut Parsed) -> Nodes {
    let mut nodes: Vec<u32> = Vec::new();
    if let Some(text) = out.read(iteration, "numactl.txt") {
        for (_, line) in text.lines_with(" cpus:") {
            let Some((node, cpus)) =
                line.strip_prefix("node ").and_then(|l| l.split_once(" cpus:"))
            else {
                continue;
            };
            let Ok(node) = node.parse::<u32>() else { continue };
            let cpus = words(cpus).filter_map(|cpu| cpu.parse::<usize>().ok());
            for cpu in cpus.filter(|cpu| *cpu < MOST_CPUS) {
                nodes.resize(nodes.len().max(cpu + 1), 0);
                nodes[cpu] = node;
            }
        }
    }
    if nodes.is_empty() {
        out.warn(
            iteration.path(),
            "numactl.txt does not tell the nodes: all forks count as local",
            "install numactl on the test machine",
        );
    }
    Nodes(nodes)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const LOG: &str = "PARENT  CHILD   LATENCY\n000     000     17091\n000     003     6384\n\
                       000     002     5\n003     001     2\n";

    #[test]
    fn local_and_remote_forks() {
        let nodes =
            "available: 2 nodes (0-1)\nnode 0 cpus: 0 2\nnode 0 size: 1 MB\nnode 1 cpus: 1 3\n";
        let out = parse("saladfork", &[("saladfork-0.log", LOG), ("../../numactl.txt", nodes)]);
        let expected = [
            ("local", 1.0, 17091.0),
            ("local", 2.0, 5.0),
            ("local", 3.0, 2.0),
            ("remote", 1.0, 6384.0),
            ("local_v_total", 1.0, 0.75),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn without_nodes_all_is_local_and_told() {
        let out = parse("saladfork", &[("saladfork-0.log", LOG)]);
        assert_eq!(rows(&out).last(), Some(&("local_v_total", 1.0, 1.0)));
        assert_eq!(out.problems.len(), 1);
    }

    #[test]
    fn no_fork_gives_no_share() {
        let out = parse("saladfork", &[("saladfork-0.log", "PARENT  CHILD   LATENCY\nkilled\n")]);
        assert!(out.samples.is_empty());
        assert!(out.problems.iter().any(|problem| problem.line == Some(2)));
    }
}
