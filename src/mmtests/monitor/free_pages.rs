//! Monitors of the page allocator: what is free, by zone, size of the blocks, and kind of pages.

use super::Clock;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, Words, after, halves, number, words};
use crate::model::{OperationId, Places};

/// More kinds of pages than any kernel has.
const MOST_KINDS: usize = 32;

/// Node, zone, and what follows them in `Node 0, zone    DMA32   6674 5835 …`.
#[inline]
fn zone(content: &str) -> Option<(&str, &str, Words<'_>)> {
    let (node, rest) = halves(after(content, "Node ")?, b',')?;
    let mut words = words(after(rest, " zone ")?);
    Some((node.trim_ascii_start(), words.next()?, words))
}

/// More orders of blocks than any kernel has.
const MOST_ORDERS: usize = 32;

/// `/proc/buddyinfo`: free blocks of each order in each zone, `Node0-DMA32-order3`.
pub(super) fn buddyinfo(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut zones = Places::default();
    // Looking a series up takes longer than reading its figure.
    let mut series: Vec<Vec<OperationId>> = Vec::new();
    for (line, content) in text.lines() {
        if clock.set(content, out) || content.trim_ascii().is_empty() {
            continue;
        }
        let Some((node, zone, blocks)) = zone(content) else {
            out.missing_in((text, line), content, "zone");
            continue;
        };
        let place = zones.of_joined(&["Node", node, "-", zone, "-order"]);
        series.resize_with(zones.count(), Vec::new);
        let Some(series) = series.get_mut(place) else { continue };
        let (mut rest, mut order) = (blocks.rest().trim_ascii_end(), 0);
        while order < MOST_ORDERS && !rest.is_empty() {
            let Some((blocks, behind)) = whole(rest) else {
                out.missing_in((text, line), content, "number of blocks");
                break;
            };
            if order == series.len() {
                let name = ["Node", node, "-", zone, "-order", &order.to_string()];
                series.push(out.samples.joined(&name));
            }
            out.add_to((text, line), series[order], clock.now, blocks);
            (rest, order) = (behind, order + 1);
        }
    }
}

/// The whole number behind some blanks, and what follows it. Lines of nothing else are not worth to be looked at twice,
/// for words and then for numbers.
#[inline]
fn whole(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let (mut at, mut value, mut digits) = (0, 0_u64, 0);
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        (at, digits) = (at + 1, digits + 1);
    }
    let ends = bytes.get(at).is_none_or(|byte| *byte == b' ');
    ((1..=15).contains(&digits) && ends).then(|| (value as f64, text.get(at..).unwrap_or_default()))
}

/// `/proc/pagetypeinfo`: free pages of each kind in each zone, `Node0-DMA32-Movable-free`, and blocks that
/// are for pages of that kind, `Node0-DMA32-Movable-blocks`.
pub(super) fn pagetypeinfo(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut kinds: Vec<&str> = Vec::new();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            continue;
        }
        let Some((node, zone, mut rest)) = zone(content) else {
            let kinds_of_blocks = content.strip_prefix("Number of blocks type");
            kinds = kinds_of_blocks.map_or_else(Vec::new, |k| words(k).take(MOST_KINDS).collect());
            continue;
        };
        if let Some((zone, "")) = halves(zone, b',') {
            let kind = rest.nth(1).unwrap_or_default();
            match free_pages(rest) {
                Some(pages) if !kind.is_empty() => {
                    let name = ["Node", node, "-", zone, "-", kind, "-free"];
                    out.add_joined((text, line), &name, clock.now, pages);
                }
                _ => out.missing_in((text, line), content, "number of blocks"),
            }
            continue;
        }
        for (kind, blocks) in kinds.iter().zip(rest) {
            match number(blocks) {
                Some(blocks) => {
                    let name = ["Node", node, "-", zone, "-", kind, "-blocks"];
                    out.add_joined((text, line), &name, clock.now, blocks);
                }
                None => out.missing_in((text, line), content, "number of blocks"),
            }
        }
    }
}

/// The pages in free blocks of order 0, 1, and so on. The kernel stops counting at `>100000` blocks of an
/// order: there are at least so many.
fn free_pages(blocks: Words<'_>) -> Option<f64> {
    let (mut pages, mut size) = (None, 1.0);
    for blocks in blocks.take(MOST_ORDERS) {
        let blocks = number(after(blocks, ">").unwrap_or(blocks))?;
        *pages.get_or_insert(0.0) += blocks * size;
        size *= 2.0;
    }
    pages
}

/// What stands in `/proc/zoneinfo` below `pages free` and tells what the kernel is about to do.
const WATERMARKS: [&str; 4] = ["boost", "min", "low", "high"];

/// `/proc/zoneinfo`: what each node and each zone holds, `Node0-nr_active_file` and `Node0-DMA32-free`. What
/// it tells of single CPUs is left out.
pub(super) fn zoneinfo(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let (mut node, mut of_zone) = ("", "");
    // Whether what follows is told of the whole node, or of no use.
    let (mut of_node, mut skipped) = (false, true);
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            (of_zone, skipped) = ("", true);
            continue;
        }
        if let Some((n, z, _)) = zone(content) {
            (node, of_zone, of_node, skipped) = (n, z, false, false);
            continue;
        }
        let mut row = words(content);
        let name = match row.next() {
            Some("per-node") => {
                of_node = true;
                continue;
            }
            Some("pagesets") => {
                skipped = true;
                continue;
            }
            Some("pages") => {
                of_node = false;
                row.next().unwrap_or_default()
            }
            Some(name) => name,
            None => continue,
        };
        let is_counted = name.contains('_') && !name.ends_with(':');
        if skipped || !(is_counted || name == "free" || WATERMARKS.contains(&name)) {
            continue;
        }
        match row.next().and_then(number) {
            Some(value) if of_node => {
                out.add_joined((text, line), &["Node", node, "-", name], clock.now, value);
            }
            Some(value) => {
                let name = ["Node", node, "-", of_zone, "-", name];
                out.add_joined((text, line), &name, clock.now, value);
            }
            None => out.missing_in((text, line), content, "figure"),
        }
    }
}
