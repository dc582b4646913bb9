//! Badges: a small SVG that says how many regressions are open, for pages elsewhere.

use serde::Serialize;

use super::alerts::{Line, Section};
use super::templates::Place;
use super::{Output, Site, SiteError, format};

const LABEL: &str = "kernel performance";
/// About the width of a character, in tenths of a pixel; the text is fitted to it.
const CHARACTER: usize = 64;
/// Left and right of a text.
const MARGIN: usize = 6;

#[derive(Serialize)]
struct Badge {
    label: &'static str,
    label_width: usize,
    value: String,
    value_width: usize,
    margin: usize,
    open: bool,
}

/// Writes the badge of these alerts.
pub fn write<'s>(
    site: &Site,
    path: String,
    alerts: impl Iterator<Item = &'s Line>,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let open = alerts.filter(|line| line.section == Section::There).count();
    let value = match open {
        0 => "no open regression".to_owned(),
        open => format::counted(open, "open regression"),
    };
    let width = |text: &str| text.chars().count() * CHARACTER / 10;
    let badge = Badge {
        label: LABEL,
        label_width: width(LABEL),
        value_width: width(&value),
        value,
        margin: MARGIN,
        open: open > 0,
    };
    let place = Place { path, title: LABEL.to_owned(), crumbs: Vec::new(), data: None };
    site.write("badge.svg", &place, &badge, out)
}
