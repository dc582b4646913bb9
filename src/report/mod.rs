//! A comparison as text, Markdown, HTML, CSV or JSON: one file a format.

pub mod alerts;
mod csv;
mod html;
mod json;
mod markdown;
mod table;
mod text;

use thiserror::Error;

pub use table::{Detail, symbol};

use crate::analysis::Comparison;

/// What a comparison can be printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns, as MMTests prints them.
    Text,
    /// Tables for mails and trackers that render Markdown.
    Markdown,
    /// A page of its own.
    Html,
    /// One line a figure, for other programs.
    Csv,
    /// Everything, for other programs.
    Json,
}

/// What is printed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Ratios instead of figures.
    pub ratio: bool,
    /// Which figures.
    pub detail: Detail,
    /// Whether text may have colours.
    pub colour: bool,
}

/// A comparison could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// CSV.
    #[error("CSV: {0}")]
    Csv(#[from] ::csv::Error),
    /// JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The page.
    #[error("HTML: {0}")]
    Html(#[from] tera::Error),
}

/// Comparisons in a format.
pub fn render(
    format: Format,
    comparisons: &[Comparison],
    options: Options,
) -> Result<String, ReportError> {
    match format {
        Format::Text => Ok(text::render(comparisons, options)),
        Format::Markdown => Ok(markdown::render(comparisons, options)),
        Format::Html => html::render(comparisons, options),
        Format::Csv => csv::render(comparisons, options),
        Format::Json => json::render(comparisons),
    }
}
