//! Answers.

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Kind of what it holds.
    pub content_type: &'static str,
    /// Another line of its head.
    pub header: Option<(&'static str, &'static str)>,
    /// What it holds.
    pub body: String,
}

impl Answer {
    /// Some text.
    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Answer {
        Answer { status, content_type, header: None, body: text.into() }
    }

    /// A page.
    pub fn page(text: String) -> Answer {
        Answer::text(200, "text/html; charset=utf-8", text)
    }

    /// JSON.
    pub fn json(status: u16, value: &serde_json::Value) -> Answer {
        Answer::text(status, "application/json", value.to_string() + "\n")
    }

    /// Why not, as JSON.
    pub fn refused(status: u16, why: &str) -> Answer {
        Answer::json(status, &serde_json::json!({ "error": why }))
    }

    /// The same, with another line in its head.
    pub fn with(self, name: &'static str, value: &'static str) -> Answer {
        Answer { header: Some((name, value)), ..self }
    }
}
