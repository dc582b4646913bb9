//! The coordinator over HTTP: the site, pages of jobs, metrics, and an API for those who have a token.
//!
//! A thread for each connection, and not many of them; one request each; limits on everything that comes
//! in. There are no cookies, so that no other page can act in a reader's name.

mod answer;
mod api;
mod files;
mod limits;
mod listen;
mod metrics;
mod pages;
mod request;
mod route;
pub mod tokens;

pub use listen::serve;
