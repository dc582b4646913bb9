//! `melbot compare`: kernels side by side in the terminal, or for other programs.

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;
use rayon::prelude::*;

use super::judgement::judge;
use super::results::{Filter, ResultsArgs, stdout_has_colour};
use super::{Ending, print};
use crate::analysis::{Baseline, Comparison, UnknownBaseline, compare, pages};
use crate::model::Run;
use crate::notes::Notes;
use crate::report::{self, Detail, Format, Options};

/// Compare kernels benchmark by benchmark
///
/// Figures, ratios and stars are those of MMTests' compare-mmtests.pl, to the last digit;
/// docs/DEVIATIONS.md tells where MMTests is wrong. The sign behind a change is melbot's own verdict.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot compare sample-results --machine tcg1 --config scheduler-pipes\n  \
    melbot compare sample-results --machine tcg1 --run 6.1.192 --run 6.18.15\n  \
    melbot compare work/log --baseline 6.12 --format csv > figures.csv")]
pub struct Compare {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    filter: Filter,
    /// Run that the others are set against: a name, `first`, or `previous`, the previous release on
    /// the kernel's own track (the oldest kernel where there is none)
    #[arg(long, value_name = "RUN", default_value = "previous")]
    baseline: String,
    /// Only this run, beside the run that is the baseline; may be given more than once. A name, or
    /// what comes before a `-` in it
    #[arg(long, value_name = "RUN")]
    run: Vec<String>,
    /// Print ratios and their means instead of figures
    #[arg(long)]
    ratio: bool,
    /// One row an operation instead of all figures
    #[arg(long)]
    brief: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Compare {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let benchmark = self.filter.benchmark.clone();
        let format = if self.json { Format::Json } else { self.format };
        // Verdicts rest on what all results have in common, and must not depend on which are shown.
        let all = Filter { benchmark, ..Filter::default() };
        let judged = format != Format::Csv && !self.ratio;
        let results = self.results.find(if judged { &all } else { &self.filter })?;
        results.require(&self.filter)?;
        let loaded = results.load()?;
        let judgement = match judged {
            true => {
                let folder = results.notes_folder();
                Some(judge(&results, &loaded, (Notes::read(&folder), folder), false)?)
            }
            false => None,
        };
        let mut runs = loaded.into_runs();
        runs.retain(|run| self.filter.takes_names(&run.machine, &run.config));
        let baseline = baseline(&self.baseline);
        self.keep_runs(&mut runs, &baseline)?;
        let mut comparisons = compare_all(&runs, &baseline)?;
        if let Baseline::Run(name) = &baseline {
            let without = comparisons.iter().filter(|of| of.columns.iter().all(|c| c.run != *name));
            for Comparison { config, machine, .. } in without {
                super::warn(&format!(
                    "{config} on {machine} has no run {name}: its kernels are set against their \
                     previous releases"
                ));
            }
        }
        if let Some(judgement) = judgement {
            judgement.set_verdicts(&mut comparisons);
        }
        self.keep_wanted(&mut comparisons);
        let options = Options {
            ratio: self.ratio,
            detail: if self.brief { Detail::Brief } else { Detail::Full },
            colour: stdout_has_colour(),
        };
        print(&report::render(format, &comparisons, options)?)?;
        Ok(Ending::Fine)
    }

    /// Drops the runs that were not asked for, but for what they are to be set against.
    fn keep_runs(&self, runs: &mut Vec<Run>, baseline: &Baseline) -> anyhow::Result<()> {
        if self.run.is_empty() {
            return Ok(());
        }
        let named = |name: &str, wanted: &str| {
            let rest = name.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        for wanted in &self.run {
            if !runs.iter().any(|run| named(&run.name, wanted)) {
                let known: BTreeSet<&str> = runs.iter().map(|run| run.name.as_str()).collect();
                let known: Vec<&str> = known.into_iter().collect();
                bail!("no run {wanted:?} in these results; there are: {}", known.join(", "));
            }
        }
        let is_baseline = |run: &Run| matches!(baseline, Baseline::Run(name) if *name == run.name);
        runs.retain(|run| is_baseline(run) || self.run.iter().any(|w| named(&run.name, w)));
        Ok(())
    }

    /// Drops the benchmarks that were not asked for.
    fn keep_wanted(&self, comparisons: &mut Vec<Comparison>) {
        for comparison in &mut *comparisons {
            comparison.benchmarks.retain(|benchmark| self.filter.takes_benchmark(&benchmark.name));
        }
        comparisons.retain(|comparison| !comparison.benchmarks.is_empty());
    }
}

/// Compares the runs of every page. Where a page has no run of the baseline's name, its kernels are
/// set against their previous releases; it is an error only if no page has one.
pub fn compare_all(runs: &[Run], baseline: &Baseline) -> Result<Vec<Comparison>, UnknownBaseline> {
    let pages = pages(runs);
    let compared: Vec<Result<Comparison, UnknownBaseline>> =
        pages.par_iter().map(|page| compare(page, baseline)).collect();
    if compared.iter().any(Result::is_ok) {
        let previous = |page: &Vec<&Run>| compare(page, &Baseline::Previous);
        let pairs = compared.into_iter().zip(&pages);
        return pairs.map(|(compared, page)| compared.or_else(|_| previous(page))).collect();
    }
    compared.into_iter().collect()
}

/// What `--baseline` says. A run that is called like a rule can be had as `run:previous`.
pub fn baseline(text: &str) -> Baseline {
    match text {
        "previous" => Baseline::Previous,
        "first" => Baseline::First,
        name => Baseline::Run(name.strip_prefix("run:").unwrap_or(name).to_owned()),
    }
}
