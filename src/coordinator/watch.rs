//! Looks at trees and at the clock, and orders what is new.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Desk;
use super::memory::Memory;
use super::orders::{Target, orders};
use super::settings::{First, Policy};
use crate::kernel::Point;
use crate::lab::LabError;
use crate::queue::Queue;

/// Watches all trees of a lab.
pub struct Watch<'a> {
    desk: &'a Desk,
    queue: Queue,
    memory: Memory,
    /// When each tree is looked at again.
    next: BTreeMap<String, i64>,
    /// Trees that could not be read the last time.
    down: BTreeSet<String>,
}

impl<'a> Watch<'a> {
    /// Begins with what was seen before.
    pub fn open(desk: &'a Desk) -> Result<Watch<'a>, LabError> {
        Ok(Watch {
            desk,
            queue: desk.queue()?,
            memory: Memory::open(&desk.state("memory.json"))?,
            next: BTreeMap::new(),
            down: BTreeSet::new(),
        })
    }

    /// Looks at what is due now.
    pub fn look(&mut self, tell: &dyn Fn(&str)) -> Result<(), LabError> {
        let desk = self.desk;
        let now = desk.clock.now();
        for (name, settings) in &desk.settings.trees {
            if desk.stops() || self.next.get(name).is_some_and(|next| *next > now) {
                continue;
            }
            let pause = (settings.minutes * 60_000.0).clamp(1000.0, 1e12) as i64;
            self.next.insert(name.clone(), now.saturating_add(pause));
            match self.fetch(name) {
                Ok(points) => {
                    if self.down.remove(name) {
                        tell(&format!("{name}: can be read again"));
                    }
                    self.take(name, settings.first, &points, tell)?;
                }
                // Said once, however long it lasts.
                Err(error) if self.down.insert(name.clone()) => {
                    tell(&format!(
                        "{name}: {error}; tried again every {} minutes",
                        settings.minutes
                    ));
                }
                Err(_) => {}
            }
        }
        for policy in &desk.settings.policies {
            self.on_time(policy, now, tell)?;
        }
        Ok(())
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
        let policies = desk.settings.policies.iter().filter(|policy| policy.times.is_none());
        for policy in policies.filter(|policy| policy.trees.iter().any(|name| name == tree)) {
            let new: Vec<&Point> = match (news.first, first) {
                (true, First::Nothing) => Vec::new(),
                (true, First::Newest) => policy.kernels.newest(points),
                _ => news.points.iter().copied().filter(|p| policy.kernels.takes(p)).collect(),
            };
            for point in new {
                self.order(policy, tree, point, tell)?;
            }
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
