//! The integration tests, in one binary because each one links everything.
//!
//! They know melbot only by its command line, but for two things that a client does in between: moving
//! files and renewing leases.

mod alerts;
mod benchmarks;
mod bisect;
mod browser;
mod coordinator;
mod data;
mod detect;
mod deviations;
mod drivers;
mod equality;
mod extract;
mod functional;
mod grown;
mod hostile;
mod house;
mod import;
mod interruption;
mod judge;
mod lab;
mod lives;
mod monitors;
mod notes;
mod oracle;
mod published;
mod recipe;
mod schema;
mod serve;
mod simulated;
mod support;
