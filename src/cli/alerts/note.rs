//! `melbot alerts ack` and `melbot alerts note`: what people say about an alert.

use std::env;
use std::path::Path;
use std::time::SystemTime;

use clap::Args;

use super::list::StateName;
use crate::analysis::alerts::FAILING;
use crate::cli::judgement::{JudgedArgs, Judgement};
use crate::cli::results::Filter;
use crate::cli::{Ending, print};
use crate::notes::{self, Entry, State, Subject};

/// Say that you are looking at an alert
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot alerts ack w1m8p0nt work/log --reason 'asked on linux-mm'")]
pub struct Ack {
    /// Name of the alert, or a start of it, of three letters or more, that no other has
    id: String,
    #[command(flatten)]
    source: JudgedArgs,
    #[command(flatten)]
    word: Word,
}

/// Say what an alert is
///
/// What is said goes to a Markdown file in RESULTS/alerts, which belongs under version control; what
/// was said before stays there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot alerts note w1m8p0nt work/log --state explained --reason 'mitigations=auto since 6.9'\n  \
    melbot alerts note w1m8p0nt work/log --state false-alarm --reason 'the fan was broken'")]
pub struct Note {
    /// Name of the alert, or a start of it, of three letters or more, that no other has
    id: String,
    #[command(flatten)]
    source: JudgedArgs,
    /// What it is from now on
    #[arg(long, value_enum)]
    state: StateName,
    #[command(flatten)]
    word: Word,
}

/// What is said, who says it, and when.
#[derive(Debug, Args)]
struct Word {
    /// Why, in Markdown
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so [default: user.name and user.email of git, $EMAIL or $USER]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// When, as 2026-11-24 or 2026-11-24T06:30:00Z [default: now]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

impl Ack {
    pub fn run(self) -> anyhow::Result<Ending> {
        say(&self.id, &self.source, State::Acknowledged, self.word)
    }
}

impl Note {
    pub fn run(self) -> anyhow::Result<Ending> {
        say(&self.id, &self.source, self.state.state(), self.word)
    }
}

fn say(id: &str, source: &JudgedArgs, state: State, word: Word) -> anyhow::Result<Ending> {
    let judgement = source.judge(&Filter::default())?;
    judgement.complain();
    let id = judgement.resolve(id)?;
    let entry = Entry {
        date: word.date.unwrap_or_else(|| notes::utc(SystemTime::now())),
        state,
        author: word.author.unwrap_or_else(|| author(&source.results.results)),
        reason: word.reason,
    };
    let path = notes::append(&judgement.folder, &subject(&judgement, &id), &entry)?;
    print(&format!("{id} is {} now: {}\n", state.word(), path.display()))?;
    Ok(Ending::Fine)
}

fn subject(judgement: &Judgement, id: &str) -> Subject {
    if let Some(notes) = judgement.notes.of(id) {
        return notes.subject.clone();
    }
    if let Some(failing) = judgement.report.failing.iter().find(|failing| failing.id == id) {
        return Subject {
            id: id.to_owned(),
            machine: failing.of.place.machine.clone(),
            config: failing.of.place.config.clone(),
            benchmark: failing.of.benchmark.clone(),
            direction: FAILING.to_owned(),
            last_good: failing.window.last_good.clone(),
            first_bad: failing.window.first_bad.clone(),
        };
    }
    // `resolve` gave a name that either notes or an alert bear.
    let Some(alert) = judgement.report.alert(id) else {
        return Subject { id: id.to_owned(), ..Subject::default() };
    };
    Subject {
        id: id.to_owned(),
        machine: alert.of.place.machine.clone(),
        config: alert.of.place.config.clone(),
        benchmark: alert.of.benchmark.clone(),
        direction: alert.turn.word().to_owned(),
        last_good: alert.window.last_good.clone(),
        first_bad: alert.window.first_bad.clone(),
    }
}

/// As git would sign a commit there; else what the environment says.
fn author(results: &Path) -> String {
    let config = match git2::Repository::discover(results) {
        Ok(repository) => repository.config(),
        Err(_) => git2::Config::open_default(),
    };
    let config = config.and_then(|mut config| config.snapshot()).ok();
    let said = |key: &str| {
        let value = config.as_ref()?.get_str(key).ok()?.trim().to_owned();
        Some(value).filter(|value| !value.is_empty())
    };
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let email = said("user.email").or_else(|| variable("EMAIL"));
    match (said("user.name"), email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(name), None) => name,
        (None, Some(email)) => email,
        (None, None) => variable("USER").unwrap_or_else(|| "unknown".to_owned()),
    }
}
