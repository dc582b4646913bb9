//! A search for a commit, as it is now.

use super::beside;
use super::failed;
use crate::site::bisects::page_of;
use crate::site::{Bisect, Output, SiteError};

/// Writes it.
pub fn write(search: &Bisect, out: &dyn Output) -> Result<(), SiteError> {
    let Bisect { name, account, .. } = search;
    let mut data = serde_json::to_value(account).map_err(failed)?;
    if let Some(fields) = data.as_object_mut() {
        fields.insert("name".to_owned(), name.as_str().into());
        fields.insert("verdict".to_owned(), account.verdict().into());
        // Its name alone: where the notes lie is nobody's business.
        let alert = account.alert.as_ref().map(|alert| alert.id.as_str());
        fields.insert("alert".to_owned(), alert.into());
    }
    super::write(&beside(&page_of(name)), "bisect", &data, out)
}
