//! A machine: what ran there, what is open, and what it is.

use serde::Serialize;

use super::beside;
use super::home::{self, Covered};
use crate::site::alerts::Section;
use crate::site::catalogue::Shelf;
use crate::site::coverage::Grid;
use crate::site::machines::{Held, known_facts};
use crate::site::names::machine_page;
use crate::site::{Output, Site, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    machine: &'s str,
    kernels: &'s [&'s str],
    comparisons: Vec<Covered<'s>>,
    facts: Vec<Fact<'s>>,
    open_alerts: Vec<&'s str>,
}

#[derive(Serialize)]
struct Fact<'s> {
    name: &'s str,
    values: Vec<Held<'s>>,
}

/// Writes it.
pub fn write(
    site: &Site,
    machine: &str,
    (shelves, grid): (&[&Shelf], &Grid),
    out: &dyn Output,
) -> Result<(), SiteError> {
    let open = site.catalogue.alerts.iter().filter(|line| {
        line.place.0 == machine && matches!(line.section, Section::There | Section::Better)
    });
    let facts = known_facts(shelves).into_iter();
    let data = Data {
        machine,
        kernels: &grid.kernels,
        comparisons: home::covered(shelves, grid),
        facts: facts.map(|(name, values)| Fact { name, values }).collect(),
        open_alerts: open.map(|line| line.id.as_str()).collect(),
    };
    super::write(&beside(&machine_page(machine)), "machine", &data, out)
}
