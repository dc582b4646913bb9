//! `melbot plan`: what to run again.

use clap::Args;
use serde::Serialize;

use super::judgement::{JudgedArgs, Judgement};
use super::paper::{Ink, Paper};
use super::results::Filter;
use super::{Ending, print};
use crate::analysis::alerts::{JudgedSeries, Plan, Rerun, SeriesKey, bare, counted, plan};

/// Say which kernels to run again, and how often, to settle what could not be decided
///
/// Most settled verdicts for an iteration first; those on the newest kernels and on likely changes
/// count most.
#[derive(Debug, Args)]
#[command(
    name = "plan",
    after_help = "Examples:\n  \
    melbot plan work/log\n  \
    melbot plan work/log --machine ivor --json\n  \
    melbot plan work/log --power --benchmark netperf-udp"
)]
pub struct PlanVerb {
    #[command(flatten)]
    source: JudgedArgs,
    #[command(flatten)]
    filter: Filter,
    /// Show the changes that numbers of iterations would show instead, operation by operation
    #[arg(long)]
    power: bool,
    /// Show so many reruns
    #[arg(long, value_name = "N", default_value_t = 10)]
    first: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What an operation can show.
#[derive(Serialize)]
struct Power<'j> {
    #[serde(flatten)]
    key: &'j SeriesKey,
    /// Iterations of a kernel, as a rule.
    boots: usize,
    /// Deviation between iterations, in percent.
    noise_pct: f64,
    shows: Vec<Shows>,
}

/// So many iterations of each of two kernels show a change of this size.
#[derive(Serialize)]
struct Shows {
    boots: u32,
    effect_pct: f64,
}

impl PlanVerb {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let judgement = self.source.judge(&self.filter)?;
        judgement.complain();
        print(&if self.power { self.powers(&judgement)? } else { self.plan(&judgement)? })?;
        Ok(Ending::Fine)
    }

    fn plan(&self, judgement: &Judgement) -> anyhow::Result<String> {
        let mut plan = plan(&judgement.judged, |key| {
            self.filter.takes_names(&key.place.machine, &key.place.config)
                && self.filter.takes_benchmark(&key.benchmark)
        });
        if self.json {
            return Ok(serde_json::to_string_pretty(&plan)? + "\n");
        }
        let left = plan.reruns.len().saturating_sub(self.first);
        plan.reruns.truncate(self.first);
        Ok(text(&plan, left))
    }

    fn powers(&self, judgement: &Judgement) -> anyhow::Result<String> {
        let meant = |series: &&JudgedSeries| {
            let of = &series.key.of;
            self.filter.takes_names(&of.place.machine, &of.place.config)
                && self.filter.takes_benchmark(&of.benchmark)
        };
        let powers: Vec<Power> = judgement.judged.series.iter().filter(meant).map(power).collect();
        if self.json {
            return Ok(serde_json::to_string_pretty(&powers)? + "\n");
        }
        let mut paper = Paper::new();
        let chunks = powers.chunk_by(|a, b| a.key.of == b.key.of);
        for (at, chunk) in chunks.enumerate() {
            if at > 0 {
                paper.line("");
            }
            let of = &chunk[0].key.of;
            let title = format!("{} on {} ({})", of.benchmark, of.place.machine, of.place.config);
            paper.line(&paper.ink(Ink::Strong, &title));
            let mut head = vec!["change shown by".to_owned(), "noise".to_owned()];
            head.extend(chunk[0].shows.iter().map(|shows| format!("{} iter.", shows.boots)));
            let mut rows = vec![head];
            for power in chunk {
                let mut row =
                    vec![power.key.operation.clone(), format!("{:.2} %", power.noise_pct)];
                row.extend(power.shows.iter().map(|s| format!("≥ {} %", bare(s.effect_pct))));
                rows.push(row);
            }
            paper.table("  ", &[false, true, true, true, true, true, true, true], &rows);
        }
        Ok(paper.finish())
    }
}

fn power(series: &JudgedSeries) -> Power<'_> {
    let mut boots: Vec<usize> = series.samples.keys().map(|kernel| series.boots(*kernel)).collect();
    boots.sort_unstable();
    let percent = |log: f64| 100.0 * log.exp_m1();
    let row = |d: &crate::analysis::changes::Detectable| Shows {
        boots: d.boots,
        effect_pct: percent(d.effect),
    };
    Power {
        key: &series.key,
        boots: boots.get(boots.len() / 2).copied().unwrap_or(0),
        noise_pct: percent(series.verdicts.noise.boot),
        shows: series.verdicts.detectable.iter().map(row).collect(),
    }
}

fn text(plan: &Plan, left: usize) -> String {
    let mut paper = Paper::new();
    if plan.reruns.is_empty() {
        paper.line("nothing to run again: no undecided comparison would be settled by it");
    }
    for (at, rerun) in plan.reruns.iter().enumerate() {
        if at > 0 {
            paper.line("");
        }
        describe(&mut paper, at + 1, rerun);
    }
    if left > 0 {
        paper.line("");
        let what = counted(left, "more rerun");
        let verb = if left == 1 { "is" } else { "are" };
        paper.line(&format!("{what} {verb} worth less; --first N shows them"));
    }
    if plan.hopeless > 0 {
        let what = counted(plan.hopeless, "undecided comparison");
        paper.line(&format!("{what} would need more iterations than is feasible"));
    }
    if plan.odd > 0 {
        let what = counted(plan.odd, "undecided comparison");
        let why = "enough iterations, some of which lie far off: look at those";
        paper.line(&format!("{what} with {why}"));
    }
    paper.finish()
}

fn describe(paper: &mut Paper, number: usize, rerun: &Rerun) {
    const SHOWN: usize = 3;
    let title = format!(
        "{} on {} ({}): {} more {}",
        rerun.kernel,
        rerun.place.machine,
        rerun.place.config,
        rerun.boots,
        if rerun.boots == 1 { "iteration" } else { "iterations" }
    );
    let also: Vec<String> =
        rerun.also.iter().map(|(kernel, boots)| format!("{boots} of {kernel}")).collect();
    let also = if also.is_empty() { String::new() } else { format!(", and {}", also.join(", ")) };
    let has = paper.ink(Ink::Faint, &format!("(has {})", rerun.has));
    let title = format!("{} {has}{also}", paper.ink(Ink::Strong, &title));
    paper.paragraph(&format!("{number:>2}. "), &title);
    let hopeless = match rerun.hopeless {
        0 => String::new(),
        n => format!("; {n} would need more than is feasible"),
    };
    paper.paragraph(
        "    ",
        &format!("settles {} of {} undecided{hopeless}", rerun.settles.len(), rerun.undecided),
    );
    for settled in rerun.settles.iter().take(SHOWN).filter(|settled| settled.probability >= 0.1) {
        let way = if settled.effect.is_worse() { "worse" } else { "better" };
        paper.paragraph(
            &format!("    {} ", paper.ink(Ink::Open, "?")),
            &format!(
                "{}/{}: looks {way} than {}, {}, probability {:.2}",
                settled.benchmark,
                settled.operation,
                settled.against,
                settled.effect.words(),
                settled.probability
            ),
        );
    }
}
