//! Alerts: change points that belong together, with a name that lasts, how much they matter, what
//! became of them, what other machines say, and what else changed at the time. No I/O.
//!
//! [`Measurements`] takes the runs, [`Judged`] is what the engine says of them, and [`Report`] has
//! the alerts; [`explain`], [`whereabouts`] and [`plan`] answer the questions that follow.

mod alert;
mod caveats;
mod corroboration;
mod effect;
mod ends;
mod evidence;
mod explain;
mod failing;
mod grouping;
mod identity;
mod judged;
mod life;
mod machine;
mod measured;
mod plan;
mod repeats;
mod report;
mod sentence;
mod severity;
mod suspects;
mod telling;
#[cfg(test)]
pub mod testing;
mod whereabouts;
mod words;

pub use alert::{Alert, Member, Role, Turn, Window};
pub use caveats::Caveat;
pub use corroboration::{Says, Witness};
pub use effect::{Effect, bare, interval, signed};
pub use ends::Ends;
pub use evidence::{Evidence, FalseCall, MachineEvidence, Tally};
pub use explain::{Explanation, explain};
pub use failing::{FailedTest, Failing, Tests};
pub use identity::FAILING;
pub use judged::{Judged, JudgedSeries, Standing, is_change, standing, track_name};
pub use life::{Event, Life, Shape, Step, life_of};
pub use machine::MachineDrift;
pub use measured::{BenchmarkKey, Measured, Measurements, Place, SeriesKey};
pub use plan::{Plan, Rerun, Settles, plan};
pub use repeats::{Again, Repeats};
pub use report::{Report, Withheld};
pub use severity::{Class, NOTABLE, SEVERE};
pub use suspects::Unconfirmed;
pub use telling::tell;
pub use whereabouts::{Suspect, Whereabouts, whereabouts};
pub use words::{and, counted, figure, probability};
