//! Following a change along the tracks: from the levels of a series to the life of a change.

use super::alert::Turn;
use super::judged::track_name;
use super::life::{Event, Life, Shape, Step};
use crate::analysis::changes::Tree;

/// Less of a change than this is left where it is over.
const OVER: f64 = 0.3;
/// Noise never hides more of a change than this.
const NOISE: f64 = 0.5;
/// A change in a stable series is that of mainline if its size is at least this part of it, and at
/// most so many times as large.
const ALIKE: (f64, f64) = (0.4, 2.5);

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
    let mut tracks = teller.tracks().into_iter();
    events.extend(tracks.next().map_or(Vec::new(), |own| teller.on_track(own)));
    // Of the other tracks: where it was repaired, where it still is, where it was brought, and last
    // of which there is nothing to tell.
    let mut others: Vec<Vec<Event>> = tracks.map(|track| teller.on_track(track)).collect();
    others.sort_by_key(|events| events.first().map_or(0, order));
    events.extend(others.into_iter().flatten());
    let shape = teller.shape(&events);
    let turn = if effect.is_worse() { Turn::Regression } else { Turn::Improvement };
    Some(Life { turn, kernel: teller.name(kernel), effect, events, shape })
}

/// The order in which tracks are told of, by what happened there first.
fn order(event: &Event) -> usize {
    match event {
        Event::StillPresent { .. } => 1,
        Event::Backported { .. } => 2,
        Event::NotSeen { .. } => 3,
        Event::NotMeasured { .. } => 4,
        _ => 0,
    }
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

    fn on_track(&self, track: usize) -> Vec<Event> {
        let mut events = Vec::new();
        self.tell_track(track, &mut events);
        events
    }

    fn tell_track(&self, track: usize, events: &mut Vec<Event>) {
        let on = |step: &&Step| self.track_of(step.kernel) == track;
        let measured: Vec<&Step> = self.steps.iter().filter(on).collect();
        let change = self.steps[self.at].kernel;
        let own = self.track_of(change) == track;
        let name = self.track_label(track);
        let Some(newest) = measured.last() else {
            if self.first_of(track).is_some_and(|kernel| self.branched_off_bad(kernel)) {
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
        let found = self.steps.iter().filter(alike).filter(mainline).rfind(|s| !ancestor(s));
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
mod tests;
