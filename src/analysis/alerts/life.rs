//! The life of a change over the tracks, as a person would tell it: where it began, where it was
//! repaired, where it is still there, and to which stable series it was brought.

use serde::Serialize;

use super::alert::Turn;
use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, is_change, track_name};
use crate::analysis::changes::{Scale, Tree};

/// Less of a change than this is left where it is over.
const OVER: f64 = 0.3;
/// Noise never hides more of a change than this.
const NOISE: f64 = 0.5;
/// A change in a stable series is that of mainline if its size is at least this part of it, and at
/// most so many times as large.
const ALIKE: (f64, f64) = (0.4, 2.5);

/// A measured kernel of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Place in the tree of releases.
    pub kernel: usize,
    /// Nearest measured kernel that it was made from.
    pub parent: Option<usize>,
    /// Level before, as a log ratio to something fixed, larger is worse.
    pub before: f64,
    /// Its level.
    pub level: f64,
    /// A change point that counts, and its size.
    pub change: Option<Effect>,
    /// Last kernel of a gradual change that begins here.
    pub drift_end: Option<usize>,
}

/// What happened to a change, and where.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It went on gradually up to this kernel.
    Drifted {
        /// Last kernel of the drift.
        until: String,
    },
    /// A change point brought the old level back.
    Fixed {
        /// Track.
        track: String,
        /// First kernel with the old level.
        kernel: String,
        /// Size of the repair.
        effect: Effect,
    },
    /// A change point brought a part of the old level back.
    Reduced {
        /// Track.
        track: String,
        /// First kernel with the new level.
        kernel: String,
        /// Size of the partial repair.
        effect: Effect,
    },
    /// The old level is back, though no single kernel can be named with certainty.
    Recovered {
        /// Track.
        track: String,
        /// First kernel with about the old level.
        kernel: String,
    },
    /// It came back after it had been over.
    Returned {
        /// Track.
        track: String,
        /// First kernel with the new level again.
        kernel: String,
    },
    /// It began in the newest measured kernel of its track.
    NothingLater {
        /// Track.
        track: String,
    },
    /// It is there in the newest measured kernel.
    StillPresent {
        /// Track.
        track: String,
        /// Newest measured kernel of the track.
        kernel: String,
        /// How much of it is left, in percent of its size.
        left_pct: f64,
    },
    /// The same happened in a series that had branched off before.
    Backported {
        /// Track.
        track: String,
        /// First kernel with the new level.
        kernel: String,
        /// Size there.
        effect: Effect,
    },
    /// It came from mainline, where it had happened in this kernel.
    Origin {
        /// The kernel of mainline.
        kernel: String,
    },
    /// A series that had branched off before and did not change.
    NotSeen {
        /// Track.
        track: String,
        /// Newest measured kernel of the track.
        kernel: String,
    },
    /// A series that branched off while it was there, and that was not measured.
    NotMeasured {
        /// Track.
        track: String,
    },
}

/// How a life went on the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// It is there in the newest kernel of every track it reached.
    Open,
    /// It is over on some tracks and there on others.
    Partly,
    /// It was undone by a change point, everywhere.
    Fixed,
    /// One kernel only.
    Transient,
    /// The level came back by and by, everywhere.
    Recovered,
    /// It goes on in small steps.
    Drifting,
}

/// The life of one change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Life {
    /// For the worse or the better.
    pub turn: Turn,
    /// First kernel with the new level.
    pub kernel: String,
    /// Size.
    pub effect: Effect,
    /// What happened to it, own track first, then mainline and the stable series by age.
    pub events: Vec<Event>,
    /// On the whole.
    pub shape: Shape,
}

impl Life {
    /// `true` if it is nowhere any more, as far as was measured.
    pub fn is_over(&self) -> bool {
        matches!(self.shape, Shape::Fixed | Shape::Transient | Shape::Recovered)
    }
}

/// The measured kernels of a series as steps, parents first.
pub fn steps(series: &JudgedSeries) -> Vec<Step> {
    let comparisons = &series.verdicts.comparisons;
    let worse = series.direction.worse_sign();
    // On the identity scale an effect is a share of this magnitude.
    let magnitude = comparisons
        .iter()
        .filter(|c| c.effect != 0.0)
        .max_by(|a, b| a.effect.abs().total_cmp(&b.effect.abs()))
        .map_or(1.0, |c| ((c.levels.1 - c.levels.0) / c.effect).abs());
    let level = |value: f64| match series.verdicts.scale {
        Scale::Log => worse * value.ln(),
        Scale::Identity => worse * value / magnitude,
    };
    comparisons
        .iter()
        .map(|c| Step {
            kernel: c.kernel,
            parent: c.parent,
            before: level(c.levels.0),
            level: level(c.levels.1),
            change: is_change(c).then(|| series.effect(c)),
            drift_end: c.drift_end,
        })
        .collect()
}

/// The life of the change at this kernel of a series; absent if there is no change there.
pub fn life_of(judged: &Judged, series: &JudgedSeries, kernel: usize) -> Option<Life> {
    tell(judged.tree(), &steps(series), kernel, series.verdicts.noise.kernel)
}

/// The life of the change at `kernel`; `noise` is the deviation of a kernel's level.
pub fn tell(tree: &Tree, steps: &[Step], kernel: usize, noise: f64) -> Option<Life> {
    let at = steps.iter().position(|step| step.kernel == kernel)?;
    let start = &steps[at];
    let effect = start.change?;
    let size = start.level - start.before;
    if size == 0.0 || !size.is_finite() {
        return None;
    }
    let tolerance = (noise / size.abs()).clamp(OVER, NOISE);
    let teller = Teller { tree, steps, at, base: start.before, size, tolerance };
    let mut events: Vec<Event> = Vec::new();
    if let Some(end) = start.drift_end {
        events.push(Event::Drifted { until: teller.name(end) });
    }
    events.extend(teller.origin());
    for track in teller.tracks() {
        teller.on_track(&track, &mut events);
    }
    let shape = teller.shape(&events);
    let turn = if effect.is_worse() { Turn::Regression } else { Turn::Improvement };
    Some(Life { turn, kernel: teller.name(kernel), effect, events, shape })
}

struct Teller<'t> {
    tree: &'t Tree,
    steps: &'t [Step],
    /// The change.
    at: usize,
    base: f64,
    size: f64,
    /// Part of the change that noise may hide.
    tolerance: f64,
}

impl Teller<'_> {
    fn name(&self, kernel: usize) -> String {
        self.tree.kernels.get(kernel).map_or(String::new(), |kernel| kernel.name.clone())
    }

    fn track_of(&self, kernel: usize) -> usize {
        self.tree.kernels.get(kernel).map_or(0, |kernel| kernel.track)
    }

    /// All tracks: that of the change first, then in the order of their first kernels. A change in a
    /// stable series concerns no other.
    fn tracks(&self) -> Vec<usize> {
        let own = self.track_of(self.steps[self.at].kernel);
        let mut tracks = vec![own];
        if self.own_is_stable() {
            return tracks;
        }
        for kernel in &self.tree.kernels {
            if !tracks.contains(&kernel.track) {
                tracks.push(kernel.track);
            }
        }
        tracks
    }

    fn own_is_stable(&self) -> bool {
        track_name(&self.name(self.steps[self.at].kernel)).ends_with(".y")
    }

    /// How much of the change is there at this step: 0 none, 1 all.
    fn left(&self, step: &Step) -> f64 {
        (step.level - self.base) / self.size
    }

    fn is_over(&self, step: &Step) -> bool {
        self.left(step) < self.tolerance
    }

    fn step(&self, kernel: usize) -> Option<&Step> {
        self.steps.iter().find(|step| step.kernel == kernel)
    }

    /// `true` if the change lies on the way to this measured kernel.
    fn reaches(&self, mut kernel: usize) -> bool {
        let change = self.steps[self.at].kernel;
        // Parents stand before their children, so this ends; the bound is for data that lie.
        for _ in 0..=self.steps.len() {
            if kernel == change {
                return true;
            }
            match self.step(kernel).and_then(|step| step.parent) {
                Some(parent) => kernel = parent,
                None => return false,
            }
        }
        false
    }

    fn on_track(&self, track: &usize, events: &mut Vec<Event>) {
        let on = |step: &&Step| self.track_of(step.kernel) == *track;
        let measured: Vec<&Step> = self.steps.iter().filter(on).collect();
        let change = self.steps[self.at].kernel;
        let own = self.track_of(change) == *track;
        let name = self.track_label(*track);
        let Some(newest) = measured.last() else {
            if self.first_of(*track).is_some_and(|kernel| self.branched_off_bad(kernel)) {
                events.push(Event::NotMeasured { track: name });
            }
            return;
        };
        if own {
            let later = |step: &&Step| step.kernel != change && self.reaches(step.kernel);
            let after: Vec<&Step> = measured.into_iter().filter(later).collect();
            if after.is_empty() {
                events.push(Event::NothingLater { track: name });
            } else {
                self.follow(&name, &self.steps[self.at], &after, events);
            }
        } else if self.reaches(newest.kernel) {
            let first = measured[0];
            let Some(base) = first.parent.and_then(|parent| self.step(parent)) else { return };
            if !self.is_over(base) {
                self.follow(&name, base, &measured, events);
            }
        } else if name.ends_with(".y") {
            self.elsewhere(&name, &measured, events);
        }
    }

    fn track_label(&self, track: usize) -> String {
        self.first_of(track).map_or(String::new(), |kernel| track_name(&self.name(kernel)))
    }

    fn first_of(&self, track: usize) -> Option<usize> {
        self.tree.kernels.iter().position(|kernel| kernel.track == track)
    }

    /// `true` if the nearest measured kernel before this one had the change.
    fn branched_off_bad(&self, kernel: usize) -> bool {
        let measured = self.tree.ancestors(kernel).find_map(|up| self.step(up));
        measured.is_some_and(|step| self.reaches(step.kernel) && !self.is_over(step))
    }

    /// What became of the change on a track that has it at `from`.
    fn follow(&self, track: &str, from: &Step, after: &[&Step], events: &mut Vec<Event>) {
        let mut over = self.is_over(from);
        let track = || track.to_owned();
        for step in after {
            let now_over = self.is_over(step);
            let kernel = self.name(step.kernel);
            let undoes = step.change.filter(|e| (e.log > 0.0) != (self.size > 0.0));
            match (over, now_over, undoes) {
                (false, true, Some(effect)) => {
                    events.push(Event::Fixed { track: track(), kernel, effect });
                }
                (false, true, None) => events.push(Event::Recovered { track: track(), kernel }),
                (false, false, Some(effect)) => {
                    events.push(Event::Reduced { track: track(), kernel, effect });
                }
                (true, false, _) if step.change.is_some() => {
                    events.push(Event::Returned { track: track(), kernel });
                }
                // Without a change point of its own it has not come back: levels wander.
                (true, false, _) => continue,
                _ => {}
            }
            over = now_over;
        }
        let newest = after.last().copied().unwrap_or(from);
        let kernel = self.name(newest.kernel);
        // That it is there where it has just come back goes without saying.
        let told =
            matches!(events.last(), Some(Event::Returned { kernel: at, .. }) if *at == kernel);
        if !over && !told {
            events.push(Event::StillPresent {
                track: track(),
                kernel,
                left_pct: 100.0 * self.left(newest),
            });
        }
    }

    /// A series that branched off before the change: was it brought there?
    fn elsewhere(&self, track: &str, measured: &[&Step], events: &mut Vec<Event>) {
        let alike = |step: &&&Step| {
            step.change.is_some_and(|effect| {
                let ratio = effect.log / self.size;
                ratio >= ALIKE.0 && ratio <= ALIKE.1
            })
        };
        let newest = measured.last().map_or(String::new(), |step| self.name(step.kernel));
        let Some(place) = measured.iter().position(|step| alike(&step)) else {
            events.push(Event::NotSeen { track: track.to_owned(), kernel: newest });
            return;
        };
        let step = measured[place];
        let effect = step.change.unwrap_or_default();
        let kernel = self.name(step.kernel);
        events.push(Event::Backported { track: track.to_owned(), kernel, effect });
        let there = Teller { base: step.before, size: step.level - step.before, ..*self };
        if there.size != 0.0 {
            let known = events.len();
            there.follow(track, step, &measured[place + 1..], events);
            // That it is still there where it has just been said to have come is no news.
            if let Some(Event::StillPresent { .. }) = events.get(known) {
                events.truncate(known);
            }
        }
    }

    /// For a change in a stable series: the one in mainline that it came from.
    fn origin(&self) -> Option<Event> {
        if !self.own_is_stable() {
            return None;
        }
        let mainline = |step: &&Step| track_name(&self.name(step.kernel)) == "mainline";
        let alike = |step: &&Step| {
            step.change.is_some_and(|effect| {
                let ratio = self.size / effect.log;
                ratio >= ALIKE.0 && ratio <= ALIKE.1
            })
        };
        // One that it had branched off before, the latest of them.
        let start = self.steps[self.at].kernel;
        let ancestor = |step: &&Step| self.tree.ancestors(start).any(|up| up == step.kernel);
        let found =
            self.steps.iter().filter(mainline).filter(alike).filter(|s| !ancestor(s)).last();
        found.map(|step| Event::Origin { kernel: self.name(step.kernel) })
    }

    fn shape(&self, events: &[Event]) -> Shape {
        let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
        let fixed = count(|e| matches!(e, Event::Fixed { .. }));
        let recovered = count(|e| matches!(e, Event::Recovered { .. }));
        let present = count(|e| matches!(e, Event::StillPresent { .. })) + self.ends_back(events);
        let backported = self.backports_open(events);
        if self.steps[self.at].drift_end.is_some() && fixed + recovered == 0 {
            return Shape::Drifting;
        }
        match (fixed, recovered, present + backported) {
            (0, 0, _) => Shape::Open,
            (_, _, 1..) => Shape::Partly,
            (0, _, _) => Shape::Recovered,
            _ if self.is_brief(events) => Shape::Transient,
            _ => Shape::Fixed,
        }
    }

    /// Tracks on which the last that is told is that it came back.
    fn ends_back(&self, events: &[Event]) -> usize {
        let last = |on: &str| {
            events.iter().rev().find(|event| match event {
                Event::Fixed { track, .. }
                | Event::Recovered { track, .. }
                | Event::Returned { track, .. }
                | Event::StillPresent { track, .. } => track == on,
                _ => false,
            })
        };
        let back = |event: &&Event| match event {
            Event::Returned { track, .. } => last(track) == Some(event),
            _ => false,
        };
        events.iter().filter(back).count()
    }

    /// Series to which it was brought and that were not repaired.
    fn backports_open(&self, events: &[Event]) -> usize {
        let ended = |on: &str| {
            events.iter().any(|event| {
                matches!(event, Event::Fixed { track, .. } | Event::Recovered { track, .. } if track == on)
            })
        };
        let open =
            |event: &&Event| matches!(event, Event::Backported { track, .. } if !ended(track));
        events.iter().filter(open).count()
    }

    /// Repaired in every kernel made from the one at which it began, and brought nowhere.
    fn is_brief(&self, events: &[Event]) -> bool {
        let start = self.steps[self.at].kernel;
        let children = || self.steps.iter().filter(|step| step.parent == Some(start));
        let backported = events.iter().any(|event| matches!(event, Event::Backported { .. }));
        !backported && children().next().is_some() && children().all(|step| self.is_over(step))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::effect;
    use super::*;
    use crate::analysis::History;
    use crate::model::Run;

    /// Kernels with their levels in percent above some base; `!` marks a change point, `~` the end of
    /// a drift, `-` a kernel that was not measured here.
    fn told(kernels: &str, change: &str) -> (String, Shape) {
        let rows: Vec<(&str, &str)> =
            kernels.split(", ").map(|row| row.split_once(' ').expect("name and level")).collect();
        let runs: Vec<Run> = rows
            .iter()
            .map(|(name, _)| Run { name: (*name).to_owned(), ..Run::default() })
            .collect();
        let history = History::new(&runs.iter().collect::<Vec<_>>());
        let level = |kernel: usize| -> Option<f64> {
            let name = &history.tree.kernels[kernel].name;
            let (_, level) = rows.iter().find(|(row, _)| row == name)?;
            let percent: f64 = level.trim_end_matches(['!', '~']).parse().ok()?;
            Some((percent / 100.0).ln_1p())
        };
        let end = rows.iter().find(|(_, level)| level.ends_with('~'));
        let end = end.and_then(|(name, _)| history.place(name));
        let start = history.place(change).expect("a kernel of the table");
        let step = |kernel: usize| -> Option<Step> {
            let here = level(kernel)?;
            let parent = history.tree.ancestors(kernel).find(|up| level(*up).is_some());
            let before = parent.and_then(level).unwrap_or(here);
            let name = &history.tree.kernels[kernel].name;
            let marked = rows.iter().any(|(row, level)| row == name && level.ends_with('!'));
            Some(Step {
                kernel,
                parent,
                before,
                level: here,
                change: marked.then(|| effect(100.0 * (here - before).exp_m1())),
                drift_end: end.filter(|_| kernel == start),
            })
        };
        let steps: Vec<Step> = (0..history.tree.kernels.len()).filter_map(step).collect();
        let life = tell(&history.tree, &steps, start, 0.005).expect("a change");
        let mut sentence = String::new();
        for part in life.sentence().split(" [") {
            sentence += part.split_once(']').map_or(part, |(_, rest)| rest);
        }
        (sentence, life.shape)
    }

    #[test]
    fn lives_are_told_as_people_tell_them() {
        let table = [
            // The line of mainline alone.
            (
                "6.8 0, 6.9 12!, 6.10 12",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), still present in 6.10",
            ),
            (
                "6.8 0, 6.9 12!",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), nothing later measured in mainline",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 12, 6.11 0!",
                "6.9",
                Shape::Fixed,
                "regressed in 6.9 (+12.0 %), fixed in 6.11",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 0!, 6.11 0",
                "6.9",
                Shape::Transient,
                "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 6!, 6.11 6",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), partly fixed in 6.10 (−5.4 %), still present in 6.11, 51 % of it",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 12, 6.11 1",
                "6.9",
                Shape::Recovered,
                "regressed in 6.9 (+12.0 %), back at about the old level in 6.11",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 12, 6.11 0!, 6.12 12!",
                "6.9",
                Shape::Partly,
                "regressed in 6.9 (+12.0 %), fixed in 6.11, back again in 6.12",
            ),
            (
                "6.8 0, 6.9 4!, 6.10 8, 6.11 12~, 6.12 12",
                "6.9",
                Shape::Drifting,
                "got worse by and by from 6.9 (+4.0 %), until 6.11, still present in 6.12",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 20!",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), still present in 6.10",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 -5!",
                "6.9",
                Shape::Transient,
                "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
            ),
            // Improvements.
            (
                "6.8 0, 6.9 -10!, 6.10 -10",
                "6.9",
                Shape::Open,
                "improved in 6.9 (−10.0 %), kept in 6.10",
            ),
            (
                "6.8 0, 6.9 -10!, 6.10 -10, 6.11 0!",
                "6.9",
                Shape::Fixed,
                "improved in 6.9 (−10.0 %), lost again in 6.11",
            ),
            // Stable series that branched off while it was bad.
            (
                "6.8 0, 6.9 12!, 6.9.1 12, 6.9.2 0!, 6.10 12, 6.11 0!",
                "6.9",
                Shape::Fixed,
                "regressed in 6.9 (+12.0 %), fixed in 6.11 and 6.9.2",
            ),
            (
                "6.8 0, 6.9 12!, 6.9.1 0!, 6.10 0!",
                "6.9",
                Shape::Transient,
                "regressed in 6.9 alone (+12.0 %), fixed in 6.10 and 6.9.1",
            ),
            (
                "6.8 0, 6.9 12!, 6.9.1 12, 6.9.2 12, 6.10 12, 6.11 0!",
                "6.9",
                Shape::Partly,
                "regressed in 6.9 (+12.0 %), fixed in 6.11, still present in 6.9.y (6.9.2)",
            ),
            // One that branched off after the repair is not worth a word.
            (
                "6.8 0, 6.9 12!, 6.10 12, 6.11 0!, 6.11.1 0",
                "6.9",
                Shape::Fixed,
                "regressed in 6.9 (+12.0 %), fixed in 6.11",
            ),
            // One that was not measured here.
            (
                "6.8 0, 6.9 12!, 6.9.1 -, 6.10 12, 6.11 0!",
                "6.9",
                Shape::Fixed,
                "regressed in 6.9 (+12.0 %), fixed in 6.11, not measured in 6.9.y",
            ),
            (
                "6.8 0, 6.9 12!, 6.10 0!, 6.10.1 -",
                "6.9",
                Shape::Transient,
                "regressed in 6.9 alone (+12.0 %), fixed in 6.10",
            ),
            // Series that branched off before it.
            (
                "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 12",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), still present in 6.10, backported to 6.6.31 (+12.0 %)",
            ),
            (
                "6.6 0, 6.6.30 0, 6.6.31 12!, 6.6.32 0!, 6.8 0, 6.9 12!, 6.10 0!",
                "6.9",
                Shape::Fixed,
                "regressed in 6.9 (+12.0 %), fixed in 6.10, backported to 6.6.31 (+12.0 %), fixed in 6.6.32",
            ),
            (
                "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 0!",
                "6.9",
                Shape::Partly,
                "regressed in 6.9 (+12.0 %), fixed in 6.10, backported to 6.6.31 (+12.0 %)",
            ),
            (
                "6.6 0, 6.6.30 0, 6.6.31 1!, 6.8 0, 6.9 12!, 6.10 12",
                "6.9",
                Shape::Open,
                "regressed in 6.9 (+12.0 %), still present in 6.10, not seen in 6.6.y",
            ),
            // All of it.
            (
                "6.6 0, 6.6.30 0, 6.6.31 12!, 6.8 0, 6.9 12!, 6.10 12, 6.11 12, 6.11.9 12, 6.12 12, 6.12.2 12, 6.12.3 0!, 6.13 0!",
                "6.9",
                Shape::Partly,
                "regressed in 6.9 (+12.0 %), fixed in 6.13, backported to 6.6.31 (+12.0 %), still present in 6.11.y (6.11.9), fixed in 6.12.3",
            ),
            // Begun in a stable series.
            (
                "6.6 0, 6.6.1 0, 6.6.2 12!, 6.6.3 0!, 6.7 0",
                "6.6.2",
                Shape::Transient,
                "regressed in 6.6.2 alone (+12.0 %), fixed in 6.6.3",
            ),
            (
                "6.6 0, 6.6.30 0, 6.6.31 12!, 6.6.32 12, 6.8 0, 6.9 12!",
                "6.6.31",
                Shape::Open,
                "regressed in 6.6.31 (+12.0 %), as mainline had in 6.9, still present in 6.6.y (6.6.32)",
            ),
            // Names that are no releases.
            (
                "base 0, patched 12!, patched-2 0!",
                "patched",
                Shape::Transient,
                "regressed in patched alone (+12.0 %), fixed in patched-2",
            ),
            (
                "base 0, patched 12!",
                "patched",
                Shape::Open,
                "regressed in patched (+12.0 %), nothing later measured",
            ),
        ];
        for (kernels, change, shape, sentence) in table {
            assert_eq!(told(kernels, change), (sentence.to_owned(), shape), "{kernels}");
        }
    }

    #[test]
    fn a_tree_that_makes_no_sense_has_no_life_and_no_end() {
        let kernel = |parent| crate::analysis::changes::Kernel {
            name: "6.9".to_owned(),
            track: 0,
            parent: Some(parent),
            order: 0,
        };
        let tree = Tree { kernels: vec![kernel(1), kernel(0), kernel(7)] };
        let step = |kernel, parent| Step {
            kernel,
            parent: Some(parent),
            before: 0.0,
            level: 0.1,
            change: Some(effect(10.0)),
            drift_end: Some(99),
        };
        let steps = [step(0, 1), step(1, 0), step(2, 7), step(9, 9)];
        for kernel in [0, 1, 2, 9] {
            assert!(tell(&tree, &steps, kernel, f64::NAN).is_some());
        }
        let mut level = step(0, 1);
        level.level = f64::NAN;
        assert_eq!(tell(&tree, &[level], 0, 0.1), None);
        assert_eq!(tell(&tree, &steps, 5, 0.1), None);
    }
}
