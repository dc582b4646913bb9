//! `melbot alerts`: which kernels made what worse or better, and what people say about it.

mod detail;
mod list;
mod note;
mod show;
mod table;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

use super::Ending;

const ABOUT: &str = "List the alerts: kernels at which a benchmark got worse or better";

const LONG_ABOUT: &str = "\
List the alerts: kernels at which a benchmark got worse or better

Every kernel is set against the one that it was made from, with noise learnt from the whole tree of \
results and iterations as the unit of replication. Change points of one benchmark at one kernel are \
one alert. Its name lasts: acknowledge it once, and it stays acknowledged.";

const EXAMPLES: &str = "\
Examples:
  melbot alerts sample-results
  melbot alerts work/log --machine ivor --severity notable --state new
  melbot alerts work/log --csv --all > changes.csv
  melbot alerts work/log --explain kernbench/Elapsed-4@6.9
  melbot alerts show w1m8p0nt work/log
  melbot alerts ack w1m8p0nt work/log --reason 'looking into it'

A folder of results that is called like a subcommand is written ./list.";

/// One of the subcommands, or the list where there is none.
#[derive(Debug)]
pub struct Alerts(Verb);

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::List),
    Show(show::Show),
    Ack(note::Ack),
    Note(note::Note),
}

impl Alerts {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        match self.0 {
            Verb::List(list) => list.run(),
            Verb::Show(show) => show.run(),
            Verb::Ack(ack) => ack.run(),
            Verb::Note(note) => note.run(),
        }
    }
}

// By hand, because clap cannot derive a subcommand that is the default and has arguments.
impl FromArgMatches for Alerts {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Alerts, Error> {
        Ok(Alerts(match matches.subcommand_name() {
            Some(_) => Verb::from_arg_matches(matches)?,
            None => Verb::List(list::List::from_arg_matches(matches)?),
        }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Alerts::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Alerts {
    fn augment_args(command: Command) -> Command {
        Verb::augment_subcommands(list::List::augment_args(command))
            .subcommand_required(false)
            .arg_required_else_help(false)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            .about(ABOUT)
            .long_about(LONG_ABOUT)
            .after_help(EXAMPLES)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Alerts::augment_args(command)
    }
}
