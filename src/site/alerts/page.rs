//! The page of an alert.

use rayon::prelude::*;
use serde::Serialize;

use super::failing;
use super::line::{Line, mark, sign, size_interval};
use super::mail::{mail, tags};
use super::{LIST, page_of};
use crate::analysis::Moved;
use crate::analysis::alerts::{
    Alert, Explanation, Member, Says, Turn, Witness, explain, figure, probability,
};
use crate::notes::{AlertNotes, Entry, State};
use crate::site::bisects::of_alert;
use crate::site::catalogue::{Shelf, named};
use crate::site::comparison::iteration_of;
use crate::site::differing::{self, Differing};
use crate::site::format::quoted;
use crate::site::help::markdown;
use crate::site::history::of_member;
use crate::site::moved::{Also, also, of_window};
use crate::site::operations;
use crate::site::plot::{Plot, Shape, tracks};
use crate::site::raw_logs::LogLink;
use crate::site::templates::{Link, Place, root_of};
use crate::site::{Output, Site, SiteError, data};

/// Operations with a plot of their own beside that of the headline.
const SMALL_PLOTS: usize = 6;
/// Operations in the table.
const MEMBERS: usize = 200;
/// Lives that are told beside that of the headline.
const LIVES: usize = 20;

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    line: &'s Line,
    /// What people say and what the data say.
    state: String,
    why: String,
    facts: Vec<(String, String)>,
    steps: Vec<(String, String)>,
    plot: Option<Plot>,
    unit: String,
    plots: Vec<Small>,
    members: Vec<Row>,
    more_members: usize,
    lives: Vec<(String, String)>,
    witnesses: Vec<Testimony>,
    runs: Vec<Ran>,
    moved: Also,
    differing: Differing,
    notes: Vec<Note>,
    commands: String,
    bisect: String,
    /// What the search for its commit says, and its page.
    search: Option<(String, Link)>,
    mail: Option<String>,
}

/// A plot among others.
#[derive(Serialize)]
struct Small {
    operation: String,
    unit: String,
    plot: Plot,
}

/// An operation that moved.
#[derive(Serialize)]
struct Row {
    operation: String,
    href: Option<String>,
    unit: String,
    window: Option<String>,
    before: String,
    after: String,
    class: &'static str,
    mark: String,
    interval: String,
    probability: String,
    boots: String,
}

/// What another machine says.
#[derive(Serialize)]
struct Testimony {
    machine: String,
    href: Option<String>,
    words: String,
}

/// One of the two runs between which it moved.
#[derive(Serialize)]
struct Ran {
    role: &'static str,
    run: Link,
    logs: Vec<LogLink>,
}

/// What was said, and by whom.
#[derive(Serialize)]
pub struct Note {
    head: String,
    html: String,
}

/// Writes the page of every alert, and of every noted one that is not seen any more.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let alerts = catalogue.report.alerts.par_iter().zip(&catalogue.alerts);
    alerts.try_for_each(|(alert, line)| write(site, alert, line, out))?;
    catalogue.report.failing.par_iter().try_for_each(|one| failing::write(site, one, out))?;
    let unseen = catalogue.report.unseen.par_iter();
    unseen.try_for_each(|notes| write_unseen(site, notes, out))
}

fn write(site: &Site, alert: &Alert, line: &Line, out: &dyn Output) -> Result<(), SiteError> {
    let catalogue = &site.catalogue;
    let path = page_of(&alert.id);
    let address = catalogue.options.base_url.as_ref().map(|base| base.of(&path));
    let place = &alert.of.place;
    let shelf = catalogue.shelf(&place.machine, &place.config);
    let head = alert.headline();
    let series = catalogue.judged.series.get(head.series);
    let explained =
        series.and_then(|s| explain(catalogue.judged, s, head.kernel, catalogue.settings));
    let draw = |member: &Member, shape: Shape| -> Result<Option<Plot>, SiteError> {
        let history = shelf.and_then(|shelf| of_member(catalogue, shelf, &alert.of, member));
        history.map_or(Ok(None), |history| tracks(&history, shape))
    };
    let mut plots = Vec::new();
    for member in alert.members.iter().skip(1).take(SMALL_PLOTS) {
        let (operation, unit) = (member.operation.clone(), member.unit.clone());
        plots.extend(draw(member, Shape::Among)?.map(|plot| Small { operation, unit, plot }));
    }
    let title = format!(
        "{} {} in {} on {}",
        alert.of.benchmark,
        alert.turn.verb(),
        named(&alert.window.first_bad),
        named(&place.machine)
    );
    let moved = shelf.map_or(Moved::default(), |shelf| of_window(shelf, alert));
    let page = Page {
        state: state(alert),
        why: explained.as_ref().map_or(String::new(), |e| e.sentence.clone()),
        facts: facts(alert, explained.as_ref()),
        steps: explained.map_or(Vec::new(), |e| e.steps),
        plot: draw(head, Shape::Page)?,
        unit: head.unit.clone(),
        plots,
        members: alert.members.iter().take(MEMBERS).map(|m| row(shelf, alert, m)).collect(),
        more_members: alert.members.len().saturating_sub(MEMBERS),
        lives: lives(alert),
        witnesses: alert.witnesses.iter().map(testimony).collect(),
        runs: shelf.map_or(Vec::new(), |shelf| runs(site, shelf, alert, &root_of(&path))),
        moved: also(shelf, alert, &moved),
        differing: shelf.map_or(Differing::default(), |shelf| differing::of_window(shelf, alert)),
        notes: alert.notes.iter().map(note).collect(),
        commands: commands(alert),
        bisect: bisect(alert),
        search: of_alert(catalogue.bisects, &alert.id),
        mail: mail(alert, catalogue.settings.coverage, address.as_deref()),
        title: title.clone(),
        line,
    };
    data::alert::write(alert, &moved, out)?;
    let data = Some(data::beside(&path));
    site.write("alert.html", &Place { path, title, crumbs: crumbs(), data }, &page, out)
}

/// The pages above every alert.
pub fn crumbs() -> Vec<Link> {
    vec![Link::new("Home", "index.html"), Link::new("Alerts", LIST)]
}

/// What people say, and what the data say, where both do.
fn state(alert: &Alert) -> String {
    match (alert.is_over(), alert.state) {
        (true, State::Fixed) => "The data agree that it is over.",
        (true, _) => "It is over, as the data show.",
        (false, State::Fixed) => "The data do not show that it is over.",
        (false, _) => "",
    }
    .to_owned()
}

fn facts(alert: &Alert, explained: Option<&Explanation>) -> Vec<(String, String)> {
    let wanted = ["Measured before", "Measured after", "Level before", "Level after", "Noise"];
    let steps = explained.map_or(&[][..], |e| &e.steps);
    let mut facts: Vec<(String, String)> =
        steps.iter().filter(|(name, _)| wanted.contains(&name.as_str())).cloned().collect();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact("Probability", probability(alert.headline().probability));
    fact(
        "Severity",
        format!(
            "{}, {:.1} (size × certainty × share of the benchmark)",
            alert.class.word(),
            alert.severity
        ),
    );
    facts
}

fn row(shelf: Option<&Shelf>, alert: &Alert, member: &Member) -> Row {
    let benchmark = shelf.and_then(|shelf| {
        let all = &shelf.comparison.benchmarks;
        Some((shelf, all.iter().find(|b| b.name == alert.of.benchmark)?))
    });
    let href = benchmark.and_then(|(shelf, benchmark)| {
        let at = benchmark.operations.iter().position(|o| o.name == member.operation)?;
        operations::hrefs(shelf, benchmark).into_iter().nth(at)
    });
    let window = &member.window;
    Row {
        operation: member.operation.clone(),
        href,
        unit: member.unit.clone(),
        window: (*window != alert.window)
            .then(|| format!("{} → {}", window.last_good, window.first_bad)),
        before: figure(member.levels.0),
        after: figure(member.levels.1),
        class: sign(member.turn).0,
        mark: mark(member.turn, &member.effect),
        interval: size_interval(&member.effect),
        probability: probability(member.probability),
        boots: format!("{} / {}", member.boots.0, member.boots.1),
    }
}

/// The lives of operations that went another way than that of the worst one.
fn lives(alert: &Alert) -> Vec<(String, String)> {
    let head = &alert.headline().life;
    alert
        .with()
        .filter(|member| !member.life.goes_as(head))
        .take(LIVES)
        .map(|member| (member.operation.clone(), member.life.sentence()))
        .collect()
}

fn testimony(witness: &Witness) -> Testimony {
    let says = match witness.says {
        Says::Agrees => "agrees",
        Says::Contradicts => "was measured as well, and does not show it",
        Says::CannotTell => "cannot tell: its noise may hide it",
    };
    let size = witness.effect.map_or(String::new(), |effect| format!(": {}", effect.words()));
    Testimony {
        machine: named(&witness.machine).to_owned(),
        href: witness.alert.as_deref().map(page_of),
        words: format!("{says}{size}"),
    }
}

/// The runs between which it moved, with the logs of the benchmark.
fn runs(site: &Site, shelf: &Shelf, alert: &Alert, root: &str) -> Vec<Ran> {
    let raw = &site.catalogue.options.raw_logs;
    let comparison = shelf.comparison;
    let benchmark = comparison.benchmarks.iter().find(|b| b.name == alert.of.benchmark);
    let window = &alert.window;
    let roles = [("Last good", &window.last_good), ("First bad", &window.first_bad)];
    let mut runs = Vec::new();
    for (role, kernel) in roles {
        let here = |(_, c): &(usize, &crate::analysis::Column)| {
            c.run == *kernel && c.folder == alert.of.place.run_path
        };
        for (at, column) in comparison.columns.iter().enumerate().filter(here) {
            let logs = benchmark.and_then(|b| b.logs.get(at)).map_or(&[][..], Vec::as_slice);
            let link = |path: &String| raw.link(root, iteration_of(path), path);
            runs.push(Ran {
                role: match (role, alert.turn) {
                    ("First bad", Turn::Improvement) => "First better",
                    (_, Turn::Improvement) => "Last before",
                    (role, Turn::Regression) => role,
                },
                run: Link::new(named(&column.run), shelf.runs[at].page.clone()),
                logs: logs.iter().map(link).collect(),
            });
        }
    }
    runs
}

/// An entry of the notes.
pub fn note(entry: &Entry) -> Note {
    let day = entry.date.split('T').next().unwrap_or(&entry.date);
    Note {
        head: format!("{day} · {} · {}", entry.state.word(), entry.author),
        html: markdown(&entry.reason),
    }
}

/// What to type. Names come from results: what is not plain is quoted.
fn commands(alert: &Alert) -> String {
    let (id, of, window) = (&alert.id, &alert.of, &alert.window);
    let head = alert.headline();
    let asked = format!("{}/{}@{}", of.benchmark, head.operation, window.first_bad);
    format!(
        "melbot alerts show {id} RESULTS --explain\n\
         melbot alerts ack {id} RESULTS --reason 'looking into it'\n\
         melbot alerts note {id} RESULTS --state explained --reason '…'\n\
         melbot alerts RESULTS --machine {} --explain {}\n\
         melbot window {} RESULTS\n",
        quoted(&of.place.machine),
        quoted(&asked),
        quoted(&format!("{}/{}", of.benchmark, head.operation)),
    )
}

fn bisect(alert: &Alert) -> String {
    let id = &alert.id;
    let ends = tags(&alert.window);
    // Kernels of a distribution, and such with names of their own: only people know the commits.
    let given = if ends.is_some() { "" } else { " \\\n    --good GOOD --bad BAD" };
    let log = match &ends {
        Some((good, bad)) => format!("git -C LINUX log --oneline {good}..{bad}\n"),
        None => format!(
            "# GOOD, BAD: the commits that {} and {} are made from\n",
            quoted(&alert.window.last_good),
            quoted(&alert.window.first_bad)
        ),
    };
    format!(
        "melbot bisect start {id} RESULTS --tree LINUX{given}\n\
         melbot bisect run RESULTS/bisects/{id} \\\n    \
         --build 'make -s -j8' \\\n    \
         --image arch/x86/boot/bzImage \\\n    \
         --measure ./boot-and-measure\n{log}"
    )
}

#[derive(Serialize)]
struct Unseen {
    title: String,
    sentence: String,
    state: &'static str,
    notes: Vec<Note>,
}

/// Links to an alert stay valid as long as there are notes on it.
fn write_unseen(site: &Site, notes: &AlertNotes, out: &dyn Output) -> Result<(), SiteError> {
    let subject = &notes.subject;
    let title = format!(
        "{}: {} of {} in {} on {}",
        subject.id, subject.direction, subject.benchmark, subject.first_bad, subject.machine
    );
    let page = Unseen {
        title: title.clone(),
        sentence: format!(
            "{}, between {} and {}. The results do not show it any more: they were changed, or more \
             of them made it less likely.",
            subject.config, subject.last_good, subject.first_bad
        ),
        state: notes.state().word(),
        notes: notes.entries.iter().map(note).collect(),
    };
    let place = Place { path: page_of(&subject.id), title, crumbs: crumbs(), data: None };
    site.write("unseen.html", &place, &page, out)
}
