//! Looks at trees and at the clock, and orders what is new.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Desk;
use super::memory::Memory;
use super::orders::{Target, orders};
use super::settings::{First, Policy};
use crate::kernel::Point;
use crate::lab::LabError;
use crate::queue::Queue;

const MINUTE: i64 = 60_000;

/// Watches all trees of a lab.
pub struct Watch<'a> {
    desk: &'a Desk,
    queue: Queue,
    memory: Memory,
    /// When each tree, and each policy that failed, was looked at.
    looked: BTreeMap<String, i64>,
    /// Trees that could not be read the last time.
    down: BTreeSet<String>,
    /// What people were told that could not be ordered.
    faults: BTreeMap<String, String>,
}

impl<'a> Watch<'a> {
    /// Begins with what was seen before.
    pub fn open(desk: &'a Desk) -> Result<Watch<'a>, LabError> {
        Ok(Watch {
            desk,
            queue: desk.queue()?,
            memory: Memory::open(&desk.state("memory.json"))?,
            looked: BTreeMap::new(),
            down: BTreeSet::new(),
            faults: BTreeMap::new(),
        })
    }

    /// Looks at what is due now.
    pub fn look(&mut self, tell: &dyn Fn(&str)) {
        let desk = self.desk;
        let now = desk.clock.now();
        for (name, settings) in &desk.settings.trees {
            let pause = (settings.minutes * 60_000.0).clamp(1000.0, 1e12) as i64;
            if desk.stops() || !self.is_due(name, now, pause) {
                continue;
            }
            self.looked.insert(name.clone(), now);
            let every = format!("tried again every {} minutes", settings.minutes);
            match self.fetch(name) {
                Ok(points) => {
                    if self.down.remove(name) {
                        tell(&format!("{name}: can be read again"));
                    }
                    let taken = self.take(name, settings.first, &points, tell);
                    self.told_once(&format!("{name}, what is new in it"), taken, &every, tell);
                }
                // Said once, however long it lasts.
                Err(error) if self.down.insert(name.clone()) => {
                    tell(&format!("{name}: {error}; {every}"));
                }
                Err(_) => {}
            }
        }
        for policy in &desk.settings.policies {
            let place = format!("policy {}", policy.name);
            if !self.is_due(&place, now, MINUTE) {
                continue;
            }
            let done = self.on_time(policy, now, tell);
            if done.is_err() {
                self.looked.insert(place.clone(), now);
            }
            self.told_once(&place, done, "tried again every minute", tell);
        }
    }

    /// `true` if it was not looked at for so many milliseconds, or if the clock was set back since.
    fn is_due(&self, what: &str, now: i64, pause: i64) -> bool {
        self.looked.get(what).is_none_or(|looked| !(0..pause).contains(&(now - looked)))
    }

    /// What cannot be ordered now is ordered as soon as it can be, and keeps nothing else from being done: people
    /// hear of it once.
    fn told_once(
        &mut self,
        what: &str,
        result: Result<(), LabError>,
        again: &str,
        tell: &dyn Fn(&str),
    ) {
        match result.map_err(|error| format!("{what}: {error}; {again}")) {
            Ok(()) => drop(self.faults.remove(what)),
            Err(text) if self.faults.get(what) != Some(&text) => {
                tell(&text);
                self.faults.insert(what.to_owned(), text);
            }
            Err(_) => {}
        }
    }

    fn fetch(&self, name: &str) -> Result<Vec<Point>, LabError> {
        self.desk.tree(name)?.fetch()?;
        self.points(name)
    }

    fn points(&self, name: &str) -> Result<Vec<Point>, LabError> {
        let tree = self.desk.tree(name)?;
        let Some(settings) = self.desk.settings.trees.get(name) else { return Ok(Vec::new()) };
        let mut points = tree.tags(&settings.tags)?;
        points.extend(tree.branches(&settings.branches)?);
        Ok(points)
    }

    /// Orders what is new, and remembers it only then: who is killed in between orders the same again.
    fn take(
        &mut self,
        tree: &str,
        first: First,
        points: &[Point],
        tell: &dyn Fn(&str),
    ) -> Result<(), LabError> {
        let desk = self.desk;
        let news = self.memory.news(tree, points);
        for point in &news.moved {
            tell(&format!("{tree}: {} is another commit than before: not run again", point.name));
        }
        let mut fault = None;
        let policies = desk.settings.policies.iter().filter(|policy| policy.times.is_none());
        for policy in policies.filter(|policy| policy.trees.iter().any(|name| name == tree)) {
            let new: Vec<&Point> = match (news.first, first) {
                (true, First::Nothing) => Vec::new(),
                (true, First::Newest) => policy.kernels.newest(points),
                _ => news.points.iter().copied().filter(|p| policy.kernels.takes(p)).collect(),
            };
            // What cannot be ordered for one policy keeps the others waiting for nothing.
            for point in new {
                fault = self.order(policy, tree, point, tell).err().or(fault);
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let passed_over = news.first && first == First::Nothing;
        self.memory.saw(tree, points, passed_over)
    }

    fn on_time(&mut self, policy: &Policy, now: i64, tell: &dyn Fn(&str)) -> Result<(), LabError> {
        let Some(times) = &policy.times else { return Ok(()) };
        let Some(seen) = self.memory.time(&policy.name) else {
            // What was before melbot is nobody's fault.
            return self.memory.saw_to(&policy.name, now);
        };
        let Some(due) = times.due(seen, now) else { return Ok(()) };
        // A tree that is down keeps the time due.
        if policy.trees.iter().any(|tree| self.down.contains(tree)) {
            return Ok(());
        }
        tell(&format!("{}: its time has come", policy.name));
        for tree in &policy.trees {
            let points = self.points(tree)?;
            for point in policy.kernels.newest(&points) {
                self.order(policy, tree, point, tell)?;
            }
        }
        self.memory.saw_to(&policy.name, due)
    }

    fn order(
        &mut self,
        policy: &Policy,
        tree: &str,
        point: &Point,
        tell: &dyn Fn(&str),
    ) -> Result<(), LabError> {
        let build = self.desk.build_key(&self.desk.tree(tree)?, &policy.kconfig, &point.commit)?;
        let orders =
            orders(policy, &Target { tree, point, build: &build, again: &BTreeMap::new() });
        let submitted = self.queue.submit(&orders)?;
        let fresh = submitted.iter().filter(|submitted| submitted.fresh).count();
        if fresh > 0 {
            let signed = if point.signed { ", signed" } else { "" };
            tell(&format!(
                "{tree}: {} ({:.12}{signed}) for {}: {fresh} jobs queued",
                point.name, point.commit, policy.name
            ));
        }
        Ok(())
    }
}
