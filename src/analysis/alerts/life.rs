//! The life of a change over the tracks, as a person would tell it: where it began, where it was
//! repaired, where it is still there, and to which stable series it was brought.

use serde::Serialize;

use super::alert::Turn;
use super::effect::Effect;
use super::judged::{Judged, JudgedSeries, is_change};
use super::telling::tell;
use crate::analysis::changes::Scale;

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
    /// A series that branched off while it was there, and of which the machine ran other things.
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
    /// What happened to it: on its own track first, then where it was repaired, where it is still
    /// there, where it was brought, and where nothing is known of it.
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
    let mut life = tell(judged.tree(), &steps(series), kernel, series.verdicts.noise.kernel)?;
    // What only other machines ran is no gap of this one.
    let machine = &series.key.of.place.machine;
    life.events.retain(|event| match event {
        Event::NotMeasured { track } => judged.has_run(machine, track),
        _ => true,
    });
    Some(life)
}
