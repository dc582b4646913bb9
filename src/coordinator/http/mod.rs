//! The coordinator over HTTP: the site, pages of jobs, metrics, and an API for those who have a token.
//!
//! What is answered is decided by functions that block and know nothing of the server. There are no
//! cookies, so that no other page can act in a reader's name; the forms want a token, and proof that it is
//! ours.

mod answer;
mod api;
mod bisects;
mod builds;
mod csrf;
mod form;
mod git;
mod limits;
mod listen;
mod metrics;
mod missing;
mod pages;
mod request;
mod route;
pub mod tokens;

pub use listen::serve;
