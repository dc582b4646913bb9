//! The `melbot` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    melbot::cli::run()
}
