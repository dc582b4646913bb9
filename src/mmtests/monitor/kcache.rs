//! How often slabs were allocated and freed, as SystemTap counted it: in all (`kcache`), and by the name of
//! the slab (`kcache-slabs`), a second.

use super::Clock;
use super::snapshots::Snapshots;
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, number, words};

/// Reads either.
pub(super) fn kcache(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut rates = Snapshots::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            rates.look(line, clock.now);
            continue;
        }
        let Some(rest) = after(content.trim_ascii_start(), "total ") else { continue };
        let words: Vec<&str> = words(rest).take(5).collect();
        let kind = match words.first() {
            Some(&("kmem_cache_allocs" | "kmallocs")) => "allocs",
            Some(&("kmem_cache_frees" | "kfrees")) => "frees",
            _ => continue,
        };
        let rate = words.last().and_then(|word| number(word.strip_suffix("/sec")?));
        match (rate, words.as_slice()) {
            (Some(rate), [_, _, _]) => rates.add(&[kind], rate),
            (Some(rate), [_, slab, _, _]) => rates.add(&[slab, "-", kind], rate),
            _ => out.missing_in((text, line), content, "rate"),
        }
    }
    rates.finish(text, out);
}
