//! A mail about the commit that was found, ready to be sent.

use std::path::Path;
use std::process::{Command, Stdio};

use super::account::{Account, figure};
use crate::kernel::git::git_command;

/// The text of the mail; absent as long as no commit is found. `others` are to get a copy.
pub fn mail(account: &Account, others: &[String]) -> Option<String> {
    let culprit = account.culprit()?;
    let change = account.change_pct.map_or(String::new(), |change| format!(" {change:+.1} %"));
    let what = match &account.alert {
        Some(alert) => format!("{} {} on {}", alert.benchmark, alert.operation, alert.machine),
        None if account.metric.is_empty() => "the measured value".to_owned(),
        None => account.metric.clone(),
    };
    let worse = account.alert.as_ref().is_some_and(|alert| alert.direction == "regression");
    let (mark, turn) = if worse { ("REGRESSION", "regression") } else { ("BISECTED", "change") };
    let mut text = format!("Subject: [{mark}] {what}{change}: {}\n", culprit.subject);
    text += &format!("To: {}\n", culprit.author);
    if !others.is_empty() {
        text += &format!("Cc: {}\n", others.join(",\n    "));
    }
    text += &format!("\nA {turn} of {what} was bisected to\n\n");
    text += &format!("  {:.12} (\"{}\")\n\n", culprit.commit, culprit.subject);
    if let Some(alert) = &account.alert {
        text += &format!(
            "It showed between {} and {} with MMTests' {}.\n",
            alert.last_good, alert.first_bad, alert.config
        );
    }
    text += &format!(
        "Of {} commits, {} measurements were made; {}.\n\n",
        account.commits,
        account.measurements,
        account.ends()?
    );
    text += &table(account);
    if let Some(widening) = account.widening() {
        text += &format!("\n{widening}\n");
    }
    if let Some(reverted) = &account.reverted {
        text += &format!("\n{}\n", reverted.sentence());
    }
    if let Some(relaid) = &account.relaid {
        text += &format!("\n{}\n", relaid.sentence());
    }
    if worse {
        text += &format!("\n#regzbot introduced: {:.12}\n", culprit.commit);
    }
    Some(text)
}

/// Both ends, the culprit and its neighbours among what was measured.
fn table(account: &Account) -> String {
    let all = &account.measured;
    let at = account.culprit().and_then(|c| all.iter().position(|m| m.commit == c.commit));
    let near = |place: &usize| {
        *place == 0 || place + 1 == all.len() || at.is_some_and(|at| place.abs_diff(at) <= 2)
    };
    let mut text = "  commit         runs     median  subject\n".to_owned();
    let mut last = None;
    for place in (0..all.len()).filter(near) {
        if last.is_some_and(|last| place > last + 1) {
            text += "  ...\n";
        }
        last = Some(place);
        let one = &all[place];
        let median = one.median.map_or("skipped".to_owned(), figure);
        let mark = if Some(place) == at { '>' } else { ' ' };
        let line = format!(
            "{mark} {:.12} {:6} {median:>10}  {:.60}",
            one.commit,
            one.values.len(),
            one.subject
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Whom the kernel's own script names; nobody where it is not there or does not work. This runs what
/// lies in the tree.
pub fn maintainers(tree: &Path, commit: &str) -> Vec<String> {
    let script = tree.join("scripts/get_maintainer.pl");
    if !script.exists() {
        return Vec::new();
    }
    let ask = || -> std::io::Result<Vec<String>> {
        let mut patch = git_command()
            .args(["-C".as_ref(), tree.as_os_str()])
            .args(["format-patch", "-1", "--stdout", commit])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let given = patch.stdout.take().map_or(Stdio::null(), Stdio::from);
        let output = Command::new("perl")
            .args([script.as_os_str(), "--no-rolestats".as_ref(), "--no-git-fallback".as_ref()])
            .current_dir(tree)
            .stdin(given)
            .output()?;
        patch.wait()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().map(str::trim).filter(|line| line.contains('@'));
        Ok(lines.map(str::to_owned).collect())
    };
    ask().unwrap_or_default()
}
