//! Alerts: all of them, and each by itself with what else moved.

use super::failed;
use crate::analysis::Moved;
use crate::analysis::alerts::{Alert, Failing};
use crate::report;
use crate::site::alerts::page_of;
use crate::site::{Output, Site, SiteError};

/// Writes what `melbot alerts --json` prints.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let data = report::alerts::report(catalogue.report, catalogue.evidence).map_err(failed)?;
    super::write("alerts.json", "alerts", &data, out)
}

/// Writes what `melbot alerts show --json` prints.
pub fn write(alert: &Alert, moved: &Moved, out: &dyn Output) -> Result<(), SiteError> {
    let data = report::alerts::with_moved(alert, moved).map_err(failed)?;
    super::write(&super::beside(&page_of(&alert.id)), "alert", &data, out)
}

/// Writes tests that newly fail.
pub fn write_failing(failing: &Failing, out: &dyn Output) -> Result<(), SiteError> {
    let data = report::alerts::failing(failing).map_err(failed)?;
    super::write(&super::beside(&page_of(&failing.id)), "failing", &data, out)
}
