//! Everything a comparison holds, as JSON.

use super::ReportError;
use crate::analysis::Comparison;

pub fn render(comparisons: &[Comparison]) -> Result<String, ReportError> {
    let mut json = serde_json::to_string_pretty(comparisons)?;
    json.push('\n');
    Ok(json)
}
