//! The kernels of a tree of results as a tree of releases.

use std::collections::HashMap;

use super::changes::{Kernel, Tree};
use crate::model::{Release, Run, compare_runs};

/// The kernels that some runs are of, each with the one it was made from.
#[derive(Debug, Default)]
pub struct History {
    /// Kernels in the order of their releases.
    pub tree: Tree,
    places: HashMap<String, usize>,
    /// Names of the tracks by number.
    tracks: Vec<String>,
}

impl History {
    /// Orders the kernels of these runs. Runs of the same name are of the same kernel.
    ///
    /// A kernel comes from the latest one before it on its path: mainline, or mainline up to where
    /// its stable series branched off and then that series. Where none was measured, and for names
    /// that are no release, it is set against the one before it in the list.
    pub fn new(runs: &[&Run]) -> History {
        let mut runs = runs.to_vec();
        runs.sort_by(|a, b| compare_runs(a, b));
        let mut history = History::default();
        for run in runs {
            let order = history.tree.kernels.len();
            if history.places.contains_key(&run.name) {
                continue;
            }
            let track = Release::track_of(&run.name).unwrap_or_default();
            let known = history.tracks.iter().position(|known| *known == track);
            let track = known.unwrap_or_else(|| {
                history.tracks.push(track);
                history.tracks.len() - 1
            });
            let parent = history.parent(&run.name);
            history.tree.kernels.push(Kernel { name: run.name.clone(), track, parent, order });
            history.places.insert(run.name.clone(), order);
        }
        history
    }

    /// The place of a kernel in the tree.
    pub fn place(&self, run: &str) -> Option<usize> {
        self.places.get(run).copied()
    }

    /// The track of a kernel: `mainline`, `6.12.y`, or nothing for free text.
    pub fn track(&self, kernel: usize) -> &str {
        let track = self.tree.kernels.get(kernel).and_then(|kernel| self.tracks.get(kernel.track));
        track.map_or("", String::as_str)
    }

    fn parent(&self, name: &str) -> Option<usize> {
        let before = &self.tree.kernels;
        let leads = |release: Release, kernel: &Kernel| {
            Release::parse(&kernel.name).is_some_and(|r| r.leads_to(release) || r == release)
        };
        Release::parse(name)
            .and_then(|release| before.iter().rposition(|kernel| leads(release, kernel)))
            .or(before.len().checked_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(names: &[&str]) -> Vec<(String, Option<String>)> {
        let run = |name: &&str| Run { name: (*name).to_owned(), ..Run::default() };
        let runs: Vec<Run> = names.iter().map(run).collect();
        let history = History::new(&runs.iter().collect::<Vec<_>>());
        let name = |at: usize| history.tree.kernels[at].name.clone();
        let kernels = history.tree.kernels.iter();
        kernels.map(|kernel| (kernel.name.clone(), kernel.parent.map(name))).collect()
    }

    #[test]
    fn stable_series_branch_from_mainline() {
        let found = parents(&["6.13", "6.12.1", "6.12", "6.11", "6.12.2", "6.11.5"]);
        let of = |name: &str| found.iter().find(|(n, _)| n == name).and_then(|(_, p)| p.as_deref());
        assert_eq!(of("6.11"), None);
        assert_eq!(of("6.11.5"), Some("6.11"));
        assert_eq!(of("6.12"), Some("6.11"));
        assert_eq!(of("6.12.2"), Some("6.12.1"));
        assert_eq!(of("6.13"), Some("6.12"));
    }

    #[test]
    fn unrelated_kernels_are_set_against_the_one_before() {
        let found = parents(&["6.1.192-stable", "5.10.262-stable", "mine"]);
        assert_eq!(found[1].1.as_deref(), Some("5.10.262-stable"));
        assert_eq!(found[2].1.as_deref(), Some("6.1.192-stable"));
    }
}
