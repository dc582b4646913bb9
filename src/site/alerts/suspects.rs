//! What looks changed but rests on a single iteration: to be run again.

use serde::Serialize;

use super::line::{mark, size_interval};
use crate::analysis::alerts::Unconfirmed;
use crate::site::catalogue::named;
use crate::site::format;
use crate::site::names::comparison_folder;
use crate::site::story::anchor;
use crate::site::templates::Link;

/// Operations of one benchmark that look changed in one kernel.
#[derive(Debug, Serialize)]
pub struct Suspect {
    benchmark: Link,
    place: String,
    kernel: String,
    last_good: String,
    operation: String,
    moved: String,
    mark: String,
    interval: String,
    again: String,
}

impl Suspect {
    /// Words for it.
    pub fn new(found: &Unconfirmed) -> Self {
        let place = &found.of.place;
        let folder = comparison_folder(&place.machine, &place.config);
        let href = format!("{folder}/index.html#{}", anchor(&found.of.benchmark));
        Self {
            benchmark: Link::new(found.of.benchmark.clone(), href),
            place: format!("{} · {}", named(&place.machine), named(&place.config)),
            kernel: found.window.first_bad.clone(),
            last_good: found.window.last_good.clone(),
            operation: found.operations.first().cloned().unwrap_or_default(),
            moved: format!(
                "{} of {}",
                format::count(found.operations.len()),
                format::counted(found.of_operations, "operation")
            ),
            mark: mark(found.turn, &found.effect),
            interval: size_interval(&found.effect),
            again: found.again.join(" and "),
        }
    }
}
