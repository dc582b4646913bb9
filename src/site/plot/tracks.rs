//! A change in the history of an operation: one panel a track, a dot an iteration, the levels as
//! steps with their band of noise, and the window in which it moved.

use super::Plot;
use super::canvas::{Anchor, Canvas, Ink, UNITS, draw};
use super::kernel_axis::KernelAxis;
use super::value_axis::ValueAxis;
use crate::analysis::alerts::Turn;
use crate::site::{SiteError, format};

const HEIGHT: u32 = 270 * UNITS as u32;
const SMALL_HEIGHT: u32 = 200 * UNITS as u32;
/// Width of a plot that has a page to itself.
const WIDE: u32 = 1120 * UNITS as u32;
/// The same, for few kernels.
const MIDDLE: u32 = 640 * UNITS as u32;
const FEW: usize = 14;
/// Width of one among others.
const NARROW: u32 = 360 * UNITS as u32;
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 6 * UNITS;
/// Room for the names of tracks and the mark of the change.
const TOP: i32 = 24 * UNITS;

/// The history of an operation.
#[derive(Clone, Debug)]
pub struct History {
    pub operation: String,
    pub unit: String,
    /// What the change that is marked did.
    pub turn: Turn,
    /// In the order in which they are drawn.
    pub panels: Vec<Panel>,
    /// Half the width of the noise, as a log ratio.
    pub band: Option<f64>,
}

/// Kernels that follow one another.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Track of the first of them; empty for free text.
    pub track: String,
    /// The level of the kernel that the first one was made from, if it is not the one before.
    pub from: Option<f64>,
    /// The kernels.
    pub spots: Vec<Spot>,
}

/// A kernel.
#[derive(Clone, Debug)]
pub struct Spot {
    pub kernel: String,
    /// Mean of each iteration.
    pub boots: Vec<f64>,
    /// The level that it is taken to be at.
    pub level: f64,
    /// Nearer to the new level than to the old one.
    pub moved: bool,
    /// The first kernel with the new level.
    pub begins: bool,
    /// The last kernel with the old level.
    pub good: bool,
}

/// Draws it; `None` where nothing was measured.
pub fn tracks(history: &History, wide: bool) -> Result<Option<Plot>, SiteError> {
    // Between panels a place is left free.
    let mut slots: Vec<Option<&Spot>> = Vec::new();
    for panel in &history.panels {
        if !slots.is_empty() {
            slots.push(None);
        }
        slots.extend(panel.spots.iter().map(Some));
    }
    let (width, height) = match wide {
        true if slots.len() <= FEW => (MIDDLE, HEIGHT),
        true => (WIDE, HEIGHT),
        false => (NARROW, SMALL_HEIGHT),
    };
    let names: Vec<&str> = slots.iter().map(|slot| slot.map_or("", |s| &*s.kernel)).collect();
    let right = width as i32 - MARGIN;
    let kernels = KernelAxis::new(&names, LEFT, right);
    let bottom = height as i32 - kernels.height();
    let spots = || slots.iter().flatten();
    let shown = spots().flat_map(|spot| spot.boots.iter().copied().chain([spot.level]));
    let Some(values) = ValueAxis::new(shown, TOP, bottom) else { return Ok(None) };
    let drawing = Drawing { history, slots: &slots, kernels: &kernels, values, bottom };
    let body = draw((width, height), |canvas| {
        drawing.window(canvas)?;
        values.draw(canvas, LEFT, right)?;
        kernels.draw(canvas, bottom)?;
        drawing.names(canvas)?;
        drawing.levels(canvas)?;
        drawing.boots(canvas)?;
        drawing.mark(canvas)
    })?;
    Ok(Some(Plot { width, height, label: describe(history), body }))
}

struct Drawing<'h> {
    history: &'h History,
    slots: &'h [Option<&'h Spot>],
    kernels: &'h KernelAxis,
    values: ValueAxis,
    bottom: i32,
}

impl Drawing<'_> {
    fn find(&self, wanted: impl Fn(&Spot) -> bool) -> Option<usize> {
        self.slots.iter().position(|slot| slot.is_some_and(&wanted))
    }

    /// Shades what lies between the last good and the first bad kernel.
    fn window(&self, canvas: &Canvas) -> Result<(), SiteError> {
        let Some(bad) = self.find(|spot| spot.begins) else { return Ok(()) };
        let good = self.find(|spot| spot.good).filter(|good| good + 1 == bad);
        let from = good.map_or_else(|| self.kernels.edge(bad), |good| self.kernels.x(good));
        let to = (self.kernels.x(bad), self.bottom);
        canvas.rectangle(Ink::Window, (from, TOP), to)
    }

    /// The names of tracks over their panels, where there are several.
    fn names(&self, canvas: &Canvas) -> Result<(), SiteError> {
        if self.history.panels.len() < 2 {
            return Ok(());
        }
        let mut at = 0;
        for panel in &self.history.panels {
            let (from, to) = (self.kernels.edge(at), self.kernels.edge(at + panel.spots.len()));
            // A name that is wider than its panel would run into the next one.
            if panel.track.len() as i32 * 7 * UNITS <= to - from + self.kernels.edge(1) - LEFT {
                canvas.text(&panel.track, ((from + to) / 2, MARGIN), Anchor::Below)?;
            }
            at += panel.spots.len() + 1;
        }
        Ok(())
    }

    fn levels(&self, canvas: &Canvas) -> Result<(), SiteError> {
        for (at, slot) in self.slots.iter().enumerate() {
            let Some(spot) = slot else { continue };
            let (from, to) = (self.kernels.edge(at), self.kernels.edge(at + 1));
            let y = self.values.y(spot.level);
            if let Some(band) = self.history.band {
                let y = |sign: f64| self.values.y(spot.level * (sign * band).exp());
                canvas.rectangle(Ink::Band, (from, y(1.0)), (to, y(-1.0)))?;
            }
            canvas.line(self.ink(spot), vec![(from, y), (to, y)])?;
            let before = at.checked_sub(1).and_then(|before| self.slots.get(before).copied());
            if let Some(before) = before.flatten().filter(|b| b.level != spot.level) {
                canvas.line(Ink::Level, vec![(from, self.values.y(before.level)), (from, y)])?;
            }
        }
        // A stable series begins at the level of the kernel that it was made from.
        let mut at = 0;
        for panel in &self.history.panels {
            if let (Some(level), true) = (panel.from, at > 0) {
                let (left, right) = (self.kernels.x(at - 1), self.kernels.edge(at));
                let y = self.values.y(level);
                let first = panel.spots.first().map_or(y, |spot| self.values.y(spot.level));
                canvas.line(Ink::Whisker, vec![(left, y), (right, y), (right, first)])?;
            }
            at += panel.spots.len() + 1;
        }
        Ok(())
    }

    fn ink(&self, spot: &Spot) -> Ink {
        match (spot.moved, self.history.turn) {
            (false, _) => Ink::Level,
            (true, Turn::Regression) => Ink::WorseLevel,
            (true, Turn::Improvement) => Ink::BetterLevel,
        }
    }

    fn dot(&self, spot: &Spot) -> Ink {
        match self.ink(spot) {
            Ink::WorseLevel => Ink::Worse,
            Ink::BetterLevel => Ink::Better,
            _ => Ink::Point,
        }
    }

    fn boots(&self, canvas: &Canvas) -> Result<(), SiteError> {
        let radius = if self.slots.len() > 30 { 4 } else { 5 };
        for (at, slot) in self.slots.iter().enumerate() {
            let Some(spot) = slot else { continue };
            let n = spot.boots.len() as i32;
            for (boot, value) in (0..).zip(&spot.boots) {
                // Iterations stand side by side, so that equal ones can be told apart.
                let aside = (2 * boot + 1 - n) * self.kernels.half_slot() / (2 * n.max(1));
                let place = (self.kernels.x(at) + aside, self.values.y(*value));
                canvas.dot(self.dot(spot), place, radius)?;
            }
        }
        Ok(())
    }

    /// A triangle over the first kernel with the new level: down for worse, up for better.
    fn mark(&self, canvas: &Canvas) -> Result<(), SiteError> {
        let Some(bad) = self.find(|spot| spot.begins) else { return Ok(()) };
        let x = self.kernels.x(bad);
        let (half, high) = (5 * UNITS, TOP - 9 * UNITS);
        let (ink, base, tip) = match self.history.turn {
            Turn::Regression => (Ink::Worse, high, TOP),
            Turn::Improvement => (Ink::Better, TOP, high),
        };
        canvas.area(ink, vec![(x - half, base), (x + half, base), (x, tip)])
    }
}

/// What a person who cannot see the plot should know.
fn describe(history: &History) -> String {
    let spots: Vec<&Spot> = history.panels.iter().flat_map(|panel| &panel.spots).collect();
    let mut text = format!("{} over {}", history.operation, format::counted(spots.len(), "kernel"));
    let good = spots.iter().find(|spot| spot.good);
    let bad = spots.iter().find(|spot| spot.begins);
    if let (Some(good), Some(bad)) = (good, bad) {
        let at = |spot: &Spot| format!("{} on {}", format::number(spot.level, 2), spot.kernel);
        text += &format!(": the level {} went from {} to {}", history.unit, at(good), at(bad));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(kernel: &str, level: f64, begins: bool) -> Spot {
        Spot {
            kernel: kernel.to_owned(),
            boots: vec![level, level * 1.01],
            level,
            moved: level > 11.0,
            begins,
            good: kernel == "6.7",
        }
    }

    #[test]
    fn a_change_is_marked_and_told() {
        let stable = vec![spot("6.6.1", 10.0, false)];
        let mainline = vec![spot("6.7", 10.0, false), spot("6.8", 12.0, true)];
        let panel = |track: &str, spots| Panel { track: track.into(), from: Some(10.0), spots };
        let history = History {
            operation: "Elapsed-4".into(),
            unit: "seconds".into(),
            turn: Turn::Regression,
            panels: vec![panel("mainline", mainline), panel("6.6.y", stable)],
            band: Some(0.01),
        };
        for wide in [false, true] {
            let plot = tracks(&history, wide).expect("drawn").expect("measured");
            for class in ["wi", "lv", "lw", "wo", "band"] {
                assert!(plot.body.contains(&format!("class=\"{class}\"")), "{class}");
            }
            assert!(plot.body.contains("6.6.y"));
            assert!(plot.label.ends_with("from 10.00 on 6.7 to 12.00 on 6.8"), "{}", plot.label);
        }
    }

    #[test]
    fn nothing_measured_is_not_drawn() {
        let history = History {
            operation: String::new(),
            unit: String::new(),
            turn: Turn::Improvement,
            panels: Vec::new(),
            band: None,
        };
        assert!(tracks(&history, true).expect("no error").is_none());
    }
}
