//! The coordinator: from a tag that somebody pushes to a mail that somebody reads.

mod bob;
mod killed;
mod whole;
