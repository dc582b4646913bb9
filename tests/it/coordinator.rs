//! The coordinator: from a tag that somebody pushes to a mail that somebody reads.

mod begun;
mod bisected;
mod bob;
mod builders;
mod http;
mod killed;
mod real;
mod rerun;
mod simulated;
mod whole;
