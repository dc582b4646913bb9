//! Which commit to measure next, and when it is found: noisy binary search, without any I/O.
//!
//! Every candidate has a probability of being the one that did it. A measurement of a commit speaks
//! for or against all candidates that the commit has (Ben-Or & Hassidim 2008; Waeber et al. 2013). The
//! next commit is the one whose measurement tells most for its cost. All is worked out anew from
//! the history of events, so a search goes on after any interruption as if there had been none.

use std::collections::HashMap;

use super::belief::{self, Belief, Measured};
use super::commits::Commits;
use super::levels::Levels;
use super::steps::{Culprit, Event, Outcome, Place, Purpose, Settings, Step};

/// A commit that has the culprit with less than this probability is good, with more than its
/// complement bad, and tells how good and bad look.
const UNLIKELY: f64 = 0.01;
/// An answer less open than this, in bits, is not worth a measurement.
const FORESEEN: f64 = 0.005;

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    commits: Commits,
    settings: Settings,
    good: Vec<f64>,
    values: Vec<Vec<f64>>,
    skipped: Vec<bool>,
    images: HashMap<Place, u64>,
}

impl Search {
    /// Starts one.
    pub fn new(commits: Commits, settings: Settings) -> Search {
        let count = commits.count();
        Search {
            commits,
            settings,
            good: Vec::new(),
            values: vec![Vec::new(); count],
            skipped: vec![false; count],
            images: HashMap::new(),
        }
    }

    /// Sets the cost of a build, in measurements, to what builds were seen to cost.
    pub fn set_build_cost(&mut self, cost: f64) {
        self.settings.build = cost;
    }

    /// The candidates.
    pub fn commits(&self) -> &Commits {
        &self.commits
    }

    /// Takes note of what happened. Values that are not finite are a measurement that failed.
    pub fn record(&mut self, event: Event) {
        match event {
            Event::Measured { at: Place::Good, value } if value.is_finite() => {
                self.good.push(value)
            }
            Event::Measured { at: Place::Commit(at), value } if value.is_finite() => {
                if let (Some(values), Some(skipped)) =
                    (self.values.get_mut(at), self.skipped.get_mut(at))
                {
                    values.push(value);
                    *skipped = false;
                }
            }
            Event::Measured { .. } => {}
            Event::Skipped(at) => {
                if let Some(skipped) = self.skipped.get_mut(at) {
                    *skipped = true;
                }
            }
            Event::Widened => {
                self.good.clear();
                self.values.iter_mut().for_each(Vec::clear);
            }
            Event::Built { at, image } => {
                self.images.insert(at, image);
            }
        }
    }

    /// What was measured of a place.
    pub fn values(&self, at: Place) -> &[f64] {
        match at {
            Place::Good => &self.good,
            Place::Commit(at) => self.values.get(at).map_or(&[], Vec::as_slice),
        }
    }

    /// Measurements in all.
    pub fn measured(&self) -> usize {
        self.good.len() + self.values.iter().map(Vec::len).sum::<usize>()
    }

    /// `true` if it does not build or boot.
    pub fn is_skipped(&self, at: usize) -> bool {
        self.skipped.get(at).copied().unwrap_or(false)
    }

    /// `true` if the commit is known to make the same image as each of its parents, and so cannot be
    /// what changed anything.
    pub fn changes_no_code(&self, at: usize) -> bool {
        let parents = self.commits.parents(at);
        let image = self.images.get(&Place::Commit(at));
        let alike = |up: &usize| self.images.get(&Place::Commit(*up)) == image;
        image.is_some() && !parents.is_empty() && parents.iter().all(alike)
    }

    /// How good and bad look, once both ends are measured: by the ends first, then by all commits that
    /// are as good as known to be one or the other as well.
    pub fn levels(&self) -> Option<Levels> {
        let ends = self.levels_of_ends()?;
        Some(self.learnt(&ends, &self.belief(&ends)))
    }

    /// Probability of each candidate; all alike as long as the ends are not measured.
    pub fn posterior(&self) -> Vec<f64> {
        match self.levels_of_ends() {
            Some(ends) => self.belief(&ends).posterior,
            None => self.without_unchanged(vec![1.0; self.commits.count()]),
        }
    }

    fn levels_of_ends(&self) -> Option<Levels> {
        Levels::fit(&self.good, &self.values[self.commits.last()])
    }

    fn learnt(&self, ends: &Levels, belief: &Belief) -> Levels {
        let has = self.commits.sums(&belief.posterior);
        let known = |is: fn(f64) -> bool| {
            let values = self.values.iter().zip(&has).filter(move |(_, has)| is(**has));
            values.flat_map(|(values, _)| values.iter().copied())
        };
        let good: Vec<f64> = self.good.iter().copied().chain(known(|has| has < UNLIKELY)).collect();
        let bad: Vec<f64> = known(|has| has > 1.0 - UNLIKELY).collect();
        Levels::fit(&good, &bad).unwrap_or(*ends)
    }

    fn belief(&self, ends: &Levels) -> Belief {
        let scaled = |values: &[f64]| -> Vec<f64> {
            values.iter().map(|value| ends.scaled(*value)).filter(|v| v.is_finite()).collect()
        };
        let commits = self.values.iter().enumerate().filter(|(_, values)| !values.is_empty());
        let measured: Vec<Measured> = std::iter::once((None, &self.good))
            .chain(commits.map(|(at, values)| (Some(at), values)))
            .map(|(at, values)| Measured { at, values: scaled(values) })
            .collect();
        let (good, bad) = (ends.good / ends.noise, ends.bad / ends.noise);
        let mut belief = belief::weigh(&self.commits, &measured, good, bad);
        belief.posterior = self.without_unchanged(belief.posterior);
        belief
    }

    /// Rules out what changes no code, and makes the rest add up to 1.
    fn without_unchanged(&self, mut weights: Vec<f64>) -> Vec<f64> {
        for (at, weight) in weights.iter_mut().enumerate() {
            if self.changes_no_code(at) {
                *weight = 0.0;
            }
        }
        // More than 0: the first candidate has no parent among them, so it is never ruled out.
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        weights
    }

    /// The fewest candidates that hold the culprit with the certainty asked for, likeliest first.
    pub fn credible(&self) -> Vec<usize> {
        let posterior = self.posterior();
        let mut order: Vec<usize> = (0..posterior.len()).collect();
        order.sort_by(|a, b| posterior[*b].total_cmp(&posterior[*a]));
        let mut sum = 0.0;
        let short = order.iter().position(|at| {
            sum += posterior[*at];
            sum >= self.settings.certainty
        });
        order.truncate(short.map_or(order.len(), |at| at + 1));
        order
    }

    /// What to do now.
    pub fn step(&self) -> Step {
        let ends = self.levels_of_ends();
        if let Some(step) = self.ends(ends.as_ref()) {
            return step;
        }
        let Some(ends) = ends else {
            return Step::Done(Outcome::NoGap { distance: 0.0, needed: None });
        };
        let belief = self.belief(&ends);
        let posterior = &belief.posterior;
        let likeliest = |a: &usize, b: &usize| posterior[*a].total_cmp(&posterior[*b]);
        let best = (0..posterior.len()).max_by(likeliest).unwrap_or(0);
        if posterior[best] >= self.settings.certainty {
            return self.confirm(best, posterior[best], &self.learnt(&ends, &belief));
        }
        match self.most_open(&belief) {
            Some(at) if self.measured() < self.settings.budget => {
                Step::Measure(Place::Commit(at), Purpose::Search)
            }
            _ => Step::Done(Outcome::Among(self.credible())),
        }
    }

    /// Measures both ends in turn until they differ clearly, or never will.
    fn ends(&self, levels: Option<&Levels>) -> Option<Step> {
        let bad = &self.values[self.commits.last()];
        let fewest = self.good.len().min(bad.len());
        if fewest >= self.settings.ends {
            let levels = levels?;
            let distance = levels.distance();
            let clear = (levels.bad - levels.good).abs() > 3.0 * levels.error;
            if clear && distance >= self.settings.least_distance {
                return None;
            }
            if fewest >= self.settings.most_ends.max(self.settings.ends) {
                // |bad − good| > 3 σ √(2/n).
                let needed = (distance >= self.settings.least_distance)
                    .then(|| (18.0 / (distance * distance)).ceil() as usize);
                return Some(Step::Done(Outcome::NoGap { distance, needed }));
            }
        }
        let place = match self.good.len() <= bad.len() {
            true => Place::Good,
            false => Place::Commit(self.commits.last()),
        };
        Some(Step::Measure(place, Purpose::End))
    }

    /// The commit whose next measurement tells most for its cost.
    fn most_open(&self, belief: &Belief) -> Option<usize> {
        let worth = |(at, bad): (usize, &f64)| {
            let news = belief.news(self.values[at].len());
            let bits = if self.skipped[at] { 0.0 } else { entropy(*bad) * news };
            let cost = 1.0 + if self.values[at].is_empty() { self.settings.build } else { 0.0 };
            (bits > FORESEEN).then_some((at, bits / cost))
        };
        let sums = self.commits.sums(&belief.posterior);
        let open = sums.iter().enumerate().filter_map(worth);
        open.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
    }

    /// What a commit is measured against to confirm that it did it: itself, after its parents or, where
    /// none of them is a candidate, the good end.
    pub fn against(&self, commit: usize) -> Vec<Place> {
        let mut places: Vec<Place> =
            self.commits.parents(commit).iter().map(|up| Place::Commit(*up)).collect();
        if places.is_empty() {
            places.push(Place::Good);
        }
        places.push(Place::Commit(commit));
        places
    }

    /// The culprit against its parents, in turn.
    fn confirm(&self, commit: usize, probability: f64, levels: &Levels) -> Step {
        let places = self.against(commit);
        let unmeasurable = |place: &Place| match place {
            Place::Commit(at) => self.skipped[*at],
            Place::Good => false,
        };
        if places.iter().any(unmeasurable) {
            return Step::Done(Outcome::Among(self.credible()));
        }
        let before: Vec<f64> = places[..places.len() - 1]
            .iter()
            .flat_map(|place| self.values(*place).iter().copied())
            .collect();
        let step = Levels::fit(&before, self.values(Place::Commit(commit)));
        let gap = levels.bad - levels.good;
        let share = step.map_or(0.0, |step| (step.bad - step.good) / gap);
        let culprit = Culprit { commit, probability, share };
        for rounds in [1, 2, 4].map(|times| times * self.settings.confirm) {
            let fewest = places.iter().min_by_key(|place| self.values(**place).len());
            if let Some(place) = fewest.filter(|place| self.values(**place).len() < rounds) {
                return Step::Measure(*place, Purpose::Confirm);
            }
            let clear = step.is_some_and(|step| (step.bad - step.good).abs() > 2.5 * step.error);
            // The good end stands in for a parent that was not measured: that confirms nothing.
            if clear && share > 0.5 && !self.commits.is_aside(commit) {
                return Step::Done(Outcome::Found(culprit));
            }
        }
        Step::Done(Outcome::Unconfirmed(culprit))
    }
}

/// Of an answer that is yes with this probability, in bits.
fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    part(p) + part(1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lab without noise but for a small repeatable one.
    fn run(search: &mut Search, culprit: usize, gap: f64, broken: &[usize]) -> Outcome {
        let mut turn = 0;
        loop {
            match search.step() {
                Step::Done(outcome) => return outcome,
                Step::Measure(Place::Commit(at), _) if broken.contains(&at) => {
                    search.record(Event::Skipped(at));
                }
                Step::Measure(at, _) => {
                    let bad = match at {
                        Place::Good => false,
                        Place::Commit(at) => search.commits().has(at)[culprit],
                    };
                    turn += 1;
                    let noise = [0.0, 0.4, -0.6, 0.9, -0.3, -0.4, 0.2][turn % 7];
                    let value = 100.0 + noise + if bad { gap } else { 0.0 };
                    search.record(Event::Measured { at, value });
                }
            }
            assert!(search.measured() < 1000, "does not end");
        }
    }

    fn line(count: usize) -> Search {
        let names = (0..count).map(|at| format!("c{at}")).collect();
        let parents = (0..count).map(|at| at.checked_sub(1).into_iter().collect()).collect();
        Search::new(Commits::new(names, parents).expect("a graph"), Settings::default())
    }

    fn commit(outcome: &Outcome) -> Option<usize> {
        match outcome {
            Outcome::Found(culprit) => Some(culprit.commit),
            _ => None,
        }
    }

    #[test]
    fn every_commit_can_be_the_one() {
        for culprit in 0..33 {
            let mut search = line(33);
            let outcome = run(&mut search, culprit, 6.0, &[]);
            assert_eq!(commit(&outcome), Some(culprit), "{outcome:?}");
            assert!(search.measured() < 60, "{} measurements", search.measured());
        }
    }

    #[test]
    fn an_improvement_is_found_as_well() {
        assert_eq!(commit(&run(&mut line(20), 7, -5.0, &[])), Some(7));
    }

    #[test]
    fn a_commit_on_a_side_branch_is_found() {
        // 0 – 1 – – – 4 – 5, with 2 – 3 merged in at 4.
        let parents = vec![vec![], vec![0], vec![0], vec![2], vec![1, 3], vec![4]];
        for culprit in 0..6 {
            let names = (0..6).map(|at| format!("c{at}")).collect();
            let commits = Commits::new(names, parents.clone()).expect("a graph");
            let mut search = Search::new(commits, Settings::default());
            assert_eq!(commit(&run(&mut search, culprit, 6.0, &[])), Some(culprit));
        }
    }

    #[test]
    fn what_does_not_build_is_never_called_bad() {
        let outcome = run(&mut line(32), 20, 6.0, &[3, 14, 15, 16]);
        assert_eq!(commit(&outcome), Some(20));
        let outcome = run(&mut line(32), 20, 6.0, &[19, 20]);
        let Outcome::Among(among) = outcome else { panic!("{outcome:?}") };
        assert!(among.contains(&20) && among.len() <= 4, "{among:?}");
    }

    #[test]
    fn ends_that_do_not_differ_are_refused() {
        let outcome = run(&mut line(32), 20, 0.0, &[]);
        assert!(matches!(outcome, Outcome::NoGap { .. }), "{outcome:?}");
    }

    #[test]
    fn a_commit_that_makes_the_image_of_its_parent_is_not_the_one() {
        let mut search = line(16);
        for (at, image) in [(6, 1), (7, 2), (8, 2)] {
            search.record(Event::Built { at: Place::Commit(at), image });
        }
        assert!(!search.changes_no_code(7) && search.changes_no_code(8));
        let posterior = search.posterior();
        assert!(posterior[8] == 0.0 && posterior[7] > 0.0, "{posterior:?}");
        // Measurements that say otherwise change nothing about it.
        assert_ne!(commit(&run(&mut search, 8, 6.0, &[])), Some(8));
    }

    #[test]
    fn values_that_are_no_numbers_say_nothing() {
        let mut search = line(4);
        search.record(Event::Measured { at: Place::Good, value: f64::NAN });
        search.record(Event::Measured { at: Place::Commit(99), value: 1.0 });
        search.record(Event::Skipped(99));
        assert_eq!(search.measured(), 0);
    }
}
