//! Which change points belong together.
//!
//! Those of one benchmark at the same kernel do. So do those at neighbouring kernels where it is one
//! event seen differently: an operation that was not measured at the kernel of the others (its
//! window holds that kernel), or one whose own iterations there had already moved by a part of its
//! change, so that its change point may as well be that of the others.

use super::judged::{Judged, JudgedSeries, is_change};
use crate::analysis::changes::{ChangeComparison, Tree};

/// Part of its change that an operation must have moved by at the kernel of the others.
const MOVED: f64 = 0.25;

/// A change point: a series and one of its comparisons.
#[derive(Clone, Copy, Debug)]
pub struct Point<'j> {
    /// Place of the series.
    pub series: usize,
    /// The series.
    pub judged: &'j JudgedSeries,
    /// The comparison.
    pub comparison: &'j ChangeComparison,
}

/// Change points that are one event, and the kernel of most of them.
#[derive(Clone, Debug)]
pub struct Event<'j> {
    /// First kernel with the new levels.
    pub kernel: usize,
    /// Its change points, ordered by series.
    pub points: Vec<Point<'j>>,
}

/// The change points of the series of one benchmark, which start at `first`, as events in the order
/// of their kernels.
pub fn events<'j>(judged: &'j Judged, first: usize, series: &'j [JudgedSeries]) -> Vec<Event<'j>> {
    let mut points: Vec<Point> = Vec::new();
    for (at, judged) in series.iter().enumerate() {
        let changes = judged.verdicts.comparisons.iter().filter(|c| is_change(c));
        points.extend(changes.map(|comparison| Point { series: first + at, judged, comparison }));
    }
    points.sort_by_key(|point| (point.comparison.kernel, point.series));
    let same = points.chunk_by(|a, b| a.comparison.kernel == b.comparison.kernel);
    let mut events: Vec<Event> = same
        .map(|chunk| Event { kernel: chunk[0].comparison.kernel, points: chunk.to_vec() })
        .collect();
    // The largest first: small ones join it, not the other way round.
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(events[*at].points.len()), *at));
    for large in order {
        for small in 0..events.len() {
            if large != small && belongs(judged.tree(), &events[small], &events[large]) {
                let points = std::mem::take(&mut events[small].points);
                events[large].points.extend(points);
            }
        }
    }
    events.retain(|event| !event.points.is_empty());
    for event in &mut events {
        event.points.sort_by_key(|point| point.series);
    }
    events
}

/// `true` if all of `small` is the event of `large`, seen at another kernel.
fn belongs(tree: &Tree, small: &Event, large: &Event) -> bool {
    let (few, many) = (small.points.len(), large.points.len());
    let known = |point: &Point| large.points.iter().any(|other| other.series == point.series);
    few > 0
        && few <= many
        && !small.points.iter().any(known)
        && small.points.iter().all(|point| same_event(tree, point, large))
}

fn same_event(tree: &Tree, point: &Point, large: &Event) -> bool {
    let alike = |other: &Point| (other.comparison.effect > 0.0) == (point.comparison.effect > 0.0);
    if !large.points.iter().any(alike) {
        return false;
    }
    let judged = point.judged;
    // Not measured there: its window holds the kernel of the others.
    if judged.window(tree, point.comparison).any(|kernel| kernel == large.kernel) {
        return true;
    }
    // Or the windows of the others hold its kernel.
    if large.points.iter().any(|other| {
        alike(other)
            && other.judged.window(tree, other.comparison).any(|k| k == point.comparison.kernel)
    }) {
        return true;
    }
    // Or its own iterations had begun to move there, one kernel before or after.
    let effect = point.comparison.effect;
    let moved = |before: &ChangeComparison, after: &ChangeComparison| {
        (after.own - before.own) / effect >= MOVED
    };
    if point.comparison.parent == Some(large.kernel) {
        let Some(early) = judged.at(large.kernel) else { return false };
        let Some(before) = early.parent.and_then(|parent| judged.at(parent)) else { return false };
        return moved(before, early);
    }
    let late = judged.at(large.kernel).filter(|c| c.parent == Some(point.comparison.kernel));
    late.is_some_and(|late| moved(point.comparison, late))
}

#[cfg(test)]
mod tests {
    use super::super::testing::judged;
    use super::*;

    const KERNELS: [&str; 5] = ["6.6", "6.7", "6.8", "6.9", "6.10"];

    /// The events of operations with these levels: kernel and number of operations.
    fn found(rows: &[&str]) -> Vec<(String, usize)> {
        let names: Vec<String> = (0..rows.len()).map(|at| format!("op-{at}")).collect();
        let rows: Vec<(&str, &str, &str, &str)> =
            names.iter().zip(rows).map(|(name, row)| ("ivor", "aim9", &**name, *row)).collect();
        let judged = judged(&KERNELS, &rows);
        let events = events(&judged, 0, &judged.series);
        events.iter().map(|e| (judged.name(e.kernel).to_owned(), e.points.len())).collect()
    }

    #[test]
    fn change_points_of_one_event_are_together() {
        const USUAL: &str = "6.6 0, 6.7 0, 6.8 10!, 6.9 10, 6.10 10";
        /// Levels of operations, and the events they make.
        type Row = (&'static [&'static str], &'static [(&'static str, usize)]);
        let table: [Row; 7] = [
            // At the same kernel, whatever the direction.
            (&[USUAL, USUAL, "6.6 0, 6.7 0, 6.8 -10!, 6.9 -10"], &[("6.8", 3)]),
            // Not measured at the kernel of the others, before or after.
            (&[USUAL, USUAL, "6.6 0, 6.7 0, 6.9 10!, 6.10 10"], &[("6.8", 3)]),
            (&[USUAL, "6.6 0, 6.10 10!"], &[("6.8", 2)]),
            // It had begun to move there.
            (&[USUAL, USUAL, "6.6 0, 6.7 0, 6.8 4, 6.9 10!, 6.10 10"], &[("6.8", 3)]),
            // It had not.
            (&[USUAL, USUAL, "6.6 0, 6.7 0, 6.8 0, 6.9 10!, 6.10 10"], &[("6.8", 2), ("6.9", 1)]),
            // The other way.
            (&[USUAL, USUAL, "6.6 0, 6.7 0, 6.9 -10!, 6.10 -10"], &[("6.8", 2), ("6.9", 1)]),
            // The same operation twice is two events.
            (&["6.6 0, 6.7 0, 6.8 10!, 6.9 0!"], &[("6.8", 1), ("6.9", 1)]),
        ];
        for (rows, expected) in table {
            let expected: Vec<(String, usize)> =
                expected.iter().map(|(kernel, count)| ((*kernel).to_owned(), *count)).collect();
            assert_eq!(found(rows), expected, "{rows:?}");
        }
    }
}
