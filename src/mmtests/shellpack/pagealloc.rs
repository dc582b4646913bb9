//! Page allocator microbenchmark in SystemTap; MMTests had it until 2025.
//!
//! `pagealloc.log`: 15 lines like `order  0 batch      1 alloc 459 free 286` for each order and
//! batch size.

use std::collections::HashMap;

use super::words::{number, shorten};
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
    // Lines of a batch size follow one another.
    let (mut last, mut samples) = ("", 0);
    for (line, content) in text.lines() {
        let Some((order, batch, [alloc, free])) = columns(content) else {
            out.complain((&text, line), format!("not a result: \"{}\"", shorten(content)));
            continue;
        };
        if batch != last {
            seen.insert(last, samples);
            (last, samples) = (batch, seen.get(batch).copied().unwrap_or(0));
        }
        samples += 1;
        let Some(interval) = samples.checked_sub(WARM_UP + 1) else { continue };
        for (metric, cycles) in [("alloc", alloc), ("free", free), ("total", alloc + free)] {
            let operation = [metric, "-odr", order, "-", batch];
            out.add_joined((&text, line), &operation, interval.into(), cycles);
        }
    }
}

/// Order, batch size, and the cycles of an allocation and of freeing.
fn columns(line: &str) -> Option<(&str, &str, [f64; 2])> {
    let mut words = line.split_ascii_whitespace();
    let mut after = |name: &str| (words.next()? == name).then(|| words.next())?;
    let (order, batch) = (after("order")?, after("batch")?);
    Some((order, batch, [number(after("alloc")?)?, number(after("free")?)?]))
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
