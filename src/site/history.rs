//! The history of an operation along the tracks: what every plot of it is drawn from.

use std::collections::HashMap;

use serde::Serialize;

use super::alerts::page_of;
use super::catalogue::{Catalogue, Shelf};
use crate::analysis::alerts::{
    BenchmarkKey, JudgedSeries, Member, Place, SeriesKey, Turn, track_name,
};
use crate::analysis::changes::Scale;
use crate::analysis::{BenchmarkTable, OperationTable};

/// Half the band of noise, in deviations of an iteration: as wide as the intervals are.
const WIDTH: f64 = 1.645;
/// Levels are told to this part of the range of the values: less is not to be seen in a plot.
const PARTS: f64 = 100.0;
/// The least that a plot shows as its range, as a share of the values.
const MINIMUM_SPAN: f64 = 0.02;

/// The history of an operation.
///
/// What is not to be seen in a plot is rounded away: every new run moves what the engine has learnt a
/// little, and that must not make a page of others another one.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    #[serde(skip)]
    pub operation: String,
    #[serde(skip)]
    pub unit: String,
    #[serde(skip)]
    pub decimals: usize,
    /// In the order in which they are drawn.
    pub panels: Vec<Panel>,
    /// Half the width of the noise of an iteration, as a log ratio.
    pub band: Option<f64>,
}

/// Kernels that follow one another.
#[derive(Clone, Debug, Serialize)]
pub struct Panel {
    /// Track of the first of them; empty for free text.
    pub track: String,
    /// The level of the kernel that the first one was made from, if it is not the one before.
    pub from: Option<f64>,
    /// The runs.
    pub spots: Vec<Spot>,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct Spot {
    /// Its name.
    #[serde(skip)]
    pub run: String,
    /// Its page.
    #[serde(skip)]
    pub page: String,
    /// Mean of each iteration.
    #[serde(skip)]
    pub boots: Vec<f64>,
    /// The level that the kernel is taken to be at, where it was judged.
    pub level: Option<f64>,
    /// It was made from the kernel that is drawn before it.
    pub follows: bool,
    /// What the level looks like.
    pub tone: Tone,
    /// The change that begins here.
    pub mark: Option<Mark>,
}

/// Whether a level is worth a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Tone {
    /// It is not.
    #[default]
    Plain,
    /// For the worse.
    Worse,
    /// For the better.
    Better,
}

/// A change that is an alert.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// What it did.
    pub turn: Turn,
    /// Name of the alert.
    #[serde(skip)]
    pub alert: String,
    /// Its page.
    pub page: String,
}

/// Histories of a comparison, by benchmark and operation, one for each folder that its runs lie in;
/// nearly always that is one.
pub type Histories = Vec<Vec<Vec<History>>>;

/// All histories of a comparison.
pub fn histories(catalogue: &Catalogue, shelf: &Shelf) -> Histories {
    let of = |benchmark: &BenchmarkTable| {
        let operations = benchmark.operations.iter();
        operations.map(|o| of_operation(catalogue, shelf, benchmark, o)).collect()
    };
    shelf.comparison.benchmarks.iter().map(of).collect()
}

/// The histories of an operation, one for each folder.
pub fn of_operation(
    catalogue: &Catalogue,
    shelf: &Shelf,
    benchmark: &BenchmarkTable,
    operation: &OperationTable,
) -> Vec<History> {
    let mut folders: Vec<&str> = Vec::new();
    for column in &shelf.comparison.columns {
        if !folders.contains(&&*column.folder) {
            folders.push(&column.folder);
        }
    }
    let subject = Subject { catalogue, shelf, benchmark, operation };
    let all = folders.iter().map(|folder| subject.history(folder));
    all.filter(|history| !history.panels.is_empty()).collect()
}

/// The history of a member of an alert: coloured is what is nearer to its new level than to the old
/// one, and no other change is marked.
pub fn of_member(
    catalogue: &Catalogue,
    shelf: &Shelf,
    of: &BenchmarkKey,
    member: &Member,
) -> Option<History> {
    let benchmark = shelf.comparison.benchmarks.iter().find(|b| b.name == of.benchmark)?;
    let operation = benchmark.operations.iter().find(|o| o.name == member.operation)?;
    let series = catalogue.judged.series.get(member.series)?;
    let subject = Subject { catalogue, shelf, benchmark, operation };
    let mut history = subject.history(&of.place.run_path);
    let (before, after) = member.levels;
    // Changes are multiplicative; where values may be 0 or less, additive will do.
    let moved = |level: f64| match series.verdicts.scale {
        Scale::Log => (level / after).ln().abs() < (level / before).ln().abs(),
        Scale::Identity => (level - after).abs() < (level - before).abs(),
    };
    let tone = match member.turn {
        Turn::Regression => Tone::Worse,
        Turn::Improvement => Tone::Better,
    };
    for spot in history.panels.iter_mut().flat_map(|panel| &mut panel.spots) {
        spot.tone = if spot.level.is_some_and(moved) { tone } else { Tone::Plain };
        if spot.run != member.window.first_bad {
            spot.mark = None;
        }
    }
    Some(history)
}

/// The columns of a comparison by track: mainline first, the others in the order of their first
/// kernels.
pub fn by_track(shelf: &Shelf) -> Vec<(String, Vec<usize>)> {
    let mut tracks: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, column) in shelf.comparison.columns.iter().enumerate() {
        let track = track_name(&column.run);
        match tracks.iter_mut().find(|(known, _)| *known == track) {
            Some((_, columns)) => columns.push(at),
            None => tracks.push((track, vec![at])),
        }
    }
    tracks.sort_by_key(|(track, _)| track != "mainline");
    tracks
}

/// Levels and noise are worth telling: where no kernel was measured twice and none is said to have moved,
/// they are what other series lend, and say nothing about this one.
fn is_told(panels: &[Panel]) -> bool {
    let mut spots = panels.iter().flat_map(|panel| &panel.spots);
    spots.any(|spot| spot.boots.len() > 1 || spot.mark.is_some())
}

/// An operation on its shelf.
#[derive(Clone, Copy)]
struct Subject<'a> {
    catalogue: &'a Catalogue<'a>,
    shelf: &'a Shelf<'a>,
    benchmark: &'a BenchmarkTable,
    operation: &'a OperationTable,
}

impl<'a> Subject<'a> {
    fn history(self, folder: &str) -> History {
        let series = self.series(folder);
        let grain = self.grain(folder);
        let mut panels: Vec<Panel> = Vec::new();
        let mut last: Option<usize> = None;
        for (track, columns) in by_track(self.shelf) {
            for at in columns {
                let column = &self.shelf.comparison.columns[at];
                let cell = &self.operation.cells[at];
                if cell.iterations.is_empty() || column.folder != folder {
                    continue;
                }
                let kernel = self.catalogue.judged.history.place(&column.run);
                let judged = series.zip(kernel).and_then(|((number, series), kernel)| {
                    Some((number, kernel, series.at(kernel)?))
                });
                let parent = judged.and_then(|(_, _, comparison)| comparison.parent);
                // A kernel that ran again stands beside itself.
                let again = kernel.is_some() && kernel == last;
                let follows = again || (parent.is_some() && parent == last);
                let spot = Spot {
                    run: column.run.clone(),
                    page: self.shelf.runs[at].page.clone(),
                    boots: cell.iterations.clone(),
                    level: judged.map(|(_, _, comparison)| grain.round(comparison.levels.1)),
                    follows,
                    tone: Tone::Plain,
                    mark: judged
                        .filter(|_| !again)
                        .and_then(|(number, kernel, _)| self.catalogue.mark(number, kernel))
                        .map(|(turn, id)| Mark { turn, alert: id.to_owned(), page: page_of(id) }),
                };
                match panels.last_mut() {
                    Some(panel) if follows || panel.track == track => panel.spots.push(spot),
                    _ => panels.push(Panel {
                        track: track.clone(),
                        from: judged
                            .filter(|_| parent.is_some())
                            .map(|(_, _, comparison)| grain.round(comparison.levels.0)),
                        spots: vec![spot],
                    }),
                }
                last = kernel;
            }
        }
        if let Some((number, series)) = series {
            self.colour(number, series, &mut panels);
        }
        let is_told = is_told(&panels);
        if !is_told {
            for panel in &mut panels {
                panel.from = None;
                panel.spots.iter_mut().for_each(|spot| spot.level = None);
            }
        }
        History {
            operation: self.operation.name.clone(),
            unit: self.operation.unit.clone(),
            decimals: self.benchmark.decimals,
            panels,
            band: series.filter(|_| is_told).and_then(|(_, series)| grain.band(series)),
        }
    }

    /// The series of the runs in this folder, with its place among all.
    fn series(self, folder: &str) -> Option<(usize, &'a JudgedSeries)> {
        let comparison = self.shelf.comparison;
        let place = Place {
            machine: comparison.machine.clone(),
            config: comparison.config.clone(),
            run_path: folder.to_owned(),
        };
        let wanted = SeriesKey {
            of: BenchmarkKey { place, benchmark: self.benchmark.name.clone() },
            operation: self.operation.name.clone(),
        };
        let all = &self.catalogue.judged.series;
        let at = all.binary_search_by(|series| series.key.cmp(&wanted)).ok()?;
        Some((at, all.get(at)?))
    }

    /// Levels that a change lies before are worse or better than the oldest kernel's, if they differ
    /// from it by as much as a change must to be told.
    fn colour(self, number: usize, series: &JudgedSeries, panels: &mut [Panel]) {
        let judged = self.catalogue.judged;
        // Parents stand before their children.
        let mut changed: HashMap<usize, bool> = HashMap::new();
        for comparison in &series.verdicts.comparisons {
            let before = comparison.parent.and_then(|parent| changed.get(&parent).copied());
            let here = self.catalogue.mark(number, comparison.kernel).is_some();
            changed.insert(comparison.kernel, here || before.unwrap_or(false));
        }
        let base = panels.first().and_then(|panel| panel.spots.first()?.level);
        let Some(base) = base else { return };
        let least = base.abs() * self.catalogue.settings.min_effect;
        for panel in panels {
            for spot in &mut panel.spots {
                let Some(kernel) = judged.history.place(&spot.run) else { continue };
                let worse = spot.level.map_or(0.0, |l| (l - base) * series.direction.worse_sign());
                spot.tone = match changed.get(&kernel) {
                    Some(true) if worse > least => Tone::Worse,
                    Some(true) if -worse > least => Tone::Better,
                    _ => Tone::Plain,
                };
            }
        }
    }

    fn grain(self, folder: &str) -> Grain {
        let columns = self.shelf.comparison.columns.iter().zip(&self.operation.cells);
        let here = columns.filter(|(column, _)| column.folder == folder);
        let values = here.flat_map(|(_, cell)| &cell.iterations).filter(|value| value.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        let size = low.abs().max(high.abs());
        Grain { step: (high - low).max(MINIMUM_SPAN * size) / PARTS, size }
    }
}

/// What can be told apart in a plot.
#[derive(Clone, Copy)]
struct Grain {
    step: f64,
    size: f64,
}

impl Grain {
    fn round(self, value: f64) -> f64 {
        let rounded = (value / self.step).round() * self.step;
        if rounded.is_finite() { rounded } else { value }
    }

    /// Half the width of the noise of an iteration, where changes are ratios.
    fn band(self, series: &JudgedSeries) -> Option<f64> {
        let noise = &series.verdicts.noise;
        let band = WIDTH * (noise.boot.powi(2) + noise.jitter.powi(2)).sqrt();
        let step = self.step / self.size;
        let rounded = (band / step).round() * step;
        (series.verdicts.scale == Scale::Log && rounded.is_finite()).then_some(rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_to_be_seen_is_rounded_away() {
        let grain = Grain { step: 0.2, size: 110.0 };
        assert_eq!(grain.round(100.03), grain.round(99.96));
        assert_ne!(grain.round(100.03), grain.round(100.4));
        // Nothing but zeros, or nothing at all: levels are what they are.
        for step in [0.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(Grain { step, size: 0.0 }.round(3.0), 3.0);
        }
    }
}
