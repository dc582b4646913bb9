//! The history of an operation: one panel a track, a dot an iteration, the levels as steps with their
//! band of noise, the changes and the windows in which they lie.

use super::canvas::{Anchor, Canvas, Ink, UNITS, draw};
use super::kernel_axis::{self, KernelAxis};
use super::value_axis::ValueAxis;
use super::{Hit, Plot};
use crate::analysis::alerts::Turn;
use crate::site::catalogue::named;
use crate::site::history::{History, Spot, Tone};
use crate::site::{SiteError, format};

const HEIGHT: u32 = 270 * UNITS as u32;
const SMALL_HEIGHT: u32 = 200 * UNITS as u32;
/// Width of a plot as wide as a page.
const WIDE: u32 = 1120 * UNITS as u32;
/// The same, for few kernels, and beside a table.
pub const MIDDLE: u32 = 640 * UNITS as u32;
/// Up to so many kernels are few.
const FEW: usize = 14;
/// Up to so many kernels have room beside a table.
const FEW_BESIDE: usize = 48;
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 6 * UNITS;
/// Room for the names of tracks and the marks of changes.
const TOP: i32 = 32 * UNITS;
/// Half the width of what can be clicked on of a mark.
const MARK: i32 = 12 * UNITS;
/// Values of iterations that are told.
const TOLD: usize = 6;

/// Where a plot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It is what a page is about.
    Page,
    /// Beside its table.
    Beside,
    /// Among others.
    Among,
}

impl Shape {
    fn extent(self, slots: usize) -> (u32, u32) {
        match self {
            Shape::Page if slots <= FEW => (MIDDLE, HEIGHT),
            Shape::Beside if slots <= FEW_BESIDE => (MIDDLE, HEIGHT),
            Shape::Page | Shape::Beside => (WIDE, HEIGHT),
            Shape::Among => (kernel_axis::width(slots), SMALL_HEIGHT),
        }
    }
}

/// Draws it; `None` where nothing was measured.
pub fn tracks(history: &History, shape: Shape) -> Result<Option<Plot>, SiteError> {
    // Between panels a place is left free.
    let mut slots: Vec<Option<&Spot>> = Vec::new();
    for panel in &history.panels {
        if !slots.is_empty() {
            slots.push(None);
        }
        slots.extend(panel.spots.iter().map(Some));
    }
    let (width, height) = shape.extent(slots.len());
    let names: Vec<&str> = slots.iter().map(|slot| slot.map_or("", |s| named(&s.run))).collect();
    let right = width as i32 - MARGIN;
    let kernels = KernelAxis::new(&names, LEFT, right);
    let bottom = height as i32 - kernels.height();
    let spots = || slots.iter().flatten();
    let shown = spots().flat_map(|spot| spot.boots.iter().copied().chain(spot.level));
    let Some(values) = ValueAxis::new(shown, TOP, bottom) else { return Ok(None) };
    let drawing = Drawing { history, slots: &slots, kernels: &kernels, values, bottom };
    let body = draw((width, height), |canvas| {
        drawing.windows(canvas)?;
        values.draw(canvas, LEFT, right)?;
        kernels.draw(canvas, bottom)?;
        drawing.names(canvas)?;
        drawing.levels(canvas)?;
        drawing.boots(canvas)?;
        drawing.marks(canvas)
    })?;
    let hits = drawing.hits(height as i32);
    Ok(Some(Plot { width, height, label: describe(history), body, hits }))
}

struct Drawing<'h> {
    history: &'h History,
    slots: &'h [Option<&'h Spot>],
    kernels: &'h KernelAxis,
    values: ValueAxis,
    bottom: i32,
}

impl Drawing<'_> {
    fn spots(&self) -> impl Iterator<Item = (usize, &Spot)> {
        self.slots.iter().enumerate().filter_map(|(at, slot)| Some((at, (*slot)?)))
    }

    /// The changes, and what each did.
    fn changes(&self) -> impl Iterator<Item = (usize, &Spot, Turn)> {
        self.spots().filter_map(|(at, spot)| Some((at, spot, spot.mark.as_ref()?.turn)))
    }

    /// Shades what lies between the last kernel with the old level and the first with the new one.
    fn windows(&self, canvas: &Canvas) -> Result<(), SiteError> {
        for (at, spot, _) in self.changes() {
            let before = at.checked_sub(1).filter(|_| spot.follows);
            let from =
                before.map_or_else(|| self.kernels.edge(at), |before| self.kernels.x(before));
            canvas.rectangle(Ink::Window, (from, TOP), (self.kernels.x(at), self.bottom))?;
        }
        Ok(())
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
        for (at, spot) in self.spots() {
            let Some(level) = spot.level else { continue };
            let (from, to) = (self.kernels.edge(at), self.kernels.edge(at + 1));
            let y = self.values.y(level);
            if let Some(band) = self.history.band {
                let y = |sign: f64| self.values.y(level * (sign * band).exp());
                canvas.rectangle(Ink::Band, (from, y(1.0)), (to, y(-1.0)))?;
            }
            canvas.line(level_ink(spot.tone), vec![(from, y), (to, y)])?;
            let before = at.checked_sub(1).and_then(|before| *self.slots.get(before)?);
            if let Some(before) = before.and_then(|before| before.level).filter(|b| *b != level) {
                canvas.line(Ink::Level, vec![(from, self.values.y(before)), (from, y)])?;
            }
        }
        self.means(canvas)?;
        // A stable series begins at the level of the kernel that it was made from.
        let mut at = 0;
        for panel in &self.history.panels {
            if let (Some(level), true) = (panel.from, at > 0) {
                let (left, right) = (self.kernels.x(at - 1), self.kernels.edge(at));
                let y = self.values.y(level);
                let first = panel.spots.first().and_then(|spot| spot.level);
                let first = first.map_or(y, |level| self.values.y(level));
                canvas.line(Ink::Whisker, vec![(left, y), (right, y), (right, first)])?;
            }
            at += panel.spots.len() + 1;
        }
        Ok(())
    }

    /// Joins what has no level by its means, within a track.
    fn means(&self, canvas: &Canvas) -> Result<(), SiteError> {
        let mut line: Vec<(i32, i32)> = Vec::new();
        let join = |line: Vec<(i32, i32)>| match line.len() {
            0 | 1 => Ok(()),
            _ => canvas.line(Ink::Whisker, line),
        };
        for (at, slot) in self.slots.iter().enumerate() {
            match slot.filter(|spot| spot.level.is_none() && !spot.boots.is_empty()) {
                Some(spot) => {
                    let mean = spot.boots.iter().sum::<f64>() / spot.boots.len() as f64;
                    line.push((self.kernels.x(at), self.values.y(mean)));
                }
                None => join(std::mem::take(&mut line))?,
            }
        }
        join(line)
    }

    fn boots(&self, canvas: &Canvas) -> Result<(), SiteError> {
        let radius = if self.slots.len() > 30 { 4 } else { 5 };
        for (at, spot) in self.spots() {
            let ink = match spot.tone {
                Tone::Plain => Ink::Point,
                Tone::Worse => Ink::Worse,
                Tone::Better => Ink::Better,
            };
            let n = spot.boots.len() as i32;
            for (boot, value) in (0..).zip(&spot.boots) {
                // Iterations stand side by side, so that equal ones can be told apart.
                let aside = (2 * boot + 1 - n) * self.kernels.half_slot() / (2 * n.max(1));
                canvas.dot(ink, (self.kernels.x(at) + aside, self.values.y(*value)), radius)?;
            }
        }
        Ok(())
    }

    /// A triangle over the first kernel with a new level: down for worse, up for better.
    fn marks(&self, canvas: &Canvas) -> Result<(), SiteError> {
        for (at, _, turn) in self.changes() {
            let x = self.kernels.x(at);
            let (half, high) = (5 * UNITS, TOP - 9 * UNITS);
            let (ink, base, tip) = match turn {
                Turn::Regression => (Ink::Worse, high, TOP),
                Turn::Improvement => (Ink::Better, TOP, high),
            };
            canvas.area(ink, vec![(x - half, base), (x + half, base), (x, tip)])?;
        }
        Ok(())
    }

    /// Every run leads to its page, and every mark to its alert.
    fn hits(&self, height: i32) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (at, spot) in self.spots() {
            let (from, to) = (self.kernels.edge(at), self.kernels.edge(at + 1));
            hits.push(Hit {
                at: [from, TOP, to - from, height - TOP],
                href: spot.page.clone(),
                title: told(self.history, spot),
            });
            if let Some(mark) = &spot.mark {
                hits.push(Hit {
                    at: [self.kernels.x(at) - MARK, 0, 2 * MARK, TOP],
                    href: mark.page.clone(),
                    title: format!("{} in {}: its alert", mark.turn.verb(), named(&spot.run)),
                });
            }
        }
        hits
    }
}

fn level_ink(tone: Tone) -> Ink {
    match tone {
        Tone::Plain => Ink::Level,
        Tone::Worse => Ink::WorseLevel,
        Tone::Better => Ink::BetterLevel,
    }
}

/// The values of a run.
fn told(history: &History, spot: &Spot) -> String {
    let number = |value: &f64| format::number(*value, history.decimals);
    let mut values: Vec<String> = spot.boots.iter().take(TOLD).map(number).collect();
    if spot.boots.len() > TOLD {
        values.push("…".to_owned());
    }
    let unit = &history.unit;
    let iterations = format::counted(spot.boots.len(), "iteration");
    format!("{}: {} {unit}, {iterations}", named(&spot.run), values.join(" · "))
}

/// What a person who cannot see the plot should know.
fn describe(history: &History) -> String {
    let spots: Vec<&Spot> = history.panels.iter().flat_map(|panel| &panel.spots).collect();
    let mut text = format!("{} over {}", history.operation, format::counted(spots.len(), "run"));
    let judged = || spots.iter().filter_map(|spot| Some((spot, spot.level?)));
    let at = |(spot, level): (&&Spot, f64)| {
        format!("{} on {}", format::number(level, history.decimals), named(&spot.run))
    };
    if let (Some(first), Some(last), true) =
        (judged().next(), judged().next_back(), spots.len() > 1)
    {
        text += &format!(": the level in {} went from {} to {}", history.unit, at(first), at(last));
    }
    for spot in &spots {
        if let Some(mark) = &spot.mark {
            text += &format!("; {} in {}", mark.turn.verb(), named(&spot.run));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::history::{Mark, Panel};

    fn spot(run: &str, level: f64, tone: Tone) -> Spot {
        let mark =
            Mark { turn: Turn::Regression, alert: "x".to_owned(), page: "alert/x.html".to_owned() };
        Spot {
            run: run.to_owned(),
            page: format!("m/c/{run}.html"),
            boots: vec![level, level * 1.01],
            level: Some(level),
            follows: run == "6.8",
            tone,
            mark: (run == "6.8").then_some(mark),
        }
    }

    fn history(panels: Vec<Panel>) -> History {
        let (operation, unit) = ("Elapsed-4".into(), "seconds".into());
        History { operation, unit, decimals: 2, panels, band: Some(0.01) }
    }

    #[test]
    fn a_change_is_marked_and_told_and_leads_to_its_alert() {
        let stable = vec![spot("6.6.1", 10.0, Tone::Plain)];
        let mainline = vec![spot("6.7", 10.0, Tone::Plain), spot("6.8", 12.0, Tone::Worse)];
        let panel = |track: &str, spots| Panel { track: track.into(), from: Some(10.0), spots };
        let history = history(vec![panel("mainline", mainline), panel("6.6.y", stable)]);
        for shape in [Shape::Page, Shape::Beside, Shape::Among] {
            let plot = tracks(&history, shape).expect("drawn").expect("measured");
            for class in ["wi", "lv", "lw", "wo", "band"] {
                assert!(plot.body.contains(&format!("class=\"{class}\"")), "{class}");
            }
            assert!(plot.body.contains("6.6.y"));
            let told = "from 10.00 on 6.7 to 10.00 on 6.6.1; regressed in 6.8";
            assert!(plot.label.ends_with(told), "{}", plot.label);
            let hits: Vec<(&str, &str)> =
                plot.hits.iter().map(|hit| (&*hit.href, &*hit.title)).collect();
            let run = "6.7: 10.00 · 10.10 seconds, 2 iterations";
            assert_eq!(hits[0], ("m/c/6.7.html", run));
            assert_eq!(hits[2], ("alert/x.html", "regressed in 6.8: its alert"));
            assert_eq!(hits.len(), 4);
        }
    }

    #[test]
    fn nothing_measured_is_not_drawn() {
        assert!(tracks(&history(Vec::new()), Shape::Page).expect("no error").is_none());
    }

    #[test]
    fn what_was_not_judged_has_dots_and_no_level() {
        let mut alone = spot("mine", 10.0, Tone::Plain);
        alone.level = None;
        let mut other = spot("theirs", 11.0, Tone::Plain);
        other.level = None;
        let panel = Panel { track: String::new(), from: None, spots: vec![alone, other] };
        let plot = tracks(&history(vec![panel]), Shape::Among).expect("drawn").expect("measured");
        assert!(plot.body.contains("class=\"dot pt\"") && !plot.body.contains("class=\"lv\""));
        assert!(plot.body.contains("class=\"wh\""), "their means are joined");
    }
}
