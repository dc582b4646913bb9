//! The commits that may have done it, as a graph.

use thiserror::Error;

/// What the bad end has and the good end has not.
///
/// Commits are known by their place: parents come before their children, the bad end is the last.
#[derive(Clone, Debug)]
pub struct Commits {
    names: Vec<String>,
    /// Parents that are candidates themselves; all others the good end has too.
    parents: Vec<Vec<usize>>,
    /// Those that were made from a commit that is neither a candidate nor the good end.
    aside: Vec<bool>,
    /// Of a merge: all commits that it has.
    merged: Vec<Option<Bits>>,
}

/// Why something is no graph of candidates.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BadGraph {
    /// Good and bad are the same, or the wrong way around.
    #[error("there are no commits between the two ends")]
    Empty,
    /// A parent has to stand before its child.
    #[error("commit {0} stands before one of its parents")]
    Order(String),
}

/// A set of commits.
#[derive(Clone, Debug)]
struct Bits(Vec<u64>);

impl Bits {
    const IN_WORD: usize = 64;

    fn none(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(Bits::IN_WORD)])
    }

    fn add(&mut self, at: usize) {
        self.0[at / Bits::IN_WORD] |= 1 << (at % Bits::IN_WORD);
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / Bits::IN_WORD] & (1 << (at % Bits::IN_WORD)) != 0
    }

    /// The weight of all in it. Most of what a merge has lies in words that it has whole, whose sums are known.
    fn sum(&self, weights: &[f64], by_word: &[f64]) -> f64 {
        let word = |(at, bits): (usize, &u64)| match *bits {
            0 => 0.0,
            u64::MAX => by_word[at],
            bits => {
                let own = weights[at * Bits::IN_WORD..].iter().take(Bits::IN_WORD).enumerate();
                own.filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, weight)| weight).sum()
            }
        };
        self.0.iter().enumerate().map(word).sum()
    }
}

impl Commits {
    /// Builds the graph.
    ///
    /// # Errors
    ///
    /// No commits, or parents that do not come before their children.
    pub fn new(names: Vec<String>, parents: Vec<Vec<usize>>) -> Result<Commits, BadGraph> {
        if names.is_empty() || names.len() != parents.len() {
            return Err(BadGraph::Empty);
        }
        if let Some(at) = (0..names.len()).find(|at| parents[*at].iter().any(|up| up >= at)) {
            return Err(BadGraph::Order(names[at].clone()));
        }
        let aside = vec![false; names.len()];
        let mut commits = Commits { names, parents, aside, merged: Vec::new() };
        for at in 0..commits.count() {
            let merge = commits.parents[at].len() > 1;
            let set = merge.then(|| commits.had_by(at));
            commits.merged.push(set);
        }
        Ok(commits)
    }

    /// Says which commits forked off before the good end.
    pub fn with_aside(self, aside: Vec<bool>) -> Commits {
        Commits { aside, ..self }
    }

    /// `true` if a commit was made from one that is neither a candidate nor the good end.
    pub fn is_aside(&self, at: usize) -> bool {
        self.aside.get(at).copied().unwrap_or(false)
    }

    /// Number of candidates.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// What a commit is called.
    pub fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// The parents of a commit that are candidates.
    pub fn parents(&self, at: usize) -> &[usize] {
        &self.parents[at]
    }

    /// The bad end.
    pub fn last(&self) -> usize {
        self.count() - 1
    }

    /// For each candidate, whether `at` has it.
    pub fn has(&self, at: usize) -> Vec<bool> {
        let set = self.had_by(at);
        (0..self.count()).map(|candidate| set.has(candidate)).collect()
    }

    /// For each commit, the sum of the weights of all candidates that it has.
    pub fn sums(&self, weights: &[f64]) -> Vec<f64> {
        let by_word: Vec<f64> =
            weights.chunks(Bits::IN_WORD).map(|word| word.iter().sum()).collect();
        let mut sums: Vec<f64> = Vec::with_capacity(self.count());
        for (at, own) in weights.iter().enumerate() {
            let sum = match (&self.merged[at], self.parents[at].as_slice()) {
                (Some(set), _) => set.sum(weights, &by_word),
                (None, [parent]) => sums[*parent] + own,
                (None, _) => *own,
            };
            sums.push(sum);
        }
        sums
    }

    fn had_by(&self, at: usize) -> Bits {
        let mut set = Bits::none(self.count());
        set.add(at);
        let mut open = vec![at];
        while let Some(here) = open.pop() {
            if let Some(known) = self.merged.get(here).and_then(Option::as_ref) {
                set.0.iter_mut().zip(&known.0).for_each(|(all, more)| *all |= more);
                continue;
            }
            for parent in self.parents[here].iter().filter(|up| !set.has(**up)).collect::<Vec<_>>()
            {
                set.add(*parent);
                open.push(*parent);
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(parents: &[&[usize]]) -> Result<Commits, BadGraph> {
        let names = (0..parents.len()).map(|at| format!("c{at}")).collect();
        Commits::new(names, parents.iter().map(|p| p.to_vec()).collect())
    }

    /// 0 – 1 – – – 4 – 5, with 2 – 3 merged in at 4.
    fn merge() -> Commits {
        graph(&[&[], &[0], &[0], &[2], &[1, 3], &[4]]).expect("a graph")
    }

    #[test]
    fn a_merge_has_what_both_sides_have() {
        let has = |at: usize| -> Vec<usize> {
            merge().has(at).iter().enumerate().filter(|(_, h)| **h).map(|(c, _)| c).collect()
        };
        assert_eq!(has(1), [0, 1]);
        assert_eq!(has(3), [0, 2, 3]);
        assert_eq!(has(4), [0, 1, 2, 3, 4]);
        assert_eq!(has(5), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn sums_count_nothing_twice() {
        assert_eq!(merge().sums(&[1.0; 6]), [1.0, 2.0, 2.0, 3.0, 5.0, 6.0]);
    }

    #[test]
    fn sums_of_large_graphs_are_those_of_what_each_commit_has() {
        let mut random = fastrand::Rng::with_seed(7);
        let parents: Vec<Vec<usize>> = (0..300)
            .map(|at: usize| match at {
                0 => Vec::new(),
                at if at % 5 == 4 => vec![at - 1, random.usize(at.saturating_sub(90)..at - 1)],
                at => vec![random.usize(at.saturating_sub(3)..at)],
            })
            .collect();
        let names = (0..parents.len()).map(|at| at.to_string()).collect();
        let commits = Commits::new(names, parents).expect("a graph");
        let weights: Vec<f64> = (0..commits.count()).map(|_| random.f64()).collect();
        for (at, sum) in commits.sums(&weights).into_iter().enumerate() {
            let has = commits.has(at);
            let all: f64 = weights.iter().zip(has).filter(|(_, has)| *has).map(|(w, _)| w).sum();
            assert!((sum - all).abs() < 1e-9, "{at}: {sum} {all}");
        }
    }

    #[test]
    fn what_is_no_graph_is_refused() {
        assert_eq!(graph(&[]).err(), Some(BadGraph::Empty));
        assert_eq!(graph(&[&[1], &[]]).err(), Some(BadGraph::Order("c0".to_owned())));
    }
}
