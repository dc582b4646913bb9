//! `melbot check`: is this tree whole, and what is odd about it?

use clap::Args;
use serde::Serialize;

use super::results::{Filter, ResultsArgs, problems};
use super::{Ending, print};
use crate::analysis::alerts::counted;
use crate::model::{Problem, Run, Severity};
use crate::notes::Notes;

/// Say what could not be read, and why
///
/// Exit status 1 if anything was lost.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot check sample-results\n  \
    melbot check work/log --json | jq '.problems[] | select(.severity == \"error\")'")]
pub struct Check {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    filter: Filter,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'r> {
    runs: usize,
    machines: usize,
    configs: usize,
    benchmarks: usize,
    samples: u64,
    problems: Vec<&'r Problem>,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let found = self.results.find(&self.filter)?;
        let mut runs = found.load()?.into_runs();
        for run in &mut runs {
            run.benchmarks.retain(|benchmark| self.filter.takes_benchmark(&benchmark.name));
        }
        let notes = Notes::read(&found.notes_folder());
        let mut problems = problems(&found.discovery, &runs);
        problems.extend(&notes.problems);
        problems.sort_by(|a, b| {
            b.severity.cmp(&a.severity).then_with(|| (&a.path, a.line).cmp(&(&b.path, b.line)))
        });
        let lost = problems.iter().any(|problem| problem.severity > Severity::Note);
        let report = Report::new(&runs, problems);
        print(&if self.json {
            serde_json::to_string_pretty(&report)? + "\n"
        } else {
            report.text()
        })?;
        Ok(if lost { Ending::Found } else { Ending::Fine })
    }
}

impl<'r> Report<'r> {
    fn new(runs: &[Run], problems: Vec<&'r Problem>) -> Report<'r> {
        let count = |name: fn(&Run) -> &str| {
            let mut names: Vec<&str> = runs.iter().map(name).collect();
            names.sort_unstable();
            names.dedup();
            names.len()
        };
        let benchmarks = || runs.iter().flat_map(|run| &run.benchmarks);
        Report {
            runs: runs.len(),
            machines: count(|run| &run.machine),
            configs: count(|run| &run.config),
            benchmarks: benchmarks().count(),
            samples: benchmarks().flat_map(|b| &b.operations).map(|o| o.samples).sum(),
            problems,
        }
    }

    fn text(&self) -> String {
        let mut out = format!(
            "{} of {} on {}: {}, {}\n",
            counted(self.runs, "run"),
            counted(self.configs, "config"),
            counted(self.machines, "machine"),
            counted(self.benchmarks, "benchmark"),
            counted(self.samples as usize, "sample"),
        );
        for problem in &self.problems {
            let severity = match problem.severity {
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            let line = problem.line.map_or(String::new(), |line| format!(":{line}"));
            out += &format!("{severity}: {}{line}: {}\n", problem.path, problem.what);
            out += &format!("    {}\n", problem.remedy);
        }
        let count = |is: Severity| self.problems.iter().filter(|p| p.severity == is).count();
        out += &match self.problems.is_empty() {
            true => "nothing is missing, nothing is odd\n".to_owned(),
            false => format!(
                "{}, {}, {}\n",
                counted(count(Severity::Error), "error"),
                counted(count(Severity::Warning), "warning"),
                counted(count(Severity::Note), "note")
            ),
        };
        out
    }
}
