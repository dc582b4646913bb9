//! Alerts as JSON: the data, and the sentences made from them.

use serde_json::Value;

use crate::analysis::Moved;
use crate::analysis::alerts::{Alert, Evidence, Failing, Report};

/// An alert with its sentences.
pub fn alert(alert: &Alert) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(alert)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("title".to_owned(), alert.title().into());
        fields.insert("sentence".to_owned(), alert.headline().life.sentence().into());
        fields.insert("corroboration".to_owned(), alert.corroboration().into());
        fields.insert("over".to_owned(), alert.is_over().into());
    }
    Ok(value)
}

/// An alert with its sentences, and what else moved.
pub fn with_moved(alert: &Alert, moved: &Moved) -> serde_json::Result<Value> {
    let mut value = self::alert(alert)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("moved".to_owned(), serde_json::to_value(moved)?);
    }
    Ok(value)
}

/// Tests that newly fail, with their sentences.
pub fn failing(failing: &Failing) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(failing)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("title".to_owned(), failing.title().into());
        fields.insert("sentence".to_owned(), failing.sentence().into());
        fields.insert("over".to_owned(), failing.is_over().into());
    }
    Ok(value)
}

/// All of a report, and how often a kernel differs from itself.
pub fn report(report: &Report, evidence: Option<&Evidence>) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(report)?;
    if let Some(fields) = value.as_object_mut() {
        let alerts: Vec<Value> = report.alerts.iter().map(alert).collect::<Result<_, _>>()?;
        fields.insert("alerts".to_owned(), alerts.into());
        let tests: Vec<Value> = report.failing.iter().map(failing).collect::<Result<_, _>>()?;
        fields.insert("failing".to_owned(), tests.into());
        if let Some(evidence) = evidence {
            let mut said = serde_json::to_value(evidence)?;
            if let Some(fields) = said.as_object_mut() {
                fields.insert("sentence".to_owned(), evidence.sentence().into());
            }
            fields.insert("evidence".to_owned(), said);
        }
    }
    Ok(value)
}
