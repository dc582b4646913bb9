//! The integration tests, in one binary because each one links everything.
//!
//! They know melbot only by its command line.

mod alerts;
mod browser;
mod detect;
mod deviations;
mod equality;
mod extract;
mod hostile;
mod house;
mod interruption;
mod judge;
mod oracle;
mod support;
