//! What people are told.

use serde::{Deserialize, Serialize};

/// Whether a problem begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody should look.
    Opened,
    /// Nobody has to any more.
    Closed,
}

/// One thing that people are told about one problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Names the problem: what is told of it later belongs to the same thread.
    pub problem: String,
    /// Begin or end.
    pub kind: Kind,
    /// When.
    pub time: String,
    /// A line.
    pub subject: String,
    /// The text, with what melbot did about it.
    pub body: String,
}

impl Message {
    /// Name of its file: each is told once.
    pub(super) fn file(&self) -> String {
        let kind = match self.kind {
            Kind::Opened => "opened",
            Kind::Closed => "closed",
        };
        let hash = blake3::hash(format!("{} {kind}", self.problem).as_bytes());
        format!("{}.json", &hash.to_hex()[..24])
    }
}

/// Joins the mails of a problem: the name of this mail, or of the one that it answers.
pub(super) enum Thread {
    /// It is the first.
    Is(String),
    /// It answers the first.
    Answers(String),
}

/// The thread of a mail that tells all of these; one of several problems is in none.
pub(super) fn thread(messages: &[Message]) -> Option<Thread> {
    let [only] = messages else { return None };
    let hash = blake3::hash(only.problem.as_bytes());
    let id = format!("<{}@melbot.invalid>", &hash.to_hex()[..24]);
    Some(match only.kind {
        Kind::Opened => Thread::Is(id),
        Kind::Closed => Thread::Answers(id),
    })
}

/// Subject and text of one mail that tells all of these.
pub(super) fn letter(messages: &[Message]) -> (String, String) {
    match messages {
        [only] => (plain_line(&only.subject), only.body.clone()),
        all => {
            let mut body = format!("{} problems of the lab:\n\n", all.len());
            for message in all {
                body += &format!("* {} {}\n", message.time, message.subject);
            }
            for message in all {
                body += &format!("\n-- {}\n\n{}", message.subject, message.body);
            }
            (format!("[melbot] {} problems of the lab", all.len()), body)
        }
    }
}

/// A head of a mail must not become two.
fn plain_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
