//! `melbot site`: the main job, a static site out of a folder of results.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use super::compare::{baseline, compare_all};
use super::judgement::{Judgement, judge};
use super::results::{Filter, Results, ResultsArgs};
use super::{Ending, bisects, print};
use crate::analysis::Comparison;
use crate::analysis::alerts::counted;
use crate::model::{Problem, Run, Severity};
use crate::notes::{
    Notes,
    pending::Pending,
    words::{self, About, Words},
};
use crate::site::publish::{Publication, Published, is_current};
use crate::site::{self, BaseUrl, RawLogs, SiteOptions, Theme, build, stamp};

/// Make a static site out of a folder of results
///
/// Only runs that are new or changed are read, only pages that change are written. The old site
/// stays in place until the new one is complete.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot site sample-results -o public\n  \
    melbot site /srv/results -o /srv/www/kernels --raw-logs https://example.org/results/")]
pub struct Site {
    #[command(flatten)]
    results: ResultsArgs,
    /// Folder of the site; made, or replaced at once when the new site is complete
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// Run that the others are set against: a name, `first`, or `previous`, the previous release on
    /// the kernel's own track (the oldest kernel where there is none)
    #[arg(long, value_name = "RUN", default_value = "previous")]
    baseline: String,
    /// Name of the site [default: melbot]
    #[arg(long)]
    title: Option<String>,
    /// Where the site can be reached, for what is read elsewhere: feeds, mails, search engines
    #[arg(long, value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// Where readers of the site find the raw logs: a URL, or `none` [default: the results folder,
    /// as seen from the site]
    #[arg(long, value_name = "URL")]
    raw_logs: Option<String>,
    /// Folder of the notes on alerts [default: RESULTS/alerts]
    #[arg(long, value_name = "DIR")]
    notes: Option<PathBuf>,
    /// Folder of own words on pages, in Markdown: front.md, kernels/NAME.md, machines/NAME.md,
    /// configs/NAME.md, benchmarks/NAME.md [default: RESULTS/words]
    #[arg(long, value_name = "DIR")]
    words: Option<PathBuf>,
    /// Folder of templates and assets that take the place of those built in, which `melbot theme`
    /// writes
    #[arg(long, value_name = "DIR")]
    theme: Option<PathBuf>,
    /// Make all pages even if nothing changed
    #[arg(long)]
    force: bool,
    /// Write which files of the site are new or changed (`+ PATH`) and which are gone (`- PATH`) to a
    /// file: for uploads, and for caches that have to forget
    #[arg(long, value_name = "FILE")]
    changes: Option<PathBuf>,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The page to open.
    page: String,
    runs: usize,
    problems: usize,
    /// What is odd, and lost nothing.
    notes: usize,
    written: usize,
    unchanged: usize,
}

impl Site {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let (runs, report) = self.make()?;
        self.report(runs, report)
    }

    /// Makes the site, unless nothing changed; the number of runs, and what was done.
    pub(super) fn make(&self) -> anyhow::Result<(usize, Option<Report>)> {
        let found = self.results.find(&Filter::default())?;
        let options = self.options(&found)?;
        let dates = found.dates()?;
        let dates: Vec<String> = dates.iter().map(|date| format!("{date:?}")).collect();
        let parsers = found.external()?.map(|external| external.fingerprint().to_string());
        let parsers = parsers.unwrap_or_default();
        let folder = self.notes.clone().unwrap_or_else(|| found.notes_folder());
        self.refuse_to_replace(&[
            ("the results", Some(&self.results.results)),
            ("the notes on alerts", Some(&folder)),
            ("the words", self.words.as_ref().or(found.settings.words.as_ref())),
            ("the theme", self.theme.as_ref().or(found.settings.theme.as_ref())),
            ("the store", found.settings.store.as_ref()),
        ])?;
        let notes = Notes::read(&folder);
        let said = format!("{notes:?}");
        let bisects = bisects::stamp(&self.results.results);
        let pending = Pending::read(&self.results.results);
        let to_come = format!("{pending:?}");
        let others: Vec<&str> = [self.baseline.as_str(), &parsers, &said, &bisects, &to_come]
            .into_iter()
            .chain(dates.iter().map(String::as_str))
            .collect();
        let stamp = stamp(&found.discovery, &options, &others);
        if !self.force && is_current(&self.output, &stamp) {
            self.tell_changes(&Published::default())?;
            return Ok((found.discovery.runs.len(), None));
        }
        let loaded = found.load()?;
        let judgement = judge(&found, &loaded, (notes, folder), true)?;
        // What could not be read this time is looked at again at the next.
        let is_settled = loaded.runs.iter().all(|run| run.is_settled);
        let stamp =
            if is_settled { stamp } else { "not all of the results could be read".to_owned() };
        let runs = loaded.into_runs();
        let report = self.publish(&found, &runs, &judgement, &options, pending, &stamp)?;
        Ok((report.runs, Some(report)))
    }

    /// Stops if something else than the site lies in its folder, which is replaced as a whole.
    fn refuse_to_replace(&self, folders: &[(&str, Option<&PathBuf>)]) -> anyhow::Result<()> {
        let Ok(output) = self.output.canonicalize() else { return Ok(()) };
        for (what, folder) in folders {
            let folder = folder.and_then(|folder| folder.canonicalize().ok());
            if let Some(folder) = folder.filter(|folder| folder.starts_with(&output)) {
                bail!(
                    "{}: {what} lie in it ({}), and the whole folder is replaced by the site; name \
                     another one with --output",
                    self.output.display(),
                    folder.display()
                );
            }
        }
        Ok(())
    }

    /// Where the results are.
    pub(super) fn results_folder(&self) -> &Path {
        &self.results.results
    }

    fn options(&self, found: &Results) -> anyhow::Result<SiteOptions> {
        let defaults = SiteOptions::default();
        let settings = &found.settings;
        let words = self.words.clone().or_else(|| settings.words.clone());
        let words = words.unwrap_or_else(|| self.results.results.join(words::FOLDER));
        let theme = self.theme.as_ref().or(settings.theme.as_ref());
        let raw_logs = match self.raw_logs.as_ref().or(settings.raw_logs.as_ref()) {
            Some(none) if none == "none" => RawLogs::None,
            Some(url) => RawLogs::Url(url.clone()),
            None => RawLogs::between(&self.output, &self.results.results)
                .with_context(|| self.results.results.display().to_string())?,
        };
        let title = self.title.clone().or_else(|| settings.title.clone()).unwrap_or(defaults.title);
        let theme = theme.map_or(Ok(defaults.theme), |folder| Theme::read(folder))?;
        let words = Words::read(&words);
        let base_url = self.base_url.clone().or_else(|| settings.base_url.clone());
        let generator = defaults.generator;
        Ok(SiteOptions { title, base_url, raw_logs, words, theme, generator })
    }

    fn publish(
        &self,
        found: &Results,
        runs: &[Run],
        judgement: &Judgement,
        options: &SiteOptions,
        (pending, unread): (Pending, Option<Problem>),
        stamp: &str,
    ) -> anyhow::Result<Report> {
        let mut comparisons = compare_all(runs, &baseline(&self.baseline))?;
        judgement.set_verdicts(&mut comparisons);
        let mut problems = found.discovery.problems.clone();
        problems.extend(judgement.notes.problems.iter().cloned());
        let (bisects, unusable) = bisects::open_all(&self.results.results);
        problems.extend(unusable);
        problems.extend(unread);
        problems.extend(options.words.problems.iter().cloned());
        problems
            .extend(options.words.astray(|about, name| is_on_a_page(&comparisons, about, name)));
        let runs: Vec<&Run> = runs.iter().collect();
        let waiting = || {
            // A message that cannot be shown is no reason to stop.
            let _ =
                writeln!(io::stderr(), "melbot: waiting for another melbot that makes this site");
        };
        let publication = Publication::begin(&self.output, stamp, waiting)?;
        let publication = if self.force { publication.without_trust() } else { publication };
        let results = site::Results {
            runs: &runs,
            comparisons: &comparisons,
            problems: &problems,
            judged: &judgement.judged,
            report: &judgement.report,
            evidence: judgement.evidence.as_ref(),
            settings: &judgement.settings,
            bisects: &bisects,
            pending: &pending,
        };
        build(&results, options, &publication)?;
        let published = publication.finish(self.changes.is_some())?;
        self.tell_changes(&published)?;
        let all = || problems.iter().chain(runs.iter().flat_map(|r| &r.problems));
        let lost = all().filter(|problem| problem.severity > Severity::Note).count();
        Ok(Report {
            page: page(&self.output),
            runs: runs.len(),
            problems: lost,
            notes: all().count() - lost,
            written: published.written.len(),
            unchanged: published.reused,
        })
    }

    fn tell_changes(&self, published: &Published) -> anyhow::Result<()> {
        let Some(file) = &self.changes else { return Ok(()) };
        let written = published.written.iter().map(|path| format!("+ {path}\n"));
        let removed = published.removed.iter().map(|path| format!("- {path}\n"));
        let lines: String = written.chain(removed).collect();
        fs::write(file, lines).with_context(|| file.display().to_string())
    }

    fn report(&self, runs: usize, report: Option<Report>) -> anyhow::Result<Ending> {
        let current = Report {
            page: page(&self.output),
            runs,
            problems: 0,
            notes: 0,
            written: 0,
            unchanged: 0,
        };
        let text = match report {
            _ if self.json => serde_json::to_string_pretty(&report.unwrap_or(current))? + "\n",
            None => format!("nothing changed since the last time\n{}\n", current.page),
            Some(report) => format!(
                "{} runs; {} files written, {} unchanged; {}\n{}\n",
                report.runs,
                report.written,
                report.unchanged,
                match (report.problems, report.notes) {
                    (0, 0) => "no problems".to_owned(),
                    (0, notes) => {
                        format!("nothing lost, {}, see problems.html", counted(notes, "note"))
                    }
                    (lost, _) => format!("{}, see problems.html", counted(lost, "problem")),
                },
                report.page
            ),
        };
        print(&text)?;
        Ok(Ending::Fine)
    }
}

/// `true` if there is a page about this.
fn is_on_a_page(comparisons: &[Comparison], about: About, name: &str) -> bool {
    comparisons.iter().any(|comparison| match about {
        About::Front => true,
        About::Kernel => comparison.columns.iter().any(|column| column.run == name),
        About::Machine => comparison.machine == name,
        About::Config => comparison.config == name,
        About::Benchmark => comparison.benchmarks.iter().any(|of| of.name == name),
    })
}

/// The page to open.
fn page(output: &Path) -> String {
    output.join("index.html").display().to_string()
}
