//! Which page shows which words.

use std::collections::HashMap;

use super::catalogue::Catalogue;
use super::help::markdown;
use super::names::{benchmark_page, kernel_page, machine_page};
use crate::notes::words::{About, Words};

/// The words as HTML by path of the page that shows them: those on a config stand on the comparisons
/// of all machines.
pub fn by_page(words: &Words, catalogue: &Catalogue) -> HashMap<String, String> {
    let mut pages = HashMap::new();
    for ((about, name), text) in &words.texts {
        let html = markdown(text);
        let page = match about {
            About::Front => "index.html".to_owned(),
            About::Kernel => kernel_page(name),
            About::Machine => machine_page(name),
            About::Benchmark => benchmark_page(name),
            About::Config => {
                let of = catalogue.shelves.iter().filter(|s| s.comparison.config == *name);
                pages.extend(of.map(|shelf| (shelf.page(), html.clone())));
                continue;
            }
        };
        pages.insert(page, html);
    }
    pages
}
