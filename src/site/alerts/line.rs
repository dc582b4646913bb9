//! An alert as a row of a table or a line of a list: words for everything.

use serde::Serialize;

use super::page_of;
use crate::analysis::alerts::{Alert, Class, Effect, Role, Turn, Window, bare};
use crate::notes::State;
use crate::site::catalogue::named;
use crate::site::format;
use crate::site::names::{comparison_folder, kernel_page};
use crate::site::story::anchor;
use crate::site::templates::Link;

/// An alert in words.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub id: String,
    pub href: String,
    pub machine: String,
    pub config: String,
    pub benchmark: String,
    /// The benchmark on the page of its comparison.
    pub comparison: String,
    /// The operation that moved most.
    pub operation: String,
    pub class: &'static str,
    /// `▼ 12.1 % worse`
    pub mark: String,
    /// `[10.2, 14.0]`
    pub interval: String,
    /// What became of it.
    pub sentence: String,
    pub last_good: String,
    pub first_bad: Link,
    /// `1,234 commits`
    pub commits: Option<String>,
    /// `5 of 6 operations`
    pub moved: String,
    /// `2 got better`
    pub against: Option<String>,
    /// What other machines say.
    pub elsewhere: String,
    /// `repairs`, and what.
    pub role: Option<(&'static str, Link)>,
    pub state: &'static str,
    pub severity: &'static str,
    /// Severity as a number.
    pub weight: String,
    pub caveats: Vec<String>,
    /// Which list it belongs to.
    #[serde(skip)]
    pub section: Section,
    /// First bad kernel.
    #[serde(skip)]
    pub kernel: String,
    /// How new and how severe it is; the larger, the sooner one wants to know.
    #[serde(skip)]
    pub news: (bool, i64, i64),
    /// Machine and config, as results have them.
    #[serde(skip)]
    pub place: (String, String),
}

/// The lists that alerts are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Worse, and still there.
    There,
    /// Better.
    Better,
    /// Worse, and over.
    Over,
    /// Somebody has said something about it.
    Known,
}

impl Section {
    fn of(alert: &Alert) -> Section {
        match alert.state {
            State::Acknowledged | State::Explained | State::FalseAlarm => Section::Known,
            State::Fixed => Section::Over,
            State::New if alert.turn == Turn::Improvement => Section::Better,
            State::New if alert.is_over() => Section::Over,
            State::New => Section::There,
        }
    }
}

impl Line {
    /// `measured` is when the first bad kernel was measured there.
    pub fn of(alert: &Alert, measured: Option<i64>) -> Line {
        let head = alert.headline();
        let place = &alert.of.place;
        let life = &head.life;
        let against = alert.members.len() - alert.with().count();
        let (class, _) = sign(alert.turn);
        let folder = comparison_folder(&place.machine, &place.config);
        Line {
            href: page_of(&alert.id),
            id: alert.id.clone(),
            machine: named(&place.machine).to_owned(),
            config: named(&place.config).to_owned(),
            benchmark: alert.of.benchmark.clone(),
            comparison: format!("{folder}/index.html#{}", anchor(&alert.of.benchmark)),
            operation: head.operation.clone(),
            class,
            mark: mark(alert.turn, &head.effect),
            interval: size_interval(&head.effect),
            sentence: match alert.role {
                // The whole story is told where it began.
                Role::Repair(_) => life.opening(),
                _ => life.sentence(),
            },
            last_good: named(&alert.window.last_good).to_owned(),
            first_bad: Link::new(
                named(&alert.window.first_bad),
                kernel_page(&alert.window.first_bad),
            ),
            commits: commits(&alert.window),
            moved: format!(
                "{} of {}",
                format::count(alert.with().count()),
                format::counted(alert.measured, "operation")
            ),
            against: (against > 0).then(|| {
                let way = if alert.turn == Turn::Regression { "better" } else { "worse" };
                format!("{against} got {way}")
            }),
            elsewhere: alert.corroboration_in_brief(),
            role: role(alert),
            state: alert.state.word(),
            severity: alert.class.word(),
            weight: bare(alert.severity),
            caveats: alert.caveats.iter().map(|caveat| caveat.words()).collect(),
            section: Section::of(alert),
            kernel: alert.window.first_bad.clone(),
            news: (
                alert.class > Class::Minor,
                measured.map_or(i64::MIN, |at| at.div_euclid(86_400)),
                // Whole thousandths: enough to order by.
                (1e3 * alert.severity.min(1e9)) as i64,
            ),
            place: (place.machine.clone(), place.config.clone()),
        }
    }
}

/// Class and symbol of a direction.
pub fn sign(turn: Turn) -> (&'static str, &'static str) {
    match turn {
        Turn::Regression => ("worse", "▼"),
        Turn::Improvement => ("better", "▲"),
    }
}

/// `▼ 12.1 % worse`
pub fn mark(turn: Turn, effect: &Effect) -> String {
    let (word, symbol) = sign(turn);
    format!("{symbol} {} % {word}", bare(effect.value_pct))
}

/// The interval of a size that has no sign, the smaller end first.
pub fn size_interval(effect: &Effect) -> String {
    let sign = effect.value_pct.signum();
    let (a, b) = (sign * effect.value_interval.0, sign * effect.value_interval.1);
    crate::analysis::alerts::interval((a.min(b), a.max(b)))
}

/// How many commits lie in a window.
pub fn commits(window: &Window) -> Option<String> {
    window.commits.map(|commits| format::counted(commits as usize, "commit"))
}

/// What an alert has to do with another one.
fn role(alert: &Alert) -> Option<(&'static str, Link)> {
    let link = |id: &String| Link::new(id.clone(), page_of(id));
    match &alert.role {
        Role::Own => None,
        Role::Repair(of) if alert.turn == Turn::Improvement => Some(("repairs", link(of))),
        Role::Repair(of) => Some(("undoes", link(of))),
        Role::Backport(of) => Some(("in mainline it is", link(of))),
    }
}
