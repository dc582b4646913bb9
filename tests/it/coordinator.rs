//! The coordinator: from a tag that somebody pushes to a mail that somebody reads.

mod bob;
mod http;
mod killed;
mod whole;
