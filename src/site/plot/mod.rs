//! Plots as SVG that takes its colours from the style sheet of the page.

mod boxes;
mod canvas;
mod history;
mod kernel_axis;
mod sparkline;
mod tracks;
mod value_axis;

use serde::Serialize;

pub use boxes::boxes;
pub use history::history;
pub use sparkline::{Sparkline, sparkline};
pub use tracks::{History, Panel, Spot, tracks};

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
