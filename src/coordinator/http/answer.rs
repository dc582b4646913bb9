//! Answers.

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Kind of what it holds.
    pub content_type: &'static str,
    /// More lines of its head.
    pub headers: Vec<(&'static str, String)>,
    /// What it holds.
    pub body: String,
}

impl Answer {
    /// Some text.
    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Answer {
        Answer { status, content_type, headers: Vec::new(), body: text.into() }
    }

    /// A page. Nothing in it is run, and its form goes nowhere else.
    pub fn page(text: String) -> Answer {
        let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
        Answer::text(200, "text/html; charset=utf-8", text).with("Content-Security-Policy", policy)
    }

    /// JSON. What is answered has texts for keys, so that it can be written.
    pub fn json(status: u16, value: &impl serde::Serialize) -> Answer {
        let text = serde_json::to_string(value).unwrap_or_default();
        Answer::text(status, "application/json", text + "\n")
    }

    /// Why not, as JSON.
    pub fn refused(status: u16, why: &str) -> Answer {
        Answer::json(status, &serde_json::json!({ "error": why }))
    }

    /// The same, with another line in its head.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}
