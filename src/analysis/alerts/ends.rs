//! The two runs at the ends of an alert's window, among those that they are to be seen with.

use super::alert::Alert;
use super::measured::Place;
use crate::analysis::{Moved, moved};
use crate::model::{Environment, Run, compare_runs};

/// The runs in the folder of an alert, and which of them are the ends of its window.
#[derive(Debug)]
pub struct Ends<'r> {
    runs: Vec<&'r Run>,
    before: usize,
    after: usize,
}

impl<'r> Ends<'r> {
    /// Finds them among these runs; `None` where one of the two is not there.
    pub fn of(alert: &Alert, runs: impl IntoIterator<Item = &'r Run>) -> Option<Ends<'r>> {
        let here = |run: &&Run| Place::of(run) == alert.of.place;
        let mut runs: Vec<&Run> = runs.into_iter().filter(here).collect();
        runs.sort_by(|a, b| compare_runs(a, b));
        let place = |name: &str| runs.iter().position(|run| run.name == name);
        let (before, after) = (place(&alert.window.last_good)?, place(&alert.window.first_bad)?);
        Some(Ends { runs, before, after })
    }

    /// What the two ran on.
    pub fn environments(&self) -> [&'r Environment; 2] {
        [self.before, self.after].map(|at| &self.runs[at].environment)
    }

    /// What else moved between the two while the benchmark ran.
    pub fn moved(&self, benchmark: &str) -> Moved {
        moved(&self.runs, benchmark, self.before, self.after)
    }
}
