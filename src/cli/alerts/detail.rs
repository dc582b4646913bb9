//! Alerts and what belongs to them, as paragraphs.

use super::table::Change;
use crate::analysis::alerts::{
    Alert, Class, Evidence, Explanation, FailedTest, Failing, MachineEvidence, Role, Turn,
    Unconfirmed, Window, Withheld, counted, figure, interval, probability, signed,
};
use crate::analysis::{Moved, ShiftWords};
use crate::cli::paper::{Ink, Paper};
use crate::notes::{AlertNotes, Entry, State};

/// `kernbench on ivor (workload-kernbench)`; the folder too, where names say nothing.
fn place(of: &crate::analysis::alerts::BenchmarkKey) -> String {
    format!("{} on {} ({})", of.benchmark, of.place.machine, of.place.config)
}

/// The sign of an alert, in its colour.
fn sign(paper: &Paper, turn: Turn) -> String {
    match turn {
        Turn::Regression => paper.ink(Ink::Worse, "▼"),
        Turn::Improvement => paper.ink(Ink::Better, "▲"),
    }
}

/// An alert in a list.
pub fn brief(paper: &mut Paper, alert: &Alert) {
    let mark = sign(paper, alert.turn);
    let name = paper.ink(Ink::Strong, &place(&alert.of));
    let state = paper.ink(Ink::Faint, &format!("{}, {}", alert.state.word(), alert.class.word()));
    paper.line(&format!("{mark} {}  {name}  {state}", alert.id));
    let life = &alert.headline().life;
    match &alert.role {
        // Its story is told there.
        Role::Repair(_) => paper.paragraph("  ", &life.opening()),
        _ => paper.paragraph("  ", &life.sentence()),
    }
    paper.paragraph("  ", &moved(alert));
    let mut context = vec![window(&alert.window)];
    if alert.turn == Turn::Regression || alert.corroboration() != "not measured elsewhere" {
        context.push(alert.corroboration());
    }
    context.extend(role(alert));
    paper.paragraph("  ", &context.join("; "));
    for caveat in &alert.caveats {
        paper.paragraph("  ! ", &caveat.words());
    }
}

/// `5 of 6 operations, worst Elapsed-4: 40.1 → 44.9 seconds; 1 got better`.
fn moved(alert: &Alert) -> String {
    let head = alert.headline();
    let count = alert.with().count();
    let (before, after) = head.levels;
    let most = if alert.turn == Turn::Regression { "worst" } else { "best" };
    let unit = if head.unit.is_empty() { String::new() } else { format!(" {}", head.unit) };
    let lead = if alert.measured == 1 {
        head.operation.clone()
    } else {
        format!("{count} of {} operations moved, {most} {}", alert.measured, head.operation)
    };
    let mut text = format!("{lead}: {} → {}{unit}", figure(before), figure(after));
    let against = alert.members.len() - count;
    if against > 0 {
        let way = if alert.turn == Turn::Regression { "better" } else { "worse" };
        text += &format!("; mixed: {against} got {way}");
    }
    text
}

fn window(window: &Window) -> String {
    let commits = match window.commits {
        Some(1) => ", 1 commit".to_owned(),
        Some(commits) => format!(", {commits} commits"),
        None => String::new(),
    };
    format!("last good {}, first {}{commits}", window.last_good, window.first_bad)
}

fn role(alert: &Alert) -> Option<String> {
    match &alert.role {
        Role::Own => None,
        Role::Repair(of) if alert.turn == Turn::Improvement => Some(format!("repairs {of}")),
        Role::Repair(of) => Some(format!("undoes {of}")),
        Role::Backport(of) => Some(format!("the same as {of} in mainline")),
    }
}

/// All about one alert.
pub fn full(paper: &mut Paper, alert: &Alert, folder: &str) {
    let mark = sign(paper, alert.turn);
    let title = paper.ink(Ink::Strong, &place(&alert.of));
    paper.line(&format!("{mark} {}  {title}", alert.id));
    paper.paragraph("  ", &alert.headline().life.sentence());
    paper.line("");
    let mut rows = vec![
        ["Severity".to_owned(), severity(alert)],
        ["State".to_owned(), state(alert)],
        ["Window".to_owned(), window(&alert.window)],
        ["Operations".to_owned(), moved(alert)],
        ["Elsewhere".to_owned(), alert.corroboration()],
    ];
    rows.extend(role(alert).map(|role| ["Related".to_owned(), role]));
    rows.extend(alert.caveats.iter().map(|caveat| ["Caveat".to_owned(), caveat.words()]));
    for [name, value] in &rows {
        paper.paragraph(&format!("  {name:<11}"), value);
    }
    paper.line("");
    members(paper, alert);
    let lives = other_lives(alert);
    if !lives.is_empty() {
        paper.line("");
        for (operation, life) in lives {
            paper.paragraph(&format!("  {operation}: "), &life);
        }
    }
    if !alert.notes.is_empty() {
        paper.line("");
        paper.line(&paper.ink(Ink::Faint, &format!("  Notes ({folder}):")));
        alert.notes.iter().for_each(|entry| note(paper, entry));
    }
}

/// What else moved between the last good and the first bad kernel.
pub fn moved_beside(paper: &mut Paper, found: &Moved) {
    const SHOWN: usize = 12;
    paper.paragraph("  What else moved: ", &found.sentence());
    if found.shifts.is_empty() {
        return;
    }
    let head = ["seen by a monitor", "", "before", "after", "change", "by chance"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(found.shifts.iter().take(SHOWN).map(|shift| {
        let ShiftWords { name, series, before, after, change, p } = shift.words(figure);
        vec![name, series, before, after, change, p]
    }));
    paper.table("  ", &[false, false, true, true, true, true], &rows);
    if found.shifts.len() > SHOWN {
        paper.line(&format!("  and {} more; all are in --json", found.shifts.len() - SHOWN));
    }
}

fn severity(alert: &Alert) -> String {
    let why = match alert.class {
        Class::Minor => "minor",
        Class::Notable => "notable",
        Class::Severe => "severe",
    };
    format!("{why}, {:.1} (size × certainty × share of the benchmark)", alert.severity)
}

/// What people say, and what the data say, where both do.
fn state(alert: &Alert) -> String {
    let seen = match (alert.is_over(), alert.state) {
        (true, State::Fixed) => "; the data agree",
        (true, _) => "; over, as the data show",
        (false, State::Fixed) => "; the data do not show it yet",
        (false, _) => "",
    };
    let said = alert.notes.last().map_or(String::new(), |entry| {
        format!(", as {} said on {}", entry.author, day(&entry.date))
    });
    format!("{}{said}{seen}", alert.state.word())
}

fn day(date: &str) -> &str {
    date.split('T').next().unwrap_or(date)
}

fn members(paper: &mut Paper, alert: &Alert) {
    let head =
        ["", "operation", "before", "after", "change", "interval", "probability", "iterations"];
    let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).to_vec()];
    for member in &alert.members {
        rows.push(vec![
            sign(paper, member.turn),
            member.operation.clone(),
            figure(member.levels.0),
            figure(member.levels.1),
            signed(member.effect.value_pct),
            interval(member.effect.value_interval),
            probability(member.probability),
            format!("{} / {}", member.boots.0, member.boots.1),
        ]);
    }
    let right = [false, false, true, true, true, true, true, true];
    paper.table("  ", &right, &rows);
}

/// The lives of operations that went another way than that of the worst one.
fn other_lives(alert: &Alert) -> Vec<(String, String)> {
    let head = &alert.headline().life;
    alert
        .with()
        .filter(|member| !member.life.goes_as(head))
        .map(|member| (member.operation.clone(), member.life.sentence()))
        .collect()
}

/// An entry of the notes.
pub fn note(paper: &mut Paper, entry: &Entry) {
    let head = format!("{} · {} · {}", day(&entry.date), entry.state.word(), entry.author);
    paper.paragraph("  ", &head);
    for line in entry.reason.lines() {
        paper.paragraph("    ", line);
    }
}

/// Notes on an alert that is not there any more.
pub fn unseen(paper: &mut Paper, notes: &AlertNotes) {
    let s = &notes.subject;
    let told = format!(
        "{} on {} ({}), {} in {}: {}",
        s.benchmark,
        s.machine,
        s.config,
        s.direction,
        s.first_bad,
        notes.state().word()
    );
    paper.paragraph(&format!("  {}  ", s.id), &told);
}

/// Tests that fail.
pub fn failing(paper: &mut Paper, failing: &Failing) {
    let mark = match failing.is_over() {
        true => paper.ink(Ink::Open, "✓"),
        false => paper.ink(Ink::Worse, "✗"),
    };
    paper.line(&format!("{mark} {}  {}", failing.id, paper.ink(Ink::Strong, &place(&failing.of))));
    paper.paragraph("  ", &failing.title());
    paper.paragraph("  ", &format!("{}; {}", failing.sentence(), failing.state.word()));
}

/// All tests that fail, by name.
pub fn failed_tests(paper: &mut Paper, failing: &Failing) {
    let row = |test: &FailedTest| {
        let repaired = match test.repaired.is_empty() {
            true => String::new(),
            false => format!("passes again in {}", test.repaired.join(", ")),
        };
        vec![test.test.clone(), counted(test.iterations, "iteration"), repaired]
    };
    let rows: Vec<Vec<String>> = failing.tests.iter().map(row).collect();
    paper.line("");
    paper.table("  ", &[false, true, false], &rows);
}

/// A suspect.
pub fn suspect(paper: &mut Paper, suspect: &Unconfirmed) {
    let mark = paper.ink(Ink::Open, "?");
    paper.line(&format!("{mark} {}", paper.ink(Ink::Strong, &place(&suspect.of))));
    paper.paragraph("  ", &suspect.sentence());
}

/// How often a kernel differs from itself.
pub fn evidence(paper: &mut Paper, evidence: &Evidence) {
    const SHOWN: usize = 10;
    paper.paragraph("", &evidence.sentence());
    if evidence.all.comparisons == 0 {
        return;
    }
    paper.paragraph("  ", &evidence.basis());
    let row = |of: &MachineEvidence| vec![of.machine.clone(), of.all.words()];
    paper.table("  ", &[false, false], &evidence.machines.iter().map(row).collect::<Vec<_>>());
    let mark = paper.ink(Ink::Open, "?");
    for call in evidence.calls.iter().take(SHOWN) {
        paper.paragraph(&format!("  {mark} "), &call.words());
    }
    if evidence.calls.len() > SHOWN {
        paper.line(&format!("  and {} more", evidence.calls.len() - SHOWN));
    }
}

/// A change that is withheld.
pub fn withheld(paper: &mut Paper, withheld: &Withheld) {
    let mark = paper.ink(Ink::Open, "–");
    let told = format!(
        "{}: {} seem to have moved; withheld: {} ({})",
        place(&withheld.of),
        counted(withheld.operations.len(), "operation"),
        withheld.reason,
        window(&withheld.window)
    );
    paper.paragraph(&format!("{mark} "), &told);
}

/// How much could not be decided, and what is likeliest among it.
pub fn likeliest(paper: &mut Paper, undecided: &[Change]) {
    let p = |c: &Change| c.probability.parse().unwrap_or(0.0);
    let most = undecided.iter().max_by(|a, b| f64::total_cmp(&p(a), &p(b)));
    let Some((most, effect)) = most.and_then(|most| Some((most, most.effect?))) else { return };
    let told = format!(
        "{} not decided, the likeliest {}/{} on {} in {}: {}, probability {}; `melbot plan` says what \
         would settle it, --all lists them",
        counted(undecided.len(), "comparison"),
        most.benchmark,
        most.operation,
        most.machine,
        most.kernel,
        effect.words(),
        probability(p(most))
    );
    paper.paragraph("", &told);
}

/// What could not be decided, by benchmark.
pub fn undecided(paper: &mut Paper, changes: &[Change]) {
    if changes.is_empty() {
        paper.line("every comparison was decided");
        return;
    }
    paper.line(&format!("{} not decided", counted(changes.len(), "comparison")));
    let of = |c: &Change| (c.benchmark.clone(), c.machine.clone(), c.config.clone());
    for together in changes.chunk_by(|a, b| of(a) == of(b)) {
        let (benchmark, machine, config) = of(&together[0]);
        paper.line("");
        paper.line(&paper.ink(Ink::Strong, &format!("{benchmark} on {machine} ({config})")));
        let head = ["", "operation", "kernel", "change", "interval", "probability"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(together.iter().map(|c| {
            let (change, ends) = c.effect.map_or_else(Default::default, |effect| {
                (signed(effect.value_pct), interval(effect.value_interval))
            });
            let mark = paper.ink(Ink::Open, "?");
            let p = c.probability.clone();
            vec![mark, c.operation.clone(), c.kernel.clone(), change, ends, p]
        }));
        paper.table("  ", &[false, false, false, true, true, true], &rows);
    }
}

/// The calculation of a verdict.
pub fn explanation(paper: &mut Paper, explanation: &Explanation) {
    let key = &explanation.key;
    let title = format!(
        "{}/{} on {} ({}): {} against {}",
        key.of.benchmark,
        key.operation,
        key.of.place.machine,
        key.of.place.config,
        explanation.window.first_bad,
        if explanation.window.last_good.is_empty() {
            "nothing"
        } else {
            &explanation.window.last_good
        }
    );
    paper.paragraph("", &paper.ink(Ink::Strong, &title));
    paper.paragraph("", &explanation.sentence);
    let widest = explanation.steps.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &explanation.steps {
        paper.paragraph(&format!("  {name:<widest$}  "), value);
    }
}
