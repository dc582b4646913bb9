//! What verbs about alerts have in common: results, judged as a whole, with the notes on them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::results::{Busy, Filter, Loaded, Results, ResultsArgs};
use crate::analysis::alerts::{Evidence, Judged, Measurements, Report};
use crate::analysis::changes::{Memory, Settings};
use crate::analysis::{Comparison, History, set_verdicts};
use crate::kernel;
use crate::model::{Problem, Run};
use crate::notes::Notes;

/// Where results and the notes on them are.
#[derive(Debug, Args)]
pub struct JudgedArgs {
    #[command(flatten)]
    pub results: ResultsArgs,
    /// Folder of the notes on alerts [default: RESULTS/alerts]
    #[arg(long, value_name = "DIR")]
    pub notes: Option<PathBuf>,
}

/// Results, judged.
pub struct Judgement {
    /// Series and verdicts.
    pub judged: Judged,
    /// Alerts.
    pub report: Report,
    /// What people said.
    pub notes: Notes,
    /// Where they said it.
    pub folder: PathBuf,
    /// How it was judged.
    pub settings: Settings,
    /// How often a kernel differs from itself, if asked for.
    pub evidence: Option<Evidence>,
}

impl JudgedArgs {
    /// Reads and judges all results, whatever the filter: what is said of one machine rests on what
    /// all have in common, and must not depend on which of them is asked for. The filter is only
    /// checked: it must let something through.
    pub fn judge(&self, filter: &Filter) -> anyhow::Result<Judgement> {
        self.judge_with(filter, false)
    }

    /// The same; with `evidence`, everything is judged a second time, each kernel against itself.
    pub fn judge_with(&self, filter: &Filter, evidence: bool) -> anyhow::Result<Judgement> {
        Ok(self.judge_and_keep(filter, evidence)?.0)
    }

    /// The same, with the runs that were judged.
    pub fn judge_and_keep(
        &self,
        filter: &Filter,
        evidence: bool,
    ) -> anyhow::Result<(Judgement, Loaded)> {
        let all = Filter { benchmark: filter.benchmark.clone(), ..Filter::default() };
        let results = self.results.find(&all)?;
        results.require(filter)?;
        let loaded = results.load()?;
        let folder = self.notes.clone().unwrap_or_else(|| results.notes_folder());
        let notes = Notes::read(&folder);
        Ok((judge(&results, &loaded, (notes, folder), evidence)?, loaded))
    }
}

/// What the store remembers of the verdicts on all results.
const VERDICTS: &str = "verdicts";
/// What it remembers of the verdicts on each kernel against itself.
const REPEATS: &str = "repeats";

/// Judges results that were read, as a whole; with `evidence` a second time, each kernel against
/// itself.
pub fn judge(
    results: &Results,
    loaded: &Loaded,
    (notes, folder): (Notes, PathBuf),
    evidence: bool,
) -> anyhow::Result<Judgement> {
    let busy = Busy::with("judging");
    let runs: Vec<&Run> = loaded.runs.iter().map(|stored| &stored.run).collect();
    let history = History::new(&runs);
    let mut measured = Measurements::default();
    for stored in &loaded.runs {
        measured.add(&history, &stored.run);
    }
    let settings = Settings::default();
    let memory = |name: &str| {
        let bytes = results.is_all().then(|| loaded.store.remembered(name));
        bytes.flatten().map_or_else(Memory::default, |bytes| Memory::from_bytes(&bytes))
    };
    let keep = |name: &str, memory: Memory| match memory.to_bytes().filter(|_| results.is_all()) {
        Some(bytes) => loaded.store.remember(name, &bytes),
        None => Ok(()),
    };
    let evidence = match evidence {
        true => {
            let mut memory = memory(REPEATS);
            let evidence = Evidence::measure(&history, &measured, &settings, &mut memory);
            keep(REPEATS, memory)?;
            Some(evidence)
        }
        false => None,
    };
    let mut memory = memory(VERDICTS);
    let judged = Judged::new(history, measured, &settings, &mut memory);
    keep(VERDICTS, memory)?;
    let mut report = Report::new(&judged, &notes);
    if let Some(tree) = &results.settings.tree {
        count_commits(&mut report, &kernel::History::open(tree)?);
    }
    drop(busy);
    Ok(Judgement { judged, report, notes, folder, settings, evidence })
}

/// Fills in how many commits lie in the windows.
fn count_commits(report: &mut Report, tree: &kernel::History) {
    let mut known: BTreeMap<(String, String), Option<u64>> = BTreeMap::new();
    let mut count = |window: &mut crate::analysis::alerts::Window| {
        let ends = (window.last_good.clone(), window.first_bad.clone());
        let commits =
            known.entry(ends).or_insert_with_key(|(good, bad)| tree.commits_between(good, bad));
        window.commits = *commits;
    };
    for alert in &mut report.alerts {
        count(&mut alert.window);
        alert.members.iter_mut().for_each(|member| count(&mut member.window));
    }
    report.withheld.iter_mut().for_each(|withheld| count(&mut withheld.window));
    report.failing.iter_mut().for_each(|failing| count(&mut failing.window));
}

impl Judgement {
    /// Puts the verdicts into comparisons of the same results.
    pub fn set_verdicts(&self, comparisons: &mut [Comparison]) {
        set_verdicts(comparisons, &self.judged, &self.report, &self.settings);
    }

    /// Says what of the notes could not be read. A message, no part of the output.
    pub fn complain(&self) {
        for problem in &self.notes.problems {
            super::warn(&told(problem));
        }
    }

    /// The name of the alert that is meant: the whole name, or a start that only it has.
    pub fn resolve(&self, asked: &str) -> anyhow::Result<String> {
        let alerts = self.report.alerts.iter().map(|alert| alert.id.as_str());
        let failing = self.report.failing.iter().map(|failing| failing.id.as_str());
        let noted = self.report.unseen.iter().map(|notes| notes.subject.id.as_str());
        let ids: Vec<&str> = alerts.chain(failing).chain(noted).collect();
        if ids.contains(&asked) {
            return Ok(asked.to_owned());
        }
        let started: Vec<&str> = ids.iter().copied().filter(|id| id.starts_with(asked)).collect();
        match started.as_slice() {
            [one] if asked.len() >= 3 => return Ok((*one).to_owned()),
            [_, _, ..] if asked.len() >= 3 => {
                bail!("{asked:?} may be any of {}", started.join(", "))
            }
            _ => {}
        }
        if ids.is_empty() {
            bail!("no alert {asked:?}; there are no alerts in these results");
        }
        let mut near: Vec<(usize, &str)> = ids.iter().map(|id| (differs(asked, id), *id)).collect();
        near.sort_unstable();
        let near: Vec<&str> = near.into_iter().take(3).map(|(_, id)| id).collect();
        bail!("no alert {asked:?}; the nearest names are {}", near.join(", "))
    }
}

/// A problem in one line.
pub fn told(problem: &Problem) -> String {
    let line = problem.line.map_or(String::new(), |line| format!(":{line}"));
    format!("{}{line}: {}; {}", problem.path, problem.what, problem.remedy)
}

/// Levenshtein's distance.
fn differs(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(100).enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let here = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = here;
        }
    }
    row[b.len()]
}
