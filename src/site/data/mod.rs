//! What pages show, for other programs: JSON beside each page that holds data. `schema.json`, which is
//! part of every site, is the one place that says what is in it.

pub mod alert;
pub mod benchmark;
pub mod bisect;
pub mod comparison;
pub mod histories;
pub mod home;
pub mod kernel;
pub mod machine;
pub mod monitors;
pub mod problems;
pub mod runs;

use serde::Serialize;

use super::templates::root_of;
use super::{Output, Site, SiteError};

/// Path of the schema.
const SCHEMA: &str = "schema.json";
/// A JSON Schema (draft 2020-12) with a definition for each kind of file.
const SCHEMA_TEXT: &str = include_str!("schema.json");

/// A file, and which part of the schema it is of.
#[derive(Serialize)]
struct Document<'d, T> {
    #[serde(rename = "$schema")]
    schema: String,
    #[serde(flatten)]
    data: &'d T,
}

/// Writes the schema.
pub fn write_schema(_: &Site, out: &dyn Output) -> Result<(), SiteError> {
    out.write(SCHEMA, SCHEMA_TEXT.as_bytes())
}

/// Writes data of a kind, which is a definition of the schema.
pub fn write(
    path: &str,
    kind: &str,
    data: &impl Serialize,
    out: &dyn Output,
) -> Result<(), SiteError> {
    let schema = format!("{}{SCHEMA}#/$defs/{kind}", root_of(path));
    out.write(path, (json(&Document { schema, data })? + "\n").as_bytes())
}

/// JSON without markup in it, whatever names there are: a server, or a browser, may take it for a page.
pub fn json(value: &impl Serialize) -> Result<String, SiteError> {
    let json = serde_json::to_string(value).map_err(failed)?;
    // Outside of strings there is no such character.
    Ok(json.replace('<', "\\u003c"))
}

fn failed(error: serde_json::Error) -> SiteError {
    SiteError::Key(error.to_string())
}

/// Path of the data of a page.
pub fn beside(page: &str) -> String {
    format!("{}.json", page.strip_suffix(".html").unwrap_or(page))
}
