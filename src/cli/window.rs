//! `melbot window`: where did this benchmark move?

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::judgement::{JudgedArgs, Judgement};
use super::paper::{Ink, Paper};
use super::results::Filter;
use super::{Ending, print};
use crate::analysis::alerts::{
    Alert, Suspect, Turn, Whereabouts, bare, counted, figure, probability, whereabouts,
};

/// Say where a benchmark or one of its operations moved
///
/// For a bug report in hand: for each machine and config the kernels between which it got worse or
/// better, what became of that, and what is suspect where nothing can be said.
#[derive(Debug, Args)]
#[command(
    name = "window",
    after_help = "Examples:\n  \
    melbot window netperf-udp work/log\n  \
    melbot window kernbench/Elapsed-4 work/log --machine ivor"
)]
pub struct WindowVerb {
    /// BENCHMARK, or BENCHMARK/OPERATION with the operation as MMTests names it
    metric: String,
    #[command(flatten)]
    source: JudgedArgs,
    #[command(flatten)]
    filter: Filter,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    whereabouts: &'a Whereabouts,
    changes: Vec<&'a Alert>,
}

impl WindowVerb {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let judgement = self.source.judge(&self.filter)?;
        judgement.complain();
        let mut found = self.find(&judgement)?;
        found.retain(|at| self.filter.takes_names(&at.of.place.machine, &at.of.place.config));
        let alert = |id: &String| judgement.report.alert(id);
        let answers: Vec<Answer> = found
            .iter()
            .map(|at| Answer {
                whereabouts: at,
                changes: at.alerts.iter().filter_map(alert).collect(),
            })
            .collect();
        print(&if self.json {
            serde_json::to_string_pretty(&answers)? + "\n"
        } else {
            self.text(&answers)
        })?;
        Ok(Ending::Fine)
    }

    /// A benchmark of that name, or else an operation of a benchmark.
    fn find(&self, judgement: &Judgement) -> anyhow::Result<Vec<Whereabouts>> {
        let (judged, report) = (&judgement.judged, &judgement.report);
        let mut found = whereabouts(judged, report, &self.metric, None);
        let split = self.metric.split_once('/');
        if let (true, Some((benchmark, operation))) = (found.is_empty(), split) {
            found = whereabouts(judged, report, benchmark, Some(operation));
            if found.is_empty() {
                let of = judged.series.iter().filter(|s| s.key.of.benchmark == benchmark);
                let known: BTreeSet<&str> = of.map(|s| s.key.operation.as_str()).collect();
                if !known.is_empty() {
                    let known: Vec<&str> = known.into_iter().collect();
                    bail!(
                        "no operation {operation:?} of {benchmark}; there are: {}",
                        known.join(", ")
                    );
                }
            }
        }
        if found.is_empty() {
            let all: BTreeSet<&str> =
                judged.series.iter().map(|s| s.key.of.benchmark.as_str()).collect();
            let all: Vec<&str> = all.into_iter().collect();
            let name = split.map_or(self.metric.as_str(), |(benchmark, _)| benchmark);
            bail!("no benchmark {name:?} in these results; there are: {}", all.join(", "));
        }
        Ok(found)
    }

    fn operation(&self, answer: &Answer) -> Option<&str> {
        let benchmark = &answer.whereabouts.of.benchmark;
        self.metric.strip_prefix(benchmark.as_str())?.strip_prefix('/')
    }

    fn text(&self, answers: &[Answer]) -> String {
        let mut paper = Paper::new();
        for (at, answer) in answers.iter().enumerate() {
            if at > 0 {
                paper.line("");
            }
            let here = answer.whereabouts;
            let title =
                format!("{} on {} ({})", self.metric, here.of.place.machine, here.of.place.config);
            let seen = format!(
                "{}, {}",
                counted(here.kernels, "kernel"),
                counted(here.operations, "operation")
            );
            paper.line(&format!(
                "{}  {}",
                paper.ink(Ink::Strong, &title),
                paper.ink(Ink::Faint, &seen)
            ));
            for alert in &answer.changes {
                self.change(&mut paper, answer, alert);
            }
            if answer.changes.is_empty() {
                let five = here.five_show_pct.map_or(String::new(), |pct| {
                    format!("; five iterations of each of two kernels would show {} %", bare(pct))
                });
                paper.paragraph("  ", &format!("nothing moved that holds against noise{five}"));
            }
            if !here.suspects.is_empty() {
                paper.line("  not decided, most likely first:");
                here.suspects.iter().for_each(|suspect| suspected(&mut paper, suspect));
            }
        }
        paper.finish()
    }

    fn change(&self, paper: &mut Paper, answer: &Answer, alert: &Alert) {
        let wanted = self.operation(answer);
        let member = alert.members.iter().find(|m| wanted.is_none_or(|name| m.operation == name));
        let member = member.unwrap_or(alert.headline());
        let sign = match member.turn {
            Turn::Regression => paper.ink(Ink::Worse, "▼"),
            Turn::Improvement => paper.ink(Ink::Better, "▲"),
        };
        let window = &member.window;
        let commits = window.commits.map_or(String::new(), |n| format!(", {n} commits"));
        let count = if wanted.is_none() && alert.measured > 1 {
            format!(
                "; {} of {} operations, most {}",
                alert.with().count(),
                alert.measured,
                member.operation
            )
        } else {
            String::new()
        };
        paper.paragraph(
            &format!("  {sign} "),
            &format!(
                "between {} and {}{commits}: {}",
                window.last_good,
                window.first_bad,
                member.life.sentence()
            ),
        );
        paper.paragraph(
            "    ",
            &format!(
                "{} → {} {}{count}; {}; alert {}, {}",
                figure(member.levels.0),
                figure(member.levels.1),
                member.unit,
                alert.corroboration(),
                alert.id,
                alert.state.word()
            ),
        );
    }
}

fn suspected(paper: &mut Paper, suspect: &Suspect) {
    let needed = match suspect.boots_needed {
        Some(boots) => format!("{} of each would tell", counted(boots as usize, "iteration")),
        None => "no feasible number of iterations would tell".to_owned(),
    };
    let text = format!(
        "{} between {} and {}: {}, probability {}; {needed}",
        suspect.operation,
        suspect.window.last_good,
        suspect.window.first_bad,
        suspect.effect.words(),
        probability(suspect.probability)
    );
    paper.paragraph(&format!("  {} ", paper.ink(Ink::Open, "?")), &text);
}
