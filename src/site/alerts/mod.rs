//! Alerts on pages: the list, a page for each, and feeds for other programs.

mod failing;
mod feeds;
mod line;
mod list;
mod mail;
mod page;
mod suspects;

pub use failing::FailedLine;
pub use feeds::{About, write as write_feeds, write_feed};
pub use line::{Line, Section};
pub use list::write as write_list;
pub use page::write_all;
pub use suspects::Suspect;

/// Path of the list.
pub const LIST: &str = "alerts.html";

/// Path of the page of an alert.
pub fn page_of(id: &str) -> String {
    format!("alert/{}.html", super::slug(id))
}
