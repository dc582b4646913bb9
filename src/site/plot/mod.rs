//! Plots as SVG that takes its colours from the style sheet of the page.

mod bisect;
mod boxes;
mod canvas;
mod courses;
mod joined;
mod kernel_axis;
mod sparkline;
mod tracks;
mod value_axis;

use serde::Serialize;

pub use bisect::bisect;
pub use boxes::boxes;
pub use canvas::Ink;
pub use courses::courses;
pub use sparkline::{Sparkline, sparkline};
pub use tracks::{Shape, tracks};

/// A drawing, to be put into a page.
#[derive(Clone, Debug, Serialize)]
pub struct Plot {
    /// Extent of its coordinates: half of it in pixels.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// What it shows, in words.
    pub label: String,
    /// Elements of the SVG, safe to be put into a page as they are.
    pub body: String,
    /// Where in it there is something to click on.
    pub hits: Vec<Hit>,
}

impl Plot {
    /// `true` if it needs all the width of a page.
    pub fn is_broad(&self) -> bool {
        self.width > tracks::MIDDLE
    }
}

/// A part of a plot that leads somewhere: a rectangle from top to bottom.
#[derive(Clone, Debug, Serialize)]
pub struct Hit {
    /// Left, top, width and height.
    pub at: [i32; 4],
    /// Where it leads, relative to the site's root.
    pub href: String,
    /// What it says.
    pub title: String,
}

/// What the plots of one operation have in common.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'t> {
    /// Name of the operation.
    pub operation: &'t str,
    /// Unit of the values.
    pub unit: &'t str,
    /// Names of the kernels, in order.
    pub kernels: &'t [&'t str],
}
