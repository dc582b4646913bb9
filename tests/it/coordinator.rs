//! The coordinator: from a tag that somebody pushes to a mail that somebody reads.

mod begun;
mod bisected;
mod bob;
mod booted;
mod builders;
mod fuzzed;
mod http;
mod killed;
mod load;
mod missing;
mod real;
mod rerun;
mod simulated;
mod units;
mod whole;
