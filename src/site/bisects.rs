//! A page for each search for a commit.

use rayon::prelude::*;
use serde::Serialize;

use super::names::slug;
use super::plot::{self, Plot};
use super::raw_logs::LogLink;
use super::templates::{Link, Place, root_of};
use super::{Output, Site, SiteError, alerts, data, format};
use crate::bisect::logs::Log;
use crate::bisect::{self, Account, Stage, figure};

/// A search, as it is now.
#[derive(Debug)]
pub struct Bisect {
    /// Name of its folder.
    pub name: String,
    /// What it has come to.
    pub account: Account,
    /// A mail about the commit that was found.
    pub mail: Option<String>,
    /// What builds and measurements printed, and their runs.
    pub logs: Vec<Log>,
}

#[derive(Serialize)]
struct Page<'s> {
    title: String,
    metric: &'s str,
    /// Class and word for how far it is.
    class: &'static str,
    state: &'static str,
    verdict: String,
    alert: Option<Link>,
    facts: Vec<(&'static str, String)>,
    likeliest: Vec<Row>,
    plot: Option<Plot>,
    measured: Vec<Row>,
    has_logs: bool,
    mail: Option<&'s str>,
    commands: String,
}

/// A commit.
#[derive(Serialize)]
struct Row {
    number: String,
    commit: String,
    subject: String,
    author: String,
    median: String,
    values: String,
    probability: String,
    class: &'static str,
    logs: Vec<LogLink>,
}

/// Path of the page of a search.
pub fn page_of(name: &str) -> String {
    format!("bisect/{}.html", slug(name))
}

/// What the page of an alert says of the search that began with it, and where there is more.
pub fn of_alert(bisects: &[Bisect], id: &str) -> Option<(String, Link)> {
    let of_it = |search: &&Bisect| search.account.alert.as_ref().is_some_and(|a| a.id == id);
    let search = bisects.iter().find(of_it)?;
    let told = match search.account.culprit() {
        Some(culprit) => format!("{} (“{}”)", short(&culprit.commit), culprit.subject),
        None => search.account.verdict(),
    };
    Some((told, Link::new("bisect", page_of(&search.name))))
}

/// Writes them.
pub fn write_all(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    site.catalogue.bisects.par_iter().try_for_each(|search| write(site, search, out))
}

fn write(site: &Site, search: &Bisect, out: &dyn Output) -> Result<(), SiteError> {
    let account = &search.account;
    let (class, state) = match account.state {
        Stage::Found => ("better", "found"),
        Stage::Searching => ("open", "searching"),
        Stage::Unconfirmed => ("unsure", "not confirmed"),
        Stage::Among => ("unsure", "one of several"),
        Stage::NoGap => ("unsure", "no difference"),
    };
    let title = format!("Bisect {}", search.name);
    let alert = account.alert.as_ref();
    let known = alert.filter(|alert| site.catalogue.report.alert(&alert.id).is_some());
    let found = account.culprit().map(|culprit| culprit.commit.as_str());
    let page = Page {
        title: title.clone(),
        metric: &account.metric,
        class,
        state,
        verdict: format::capital(&account.verdict()),
        alert: known.map(|alert| Link::new(alert.id.clone(), alerts::page_of(&alert.id))),
        facts: facts(account),
        likeliest: account.likeliest.iter().map(likely).collect(),
        plot: plot::bisect(account)?,
        measured: account
            .measured
            .iter()
            .map(|one| Row {
                logs: logs(site, search, &one.commit),
                ..measured(account, one, found)
            })
            .collect(),
        has_logs: !search.logs.is_empty(),
        mail: search.mail.as_deref(),
        commands: format!(
            "melbot bisect status RESULTS/bisects/{0}\nmelbot bisect report RESULTS/bisects/{0}\n",
            format::quoted(&search.name)
        ),
    };
    let crumbs = vec![Link::new("Home", "index.html"), Link::new("Alerts", alerts::LIST)];
    data::bisect::write(search, out)?;
    let path = page_of(&search.name);
    let data = Some(data::beside(&path));
    site.write("bisect.html", &Place { path, title, crumbs, data }, &page, out)
}

fn facts(account: &Account) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "Between",
        format!(
            "{} ({}) and {} ({}): {}",
            short(&account.good),
            account.ends[0],
            short(&account.bad),
            account.ends[1],
            format::counted(account.commits, "commit")
        ),
    )];
    facts.push(("Measured", {
        let mut told = format::counted(account.measurements, "measurement");
        told += &account.spent().map_or(String::new(), |spent| format!(" in {spent}"));
        told
    }));
    facts.extend(account.ends().map(|ends| ("Ends", ends)));
    if account.skipped > 0 {
        let told =
            format!("{}: they do not build or run", format::counted(account.skipped, "commit"));
        facts.push(("Left out", told));
    }
    if account.no_code_change > 0 {
        let told = format!(
            "{}: the image is that of the parent",
            format::counted(account.no_code_change, "commit")
        );
        facts.push(("No code change", told));
    }
    facts.extend(account.widening().map(|widening| ("Widened", widening)));
    facts.extend(account.reverted.as_ref().map(|reverted| ("Reverted", reverted.sentence())));
    facts.extend(account.relaid.as_ref().map(|relaid| ("Code layout", relaid.sentence())));
    facts
}

fn likely(candidate: &crate::bisect::Candidate) -> Row {
    Row {
        number: String::new(),
        commit: short(&candidate.commit),
        subject: candidate.subject.clone(),
        author: candidate.author.clone(),
        median: String::new(),
        values: String::new(),
        probability: percent(candidate.probability),
        class: "",
        logs: Vec::new(),
    }
}

fn measured(account: &Account, one: &crate::bisect::Measured, found: Option<&str>) -> Row {
    let values: Vec<String> = one.values.iter().map(|value| figure(*value)).collect();
    Row {
        number: account.place(one),
        commit: short(&one.commit),
        subject: one.subject.clone(),
        author: String::new(),
        median: one.median.map_or(String::new(), figure),
        values: match &one.skip {
            Some(reason) => format!("left out: {reason}"),
            None => values.join(", "),
        },
        probability: percent(one.probability),
        class: if found == Some(one.commit.as_str()) { "found" } else { "" },
        logs: Vec::new(),
    }
}

/// The logs of a commit.
fn logs(site: &Site, search: &Bisect, commit: &str) -> Vec<LogLink> {
    let root = root_of(&page_of(&search.name));
    let of_it = search.logs.iter().filter(|log| commit.starts_with(&log.commit));
    let link = |log: &Log| {
        let path = format!("{}/{}/{}", bisect::FOLDER, search.name, log.path.display());
        site.catalogue.options.raw_logs.link(&root, &log.label, &path)
    };
    of_it.map(link).collect()
}

fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

fn percent(probability: f64) -> String {
    match 100.0 * probability {
        none if none < 0.05 => "0".to_owned(),
        some => format!("{some:.1} %"),
    }
}
