//! Against which kernel each kernel of a page is set.

use thiserror::Error;

use crate::model::{Release, Run};

/// How the baseline of a kernel is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The previous release on the kernel's own track; where none was measured, the oldest kernel
    /// of the page, as in MMTests.
    #[default]
    Previous,
    /// The oldest kernel of the page.
    First,
    /// The run with this name.
    Run(String),
}

/// No run of the page has the name asked for.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no run named {name:?} for {machine}/{config}; there are: {known}")]
pub struct UnknownBaseline {
    /// What was asked for.
    pub name: String,
    /// Machine of the page.
    pub machine: String,
    /// Config of the page.
    pub config: String,
    /// Names of the runs of the page.
    pub known: String,
}

impl Baseline {
    /// For each of the ordered runs the position of its baseline; its own for a baseline itself.
    pub fn choose(&self, runs: &[&Run]) -> Result<Vec<usize>, UnknownBaseline> {
        let all = |at: usize| vec![at; runs.len()];
        match self {
            Baseline::First => Ok(all(0)),
            Baseline::Run(name) => match runs.iter().position(|run| run.name == *name) {
                Some(at) => Ok(all(at)),
                None => Err(unknown(name, runs)),
            },
            Baseline::Previous => Ok((0..runs.len()).map(|at| previous(runs, at)).collect()),
        }
    }
}

/// The latest run before `at` whose kernel leads to that of `at`, else the first.
fn previous(runs: &[&Run], at: usize) -> usize {
    let Some(release) = Release::parse(&runs[at].name) else { return 0 };
    let leads = |run: &&Run| Release::parse(&run.name).is_some_and(|r| r.leads_to(release));
    runs[..at].iter().rposition(leads).unwrap_or(0)
}

fn unknown(name: &str, runs: &[&Run]) -> UnknownBaseline {
    let known: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    UnknownBaseline {
        name: name.to_owned(),
        machine: runs.first().map_or(String::new(), |run| run.machine.clone()),
        config: runs.first().map_or(String::new(), |run| run.config.clone()),
        known: known.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(names: &[&str]) -> Vec<Run> {
        names.iter().map(|name| Run { name: (*name).to_owned(), ..Run::default() }).collect()
    }

    #[test]
    fn the_previous_release_on_the_track_is_the_baseline() {
        let runs =
            runs(&["6.11", "6.11.3", "6.12-rc1", "6.12", "6.12.1", "6.12.5", "6.13", "mine"]);
        let runs: Vec<&Run> = runs.iter().collect();
        let chosen = Baseline::Previous.choose(&runs).expect("always there");
        assert_eq!(chosen, [0, 0, 0, 2, 3, 4, 3, 0]);
    }

    #[test]
    fn kernels_of_unrelated_series_are_set_against_the_oldest() {
        let runs = runs(&["5.10.262-stable", "6.1.192-stable", "6.12.117-stable"]);
        let runs: Vec<&Run> = runs.iter().collect();
        assert_eq!(Baseline::Previous.choose(&runs), Ok(vec![0, 0, 0]));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let runs = runs(&["a", "b"]);
        let runs: Vec<&Run> = runs.iter().collect();
        let error = Baseline::Run("c".into()).choose(&runs).expect_err("not there");
        assert_eq!(error.known, "a, b");
    }
}
