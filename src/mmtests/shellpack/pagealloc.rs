//! Page allocator microbenchmark in SystemTap; MMTests had it until 2025.
//!
//! `pagealloc.log`: 15 lines like `order  0 batch      1 alloc 459 free 286` for each order and
//! batch size.

use std::collections::HashMap;

use super::words::{Words, after, number, shorten, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Processor cycles for allocating and freeing pages, by order and batch size.
pub const PAGEALLOC: Shellpack = Shellpack {
    name: "pagealloc",
    aliases: &[],
    title: "Page allocator",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "cycles")],
    parse,
};

/// MMTests drops this many samples of each batch size as warm-up, over all orders.
const WARM_UP: u32 = 2;

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "pagealloc.log") else { return };
    let mut seen: HashMap<&str, u32> = HashMap::new();
    // Lines of an order and batch size follow one another.
    let mut last = ("", "");
    let (mut samples, mut ids) = (0, None);
    for (line, content) in text.lines() {
        let Some((order, batch, [alloc, free])) = columns(content) else {
            out.complain((&text, line), format!("not a result: \"{}\"", shorten(content)));
            continue;
        };
        if last != (order, batch) {
            seen.insert(last.1, samples);
            samples = seen.get(batch).copied().unwrap_or(0);
            (last, ids) = ((order, batch), None);
        }
        samples += 1;
        let Some(interval) = samples.checked_sub(WARM_UP + 1) else { continue };
        let named = |metric| out.samples.joined(&[metric, "-odr", order, "-", batch]);
        let ids = *ids.get_or_insert_with(|| ["alloc", "free", "total"].map(named));
        for (id, cycles) in ids.into_iter().zip([alloc, free, alloc + free]) {
            out.add_to((&text, line), id, interval.into(), cycles);
        }
    }
}

/// Order, batch size, and the cycles of an allocation and of freeing.
fn columns(line: &str) -> Option<(&str, &str, [f64; 2])> {
    let words = &mut words(line);
    let (order, batch) = (behind("order", words)?, behind("batch", words)?);
    Some((order, batch, [number(behind("alloc", words)?)?, number(behind("free", words)?)?]))
}

/// The word behind this one, if that is the next.
#[inline(always)]
fn behind<'l>(name: &str, words: &mut Words<'l>) -> Option<&'l str> {
    after(words.next()?, name)?.is_empty().then(|| words.next())?
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    #[test]
    fn the_first_two_of_a_batch_size_are_warm_up() {
        let log = "order  0 batch      1 alloc 900 free 800\norder  0 batch      1 alloc 700 free 600\n\
                   order  0 batch      1 alloc 459 free 286\norder  1 batch      1 alloc 500 free 300\n\
                   Failed to allocate space to store page pointers\n";
        let out = parse("pagealloc", &[("pagealloc.log", log)]);
        let expected = [
            ("alloc-odr0-1", 0.0, 459.0),
            ("free-odr0-1", 0.0, 286.0),
            ("total-odr0-1", 0.0, 745.0),
            ("alloc-odr1-1", 1.0, 500.0),
            ("free-odr1-1", 1.0, 300.0),
            ("total-odr1-1", 1.0, 800.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(5));
    }
}
