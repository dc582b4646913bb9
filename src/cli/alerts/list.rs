//! `melbot alerts list`.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::{detail, table};
use crate::analysis::alerts::{Alert, Class, Failing, Turn, counted, explain};
use crate::cli::judgement::{JudgedArgs, Judgement};
use crate::cli::paper::{Ink, Paper};
use crate::cli::results::Filter;
use crate::cli::{Ending, print};
use crate::notes::State;
use crate::report::alerts as json;

/// List the alerts (the default)
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot alerts list work/log --state new --severity notable\n  \
    melbot alerts list work/log --track 6.12.y --json")]
pub struct List {
    #[command(flatten)]
    source: JudgedArgs,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    choice: Choice,
    /// Print CSV, a line for each operation that changed
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also list what could not be decided
    #[arg(long)]
    all: bool,
    /// Also say how often a kernel would have been told from itself (A/A): everything is judged twice
    #[arg(long, conflicts_with = "csv")]
    evidence: bool,
    /// Exit with status 1 if there are new regressions: such that nobody has said anything about, and
    /// that are still there
    #[arg(long)]
    fail: bool,
    /// Show the whole calculation of one verdict instead
    #[arg(long, value_name = "BENCHMARK/OPERATION@KERNEL", conflicts_with_all = ["csv", "all", "evidence", "fail"])]
    explain: Option<String>,
}

/// Which alerts are meant, beside machine, config and benchmark.
#[derive(Debug, Default, Args)]
pub struct Choice {
    /// Only alerts on this track: mainline, or a stable series such as 6.12.y
    #[arg(long, value_name = "NAME")]
    track: Vec<String>,
    /// Only alerts in this state
    #[arg(long, value_enum)]
    state: Vec<StateName>,
    /// Only alerts at least as severe
    #[arg(long, value_enum)]
    severity: Option<ClassName>,
    /// Only alerts at this kernel
    #[arg(long, value_name = "NAME")]
    kernel: Vec<String>,
}

/// A state, as one types it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateName {
    /// Nobody has said anything
    New,
    /// Somebody is looking at it
    Acknowledged,
    /// The cause is known
    Explained,
    /// Repaired, people say
    Fixed,
    /// It was none
    FalseAlarm,
}

impl StateName {
    /// The state.
    pub fn state(self) -> State {
        match self {
            StateName::New => State::New,
            StateName::Acknowledged => State::Acknowledged,
            StateName::Explained => State::Explained,
            StateName::Fixed => State::Fixed,
            StateName::FalseAlarm => State::FalseAlarm,
        }
    }
}

/// A class of severity, as one types it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClassName {
    /// All
    Minor,
    /// From 3 % of a benchmark on
    Notable,
    /// From 10 % of a benchmark on
    Severe,
}

impl Choice {
    /// Stops at names of kernels and tracks that the results do not have.
    fn check(&self, judgement: &Judgement) -> anyhow::Result<()> {
        let history = &judgement.judged.history;
        self.kernel.iter().try_for_each(|name| place(judgement, name).map(drop))?;
        let tracks = (0..history.tree.kernels.len()).map(|at| history.track(at));
        let tracks: BTreeSet<&str> = tracks.filter(|track| !track.is_empty()).collect();
        if let Some(name) = self.track.iter().find(|name| !tracks.contains(name.as_str())) {
            let all: Vec<&str> = tracks.into_iter().collect();
            bail!("no track {name:?} in these results; there are: {}", all.join(", "));
        }
        Ok(())
    }

    /// `true` if an alert is meant.
    fn takes(&self, alert: &Alert) -> bool {
        let least = match self.severity {
            None | Some(ClassName::Minor) => Class::Minor,
            Some(ClassName::Notable) => Class::Notable,
            Some(ClassName::Severe) => Class::Severe,
        };
        let state = self.state.is_empty() || self.state.iter().any(|s| s.state() == alert.state);
        self.takes_kernel(&alert.window.first_bad, &alert.track) && state && alert.class >= least
    }

    /// `true` if tests that fail are meant; a severity they have none.
    fn takes_failing(&self, failing: &Failing) -> bool {
        let state = self.state.is_empty() || self.state.iter().any(|s| s.state() == failing.state);
        self.takes_kernel(&failing.window.first_bad, &failing.track)
            && state
            && self.severity.is_none()
    }

    /// `true` if changes at a kernel of this track are meant.
    pub fn takes_kernel(&self, kernel: &str, track: &str) -> bool {
        let among =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.kernel, kernel) && among(&self.track, track)
    }

    /// `true` if only alerts can be meant: what is not decided has neither state nor severity.
    pub fn only_alerts(&self) -> bool {
        !self.state.is_empty() || self.severity.is_some()
    }
}

impl List {
    pub fn run(self) -> anyhow::Result<Ending> {
        let mut judgement = self.source.judge_with(&self.filter, self.evidence)?;
        judgement.complain();
        if let Some(asked) = &self.explain {
            return self.explain(&judgement, asked);
        }
        self.choice.check(&judgement)?;
        let place = |of: &crate::analysis::alerts::BenchmarkKey| {
            self.filter.takes_names(&of.place.machine, &of.place.config)
                && self.filter.takes_benchmark(&of.benchmark)
        };
        let report = &mut judgement.report;
        let all = report.alerts.len() + report.failing.len();
        report.alerts.retain(|alert| place(&alert.of) && self.choice.takes(alert));
        report.failing.retain(|failing| place(&failing.of) && self.choice.takes_failing(failing));
        report.withheld.retain(|w| place(&w.of) && !self.choice.only_alerts());
        report.suspects.retain(|suspect| {
            let kernel = self.choice.takes_kernel(&suspect.window.first_bad, &suspect.track);
            place(&suspect.of) && kernel && !self.choice.only_alerts()
        });
        report.machine_drifts.retain(|drift| {
            report.alerts.iter().any(|alert| alert.of.place.machine == drift.machine)
        });
        let news =
            report.alerts.iter().any(Alert::is_news) || report.failing.iter().any(Failing::is_news);
        print(&if self.json {
            serde_json::to_string_pretty(&json::report(
                &judgement.report,
                judgement.evidence.as_ref(),
            )?)? + "\n"
        } else if self.csv {
            table::csv(&table::changes(&judgement, &self.filter, &self.choice, self.all))?
        } else {
            let left = judgement.report.alerts.len() + judgement.report.failing.len();
            self.text(&judgement, all - left)
        })?;
        Ok(if self.fail && news { Ending::Found } else { Ending::Fine })
    }

    fn text(&self, judgement: &Judgement, hidden: usize) -> String {
        let report = &judgement.report;
        let mut paper = Paper::new();
        paper.paragraph("", &summary(&report.alerts, &report.failing));
        if hidden > 0 {
            let verb = if hidden == 1 { "is" } else { "are" };
            paper.line(&format!("{} {verb} hidden by the filters", counted(hidden, "alert")));
        }
        let undecided: Vec<table::Change> = match self.choice.only_alerts() {
            true => Vec::new(),
            false => table::changes(judgement, &self.filter, &self.choice, true)
                .into_iter()
                .filter(|change| change.direction == "inconclusive")
                .collect(),
        };
        if report.alerts.is_empty() && !self.all {
            detail::likeliest(&mut paper, &undecided);
        }
        for drift in &report.machine_drifts {
            paper.paragraph("! ", &drift.sentence());
        }
        let section = |alert: &Alert| match alert.turn {
            Turn::Regression if alert.is_over() => "Regressions that are over:",
            Turn::Regression => "",
            Turn::Improvement => "Improvements:",
        };
        let mut last = "";
        for alert in &report.alerts {
            let title = section(alert);
            if title != last {
                paper.line("");
                paper.line(&paper.ink(Ink::Faint, title));
                last = title;
            }
            paper.line("");
            detail::brief(&mut paper, alert);
        }
        if !report.failing.is_empty() {
            paper.line("");
            paper.line(&paper.ink(Ink::Faint, "Tests that fail:"));
        }
        for failing in &report.failing {
            paper.line("");
            detail::failing(&mut paper, failing);
        }
        if !report.suspects.is_empty() {
            paper.line("");
            paper.line(&paper.ink(Ink::Faint, "To be confirmed:"));
        }
        for suspect in &report.suspects {
            paper.line("");
            detail::suspect(&mut paper, suspect);
        }
        for withheld in &report.withheld {
            paper.line("");
            detail::withheld(&mut paper, withheld);
        }
        if self.all {
            paper.line("");
            detail::undecided(&mut paper, &undecided);
        }
        if !report.unseen.is_empty() {
            paper.line("");
            paper.line("Noted, and no longer seen in the data:");
            for notes in &report.unseen {
                detail::unseen(&mut paper, notes);
            }
        }
        if let Some(evidence) = &judgement.evidence {
            paper.line("");
            detail::evidence(&mut paper, evidence);
        }
        paper.finish()
    }

    /// `--explain BENCHMARK/OPERATION@KERNEL`.
    fn explain(&self, judgement: &Judgement, asked: &str) -> anyhow::Result<Ending> {
        let wrong =
            || format!("{asked:?}: write BENCHMARK/OPERATION@KERNEL, as kernbench/Elapsed-4@6.9");
        let (series, kernel) = asked.rsplit_once('@').with_context(wrong)?;
        let (benchmark, operation) = series.split_once('/').with_context(wrong)?;
        let judged = &judgement.judged;
        let place = place(judgement, kernel)?;
        let meant = |s: &&crate::analysis::alerts::JudgedSeries| {
            let at = &s.key.of;
            at.benchmark == benchmark
                && s.key.operation == operation
                && self.filter.takes_names(&at.place.machine, &at.place.config)
        };
        let found: Vec<_> = judged.series.iter().filter(meant).collect();
        if found.is_empty() {
            let of = judged.series.iter().filter(|s| s.key.of.benchmark == benchmark);
            let mut known: Vec<&str> = of.map(|s| s.key.operation.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            if known.is_empty() {
                bail!("no benchmark {benchmark:?} in these results");
            }
            bail!("no operation {operation:?} of {benchmark}; there are: {}", known.join(", "));
        }
        // Machines that did not run the kernel have a word only where none did.
        let ran = |s: &&&crate::analysis::alerts::JudgedSeries| s.at(place).is_some();
        let any = found.iter().any(|s| ran(&s));
        let explained: Vec<_> = found
            .iter()
            .filter(|s| !any || ran(s))
            .filter_map(|s| explain(judged, s, place, &judgement.settings))
            .collect();
        if explained.is_empty() {
            bail!("{benchmark}/{operation} was not measured with {kernel}");
        }
        if self.json {
            print(&(serde_json::to_string_pretty(&explained)? + "\n"))?;
            return Ok(Ending::Fine);
        }
        let mut paper = Paper::new();
        for (at, explanation) in explained.iter().enumerate() {
            if at > 0 {
                paper.line("");
            }
            detail::explanation(&mut paper, explanation);
        }
        print(&paper.finish())?;
        Ok(Ending::Fine)
    }
}

/// The place of a kernel in the history, which has to be there.
fn place(judgement: &Judgement, kernel: &str) -> anyhow::Result<usize> {
    judgement.judged.history.place(kernel).with_context(|| {
        let kernels = judgement.judged.tree().kernels.iter();
        let all: Vec<&str> = kernels.map(|kernel| kernel.name.as_str()).collect();
        format!("no kernel {kernel:?} in these results; there are: {}", all.join(", "))
    })
}

/// `3 alerts: 1 regression still there (1 new), 1 over, 1 improvement`.
fn summary(alerts: &[Alert], failing: &[Failing]) -> String {
    let count = |is: &dyn Fn(&&Alert) -> bool| alerts.iter().filter(is).count();
    let worse = |alert: &&Alert| alert.turn == Turn::Regression;
    let there = count(&|alert| worse(alert) && !alert.is_over());
    let over = count(&|alert| worse(alert) && alert.is_over());
    let better = count(&|alert| !worse(alert));
    let news = count(&|alert| alert.is_news());
    let tests: usize = failing.iter().map(|failing| failing.tests.len()).sum();
    let tests = match tests {
        0 => String::new(),
        tests => format!("; {} newly failing", counted(tests, "test")),
    };
    if alerts.is_empty() {
        return format!("no change that holds against noise{tests}");
    }
    let mut parts = Vec::new();
    if there > 0 {
        let news = if news == 0 { "none".to_owned() } else { news.to_string() };
        parts.push(format!("{} still there ({news} new)", counted(there, "regression")));
    }
    if over > 0 {
        let verb = if over == 1 { "is" } else { "are" };
        parts.push(format!("{} that {verb} over", counted(over, "regression")));
    }
    if better > 0 {
        parts.push(counted(better, "improvement"));
    }
    format!("{}: {}{tests}", counted(alerts.len(), "alert"), parts.join("; "))
}
