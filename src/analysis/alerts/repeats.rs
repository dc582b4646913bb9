//! Runs of a kernel that had been run before: what differs between them is not the kernel.
//!
//! Two runs of one config on one machine are of the same kernel if
//!
//! * both recorded what `uname -a` said, and it is the same but for the host (number and time of the
//!   build are part of it), and their names do not name different releases: `6.18.44-vanilla` and
//!   `6.18.44-rerun`;
//! * or one of them recorded nothing, and their names are the same but for a word for "once more" at
//!   the end: `6.12` and `6.12-again`, `6.12 (2)`, `mine` and `mine-rerun`.
//!
//! Builds that can be reproduced have no time of their build in them: who compares two such kernels of
//! one version should give them names (`CONFIG_LOCALVERSION`).

use std::collections::BTreeMap;

use super::caveats::{self, Caveat};
use super::measured::Place;
use crate::analysis::History;
use crate::model::{Environment, Release, facts};

/// Words at the end of a name that say that nothing but the time is different.
const AGAIN: &[&str] = &["again", "rerun", "repeat", "repeated", "retest"];

/// What makes two runs of one kernel differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing that was recorded.
    Alike,
    /// Something else that was recorded, such as the command line.
    Otherwise,
}

/// All pairs of runs of one kernel, by where they lie.
#[derive(Clone, Debug, Default)]
pub struct Repeats(BTreeMap<Place, BTreeMap<(usize, usize), Again>>);

impl Repeats {
    /// Those among the runs whose environments are given, by kernel as a place in the history.
    pub fn new(
        history: &History,
        environments: &BTreeMap<Place, BTreeMap<usize, Environment>>,
    ) -> Repeats {
        let name =
            |kernel: usize| history.tree.kernels.get(kernel).map_or("", |kernel| &kernel.name);
        let mut repeats = Repeats::default();
        for (place, runs) in environments {
            for (one, on) in runs {
                for (other, other_on) in runs.range(one + 1..) {
                    if let Some(again) = again((name(*one), on), (name(*other), other_on)) {
                        let pairs = repeats.0.entry(place.clone()).or_default();
                        pairs.insert((*one, *other), again);
                    }
                }
            }
        }
        repeats
    }

    /// Whether two kernels of the history are the same one in this place.
    pub fn between(&self, place: &Place, one: usize, other: usize) -> Option<Again> {
        self.0.get(place)?.get(&(one.min(other), one.max(other))).copied()
    }

    /// `true` if anything was run again in this place with nothing else changed.
    pub fn any(&self, place: &Place) -> bool {
        self.0.get(place).is_some_and(|pairs| pairs.values().any(|again| *again == Again::Alike))
    }
}

/// A run: its name, and what it ran on.
type Known<'e> = (&'e str, &'e Environment);

/// Whether two runs of one config on one machine are of the same kernel.
fn again(one: Known, other: Known) -> Option<Again> {
    if !same_kernel(one, other) {
        return None;
    }
    let changed = caveats::changes(one.1, other.1);
    let changed = changed.iter().any(|caveat| matches!(caveat, Caveat::Changed { .. }));
    let otherwise = changed || caveats::configs_differ(one.1, other.1).is_some();
    Some(if otherwise { Again::Otherwise } else { Again::Alike })
}

fn same_kernel((name, on): Known, (other_name, other_on): Known) -> bool {
    match (on.fact(facts::KERNEL), other_on.fact(facts::KERNEL)) {
        (Some(build), Some(other)) => build == other && same_release(name, other_name),
        _ => stem(name) == stem(other_name),
    }
}

/// `true` if the names do not name different kernels.
fn same_release(one: &str, other: &str) -> bool {
    match (Release::parse(one), Release::parse(other)) {
        (Some(a), Some(b)) => a == b,
        _ => stem(one) == stem(other),
    }
}

/// A name without what says that it is once more.
fn stem(name: &str) -> &str {
    const BETWEEN: [char; 3] = ['-', '_', ' '];
    let numbered = name.strip_suffix(')').and_then(|rest| {
        let (stem, number) = rest.rsplit_once('(')?;
        number.parse::<u32>().ok()?;
        Some(stem.trim_end_matches(BETWEEN))
    });
    if let Some(stem) = numbered.filter(|stem| !stem.is_empty()) {
        return stem;
    }
    let Some((stem, last)) = name.rsplit_once(BETWEEN) else { return name };
    let word = last.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    if AGAIN.contains(&word.as_str()) && !stem.is_empty() { stem } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(facts: &[(&str, &str)]) -> Environment {
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment { facts: facts.collect(), ..Environment::default() }
    }

    #[test]
    fn the_build_decides_where_it_is_known() {
        let on = |build: &str| ran(&[(facts::KERNEL, build)]);
        let table = [
            ("6.18.44-vanilla", "6.18.44-busy", "Linux 6.18.44 #1", "Linux 6.18.44 #1", true),
            ("6.12", "6.12-again", "Linux 6.12 #1", "Linux 6.12 #2", false),
            // A record that was copied from another machine says nothing.
            ("6.12", "6.13", "Linux 6.1 #1", "Linux 6.1 #1", false),
            ("vanilla", "patched", "Linux 6.12 #1", "Linux 6.12 #1", false),
            ("patched", "patched-rerun", "Linux 6.12 #1", "Linux 6.12 #1", true),
        ];
        for (one, other, a, b, same) in table {
            let found = again((one, &on(a)), (other, &on(b)));
            assert_eq!(found.is_some(), same, "{one} {other}");
        }
    }

    #[test]
    fn else_the_names_do() {
        let table = [
            ("6.12", "6.12-again", true),
            ("6.12", "6.12 (2)", true),
            ("6.12-rerun", "6.12-rerun2", true),
            ("mine", "mine_repeat", true),
            // May be the revision of a package.
            ("6.12", "6.12-2", false),
            ("6.12", "6.12-busy", false),
            ("6.12", "6.12.1", false),
            ("again", "rerun", false),
        ];
        for (one, other, same) in table {
            let nothing = ran(&[]);
            let found = again((one, &nothing), (other, &nothing));
            assert_eq!(found.is_some(), same, "{one} {other}");
        }
    }

    #[test]
    fn another_command_line_is_another_question() {
        let on = |line: &str| ran(&[(facts::KERNEL, "Linux 6.12 #1"), (facts::COMMAND_LINE, line)]);
        let (plain, off) = (on("quiet"), on("quiet mitigations=off"));
        let found = |other| again(("6.12", &plain), ("6.12-off", other));
        assert_eq!(found(&plain), Some(Again::Alike));
        assert_eq!(found(&off), Some(Again::Otherwise));
    }
}
