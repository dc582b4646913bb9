//! The command line: one file a verb.

mod alerts;
mod bisect;
mod bisects;
mod builder;
mod check;
mod client;
mod compare;
mod coordinator;
mod doctor;
mod extract;
mod import;
mod init;
mod judge;
mod judgement;
mod kernel;
mod machine;
mod monitors;
mod notify;
mod paper;
mod plan;
mod queue;
mod results;
mod serve;
mod settings;
mod site;
mod theme;
mod token;
mod window;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model::with_causes;

/// Finds kernel performance regressions in the results of MMTests.
///
/// Exit status: 0 fine, 1 something was found (where asked for), 2 could not do it.
#[derive(Debug, Parser)]
#[command(name = "melbot", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Site(site::Site),
    Serve(serve::Serve),
    Compare(compare::Compare),
    Extract(extract::Extract),
    Monitors(monitors::Monitors),
    Import(import::Import),
    Alerts(alerts::Alerts),
    Window(window::WindowVerb),
    Plan(plan::PlanVerb),
    Bisect(bisect::Bisect),
    Machine(machine::MachineVerb),
    Client(client::ClientVerb),
    Coordinator(coordinator::CoordinatorVerb),
    Builder(builder::BuilderVerb),
    Queue(queue::QueueVerb),
    Token(token::TokenVerb),
    Kernel(kernel::KernelVerb),
    Doctor(doctor::Doctor),
    Init(init::Init),
    Notify(notify::NotifyVerb),
    Check(check::Check),
    Theme(theme::ThemeVerb),
    Judge(judge::Judge),
}

/// How a verb ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// All is well.
    Fine,
    /// What was looked for was found.
    Found,
}

/// Runs the program.
pub fn run() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Site(verb) => verb.run(),
        Verb::Serve(verb) => verb.run(),
        Verb::Compare(verb) => verb.run(),
        Verb::Extract(verb) => verb.run(),
        Verb::Monitors(verb) => verb.run(),
        Verb::Import(verb) => verb.run(),
        Verb::Alerts(verb) => verb.run(),
        Verb::Window(verb) => verb.run(),
        Verb::Plan(verb) => verb.run(),
        Verb::Bisect(verb) => verb.run(),
        Verb::Machine(verb) => verb.run(),
        Verb::Client(verb) => verb.run(),
        Verb::Coordinator(verb) => verb.run(),
        Verb::Builder(verb) => verb.run(),
        Verb::Queue(verb) => verb.run(),
        Verb::Token(verb) => verb.run(),
        Verb::Kernel(verb) => verb.run(),
        Verb::Doctor(verb) => verb.run(),
        Verb::Init(verb) => verb.run(),
        Verb::Notify(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Theme(verb) => verb.run(),
        Verb::Judge(verb) => verb.run(),
    };
    match result {
        Ok(Ending::Fine) => ExitCode::SUCCESS,
        Ok(Ending::Found) => ExitCode::from(1),
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even this cannot be written.
            let _ = writeln!(io::stderr(), "melbot: {}", with_causes(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A message beside the output. One that cannot be shown is no reason to stop.
fn warn(message: &str) {
    let _ = writeln!(io::stderr(), "melbot: {message}");
}

/// Prints to standard output, or says why it could not.
fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
