//! What looks changed but rests on a single iteration of the newest kernel: to be run again.

use serde::Serialize;

use super::line::{mark, size_interval};
use crate::analysis::alerts::{JudgedSeries, Standing, Turn, standing};
use crate::analysis::changes::ChangeComparison;
use crate::site::Site;
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
    class: &'static str,
    mark: String,
    interval: String,
}

/// All suspects, in the order of machine, config, benchmark and kernel.
pub fn suspects(site: &Site) -> Vec<Suspect> {
    let judged = site.catalogue.judged;
    let mut found = Vec::new();
    for group in judged.series.chunk_by(|a, b| a.key.of == b.key.of) {
        let looks = |(_, c): &(&JudgedSeries, &ChangeComparison)| {
            matches!(standing(c), Some(Standing::Suspect { .. }))
        };
        let mut all: Vec<(&JudgedSeries, &ChangeComparison)> = group
            .iter()
            .flat_map(|series| series.verdicts.comparisons.iter().map(move |c| (series, c)))
            .filter(looks)
            .collect();
        all.sort_by(|(_, a), (_, b)| {
            a.kernel.cmp(&b.kernel).then_with(|| b.effect.abs().total_cmp(&a.effect.abs()))
        });
        for together in all.chunk_by(|(_, a), (_, b)| a.kernel == b.kernel) {
            let Some((series, worst)) = together.first() else { continue };
            let of = &series.key.of;
            let effect = series.effect(worst);
            let turn = if effect.is_worse() { Turn::Regression } else { Turn::Improvement };
            let folder = comparison_folder(&of.place.machine, &of.place.config);
            let href = format!("{folder}/index.html#{}", anchor(&of.benchmark));
            found.push(Suspect {
                benchmark: Link::new(of.benchmark.clone(), href),
                place: format!("{} · {}", named(&of.place.machine), named(&of.place.config)),
                kernel: judged.name(worst.kernel).to_owned(),
                last_good: worst.parent.map_or("", |parent| judged.name(parent)).to_owned(),
                operation: series.key.operation.clone(),
                moved: format!(
                    "{} of {}",
                    format::count(together.len()),
                    format::counted(group.len(), "operation")
                ),
                class: super::line::sign(turn).0,
                mark: mark(turn, &effect),
                interval: size_interval(&effect),
            });
        }
    }
    found
}
