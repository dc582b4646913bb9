//! Everything that could not be read.

use serde::Serialize;

use crate::model::Problem;
use crate::site::{Output, Site, SiteError};

#[derive(Serialize)]
struct Data<'s> {
    problems: &'s [&'s Problem],
}

/// Writes it.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let data = Data { problems: &site.catalogue.problems };
    super::write("problems.json", "problems", &data, out)
}
