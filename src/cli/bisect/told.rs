//! A search in words for the terminal.

use crate::bisect::{Account, Stage, figure};
use crate::cli::paper::{Ink, Paper};
use crate::site::Bisect;

/// Dots for what was measured are not longer than this.
const WIDTH: usize = 40;

/// All about one search.
pub fn text(account: &Account) -> String {
    let mut paper = Paper::new();
    let heading = if account.metric.is_empty() { "bisect" } else { account.metric.as_str() };
    let heading = paper.ink(Ink::Strong, heading);
    paper.line(&format!(
        "{heading}: {} commits between {:.12} ({}) and {:.12} ({})",
        account.commits, account.good, account.ends[0], account.bad, account.ends[1]
    ));
    let left_out = match account.skipped {
        0 => String::new(),
        n => format!(", {n} left out"),
    };
    let same = match account.no_code_change {
        0 => String::new(),
        n => format!(", {n} that change no code"),
    };
    let hours = account.spent().map_or(String::new(), |spent| format!(" in {spent}"));
    let ends = account.ends().map_or(String::new(), |ends| format!("; {ends}"));
    paper.line(&format!("{} measurements{hours}{left_out}{same}{ends}", account.measurements));
    paper.line("");
    let colon = if account.likeliest.is_empty() { "" } else { ":" };
    paper.line(&format!("{}{colon}", account.verdict()));
    for candidate in &account.likeliest {
        let probability = 100.0 * candidate.probability;
        let unmeasured = if candidate.skipped { " (cannot be measured)" } else { "" };
        paper.line(&format!(
            "  {probability:5.1} %  {:.12}  {}{unmeasured}",
            candidate.commit, candidate.subject
        ));
    }
    if let Some(widening) = account.widening() {
        paper.line(&widening);
    }
    if let Some(reverted) = &account.reverted {
        paper.line(&reverted.sentence());
    }
    if let Some(relaid) = &account.relaid {
        paper.line(&relaid.sentence());
    }
    measured(&mut paper, account);
    if let Some(next) = &account.next {
        paper.line("");
        paper.line(&format!("measure next: {next}"));
    }
    paper.finish()
}

/// A line for each commit that was measured, with a dot for its median between the two ends.
fn measured(paper: &mut Paper, account: &Account) {
    let medians = account.measured.iter().filter_map(|one| one.median);
    let (low, high) = medians.fold((f64::MAX, f64::MIN), |(l, h), m| (l.min(m), h.max(m)));
    if account.measured.len() < 2 || low >= high {
        return;
    }
    paper.line("");
    for one in &account.measured {
        let number = account.place(one);
        let shown = match (one.median, &one.skip) {
            (Some(median), _) => {
                let at = ((median - low) / (high - low) * (WIDTH - 1) as f64).round() as usize;
                let line: String = (0..WIDTH).map(|c| if c == at { '●' } else { '·' }).collect();
                format!("{:>3} × {:>10}  {line}", one.values.len(), figure(median))
            }
            (None, Some(reason)) => format!("left out: {reason}"),
            (None, None) => String::new(),
        };
        paper.line(&format!("{number:>6}  {:.12}  {shown}", one.commit));
    }
}

/// A line a search.
pub fn list(searches: &[Bisect]) -> String {
    let mut paper = Paper::new();
    if searches.is_empty() {
        paper.line("there are no searches; begin one with melbot bisect start");
    }
    for Bisect { name, account, .. } in searches {
        let ink = match account.state {
            Stage::Found => Ink::Better,
            Stage::Searching => Ink::Strong,
            _ => Ink::Open,
        };
        let found = account.culprit().map_or(String::new(), |culprit| {
            format!(": {:.12} {}", culprit.commit, culprit.subject)
        });
        let name = paper.ink(ink, name);
        paper.line(&format!("{name}  {}", account.metric));
        paper.line(&format!(
            "  {} measurements of {} commits; {}{found}",
            account.measurements,
            account.commits,
            account.verdict()
        ));
    }
    paper.finish()
}
