//! What a search is told, and what it says.

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The good end, which is no candidate.
    Good,
    /// A candidate; the last is the bad end.
    Commit(usize),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// One boot was measured.
    Measured {
        /// What.
        at: Place,
        /// The result.
        value: f64,
    },
    /// A commit that does not build or boot: no evidence, and never "bad".
    Skipped(usize),
    /// What was measured so far does not count: it is measured in another way from now on.
    Widened,
    /// A kernel was built.
    Built {
        /// What.
        at: Place,
        /// Hash of its image.
        image: u64,
    },
}

/// What the user may choose.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Measurements of each end before the search.
    pub ends: usize,
    /// More of them, if the ends do not differ clearly.
    pub most_ends: usize,
    /// Probability at which a culprit is named.
    pub certainty: f64,
    /// Measurements of the culprit and of its parent, each.
    pub confirm: usize,
    /// Measurements in all.
    pub budget: usize,
    /// Least distance of the ends, in deviations of a measurement.
    pub least_distance: f64,
    /// Cost of a build, in measurements.
    pub build: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ends: 6,
            most_ends: 20,
            certainty: 0.95,
            confirm: 5,
            budget: 300,
            least_distance: 1.0,
            build: 2.0,
        }
    }
}

/// Why something is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To know what good and bad are.
    End,
    /// To narrow down.
    Search,
    /// To confirm the culprit.
    Confirm,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Measure this, once, on a fresh boot.
    Measure(Place, Purpose),
    /// The search is over.
    Done(Outcome),
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// One commit did it, and measures so against its parent.
    Found(Culprit),
    /// One commit is most likely, but it does not differ from its parent as the ends do.
    Unconfirmed(Culprit),
    /// One of these did it: what lies between them cannot be measured, or the budget is used up.
    Among(Vec<usize>),
    /// The ends do not differ enough.
    NoGap {
        /// Their distance in deviations of a measurement.
        distance: f64,
        /// Measurements of each end that would show that distance, if there is any.
        needed: Option<usize>,
    },
}

/// The commit that did it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Culprit {
    /// Which.
    pub commit: usize,
    /// How sure.
    pub probability: f64,
    /// Its step as a share of the distance of the ends: well below 1, others did a part.
    pub share: f64,
}
