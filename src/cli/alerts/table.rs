//! One line for each change point, and for each functional test that newly fails: the CSV. Its columns
//! are a contract.

use std::collections::HashMap;

use serde::Serialize;

use super::list::Choice;
use crate::analysis::alerts::{
    Alert, Effect, FailedTest, Failing, JudgedSeries, Standing, bare, standing,
};
use crate::analysis::changes::ChangeComparison;
use crate::cli::judgement::Judgement;
use crate::cli::results::Filter;

/// One change point.
#[derive(Debug, Serialize)]
pub struct Change {
    pub machine: String,
    pub config: String,
    /// Folder that the runs lie in.
    pub run_path: String,
    pub benchmark: String,
    pub operation: String,
    /// The first kernel with the new level.
    pub kernel: String,
    pub direction: &'static str,
    /// Positive is worse.
    pub effect_pct: String,
    pub low_pct: String,
    pub high_pct: String,
    pub probability: String,
    /// State of the alert; `suspect` where a single boot is to be confirmed before there is one;
    /// `withheld` where the configs differ.
    pub state: &'static str,
    /// Name of the alert; empty for what is none.
    pub alert: String,
    /// Severity of the alert.
    pub severity: String,
    pub last_good: String,
    /// Commits between the last good and the first bad kernel.
    pub commits: String,
    /// What became of it.
    pub life: String,
    /// How the value changed, for people; absent where nothing was estimated.
    #[serde(skip)]
    pub effect: Option<Effect>,
}

/// What comes first is older than what follows: programs rely on it.
const COLUMNS: [&str; 17] = [
    "machine",
    "config",
    "run_path",
    "benchmark",
    "operation",
    "kernel",
    "direction",
    "effect_pct",
    "low_pct",
    "high_pct",
    "probability",
    "state",
    "alert",
    "severity",
    "last_good",
    "commits",
    "life",
];

/// The change points of the alerts, and the failing tests, that are left in the report; with `all` also what could not be
/// decided and what is withheld.
pub fn changes(judgement: &Judgement, filter: &Filter, choice: &Choice, all: bool) -> Vec<Change> {
    let judged = &judgement.judged;
    let mut alerts: HashMap<(usize, usize), &Alert> = HashMap::new();
    for alert in &judgement.report.alerts {
        alerts.extend(alert.members.iter().map(|m| ((m.series, m.kernel), alert)));
    }
    let mut changes = Vec::new();
    for (at, series) in judged.series.iter().enumerate() {
        let of = &series.key.of;
        let named = filter.takes_names(&of.place.machine, &of.place.config);
        if !named || !filter.takes_benchmark(&of.benchmark) {
            continue;
        }
        for comparison in &series.verdicts.comparisons {
            let Some(standing) = standing(comparison) else { continue };
            let kernel = comparison.kernel;
            let alert = alerts.get(&(at, kernel)).copied();
            let withheld = judgement.report.withheld.iter().any(|w| {
                w.of == *of
                    && w.operations.contains(&series.key.operation)
                    && w.window.first_bad == judged.name(kernel)
            });
            let undecided = !standing.is_change() || withheld;
            let listed = all
                && undecided
                && !choice.only_alerts()
                && choice.takes_kernel(judged.name(kernel), judged.track(kernel));
            if alert.is_some() || listed {
                let standing = if withheld { Standing::Inconclusive } else { standing };
                let mut change = change(judgement, series, comparison, standing, alert);
                if withheld {
                    change.state = "withheld";
                }
                changes.push(change);
            }
        }
    }
    let failing = &judgement.report.failing;
    changes.extend(failing.iter().flat_map(|of| of.tests.iter().map(move |test| failed(of, test))));
    changes.sort_by(|a, b| {
        let place = |c: &Change| (c.machine.clone(), c.config.clone(), c.benchmark.clone());
        let order = |c: &Change| judged.history.place(&c.kernel);
        place(a).cmp(&place(b)).then_with(|| order(a).cmp(&order(b)))
    });
    changes
}

/// A functional test that newly fails: nothing about it is an estimate.
fn failed(failing: &Failing, test: &FailedTest) -> Change {
    let place = failing.of.place.clone();
    Change {
        machine: place.machine,
        config: place.config,
        run_path: place.run_path,
        benchmark: failing.of.benchmark.clone(),
        operation: test.test.clone(),
        kernel: failing.window.first_bad.clone(),
        direction: "failing",
        effect_pct: String::new(),
        low_pct: String::new(),
        high_pct: String::new(),
        probability: String::new(),
        state: failing.state.word(),
        alert: failing.id.clone(),
        severity: String::new(),
        last_good: failing.window.last_good.clone(),
        commits: failing.window.commits.map_or(String::new(), |commits| commits.to_string()),
        life: test.sentence(),
        effect: None,
    }
}

fn change(
    judgement: &Judgement,
    series: &JudgedSeries,
    comparison: &ChangeComparison,
    standing: Standing,
    alert: Option<&Alert>,
) -> Change {
    let judged = &judgement.judged;
    let place = series.key.of.place.clone();
    let effect = series.effect(comparison);
    let percent = |value: f64| format!("{value:.2}");
    let member = alert.and_then(|alert| {
        alert.members.iter().find(|member| member.operation == series.key.operation)
    });
    Change {
        machine: place.machine,
        config: place.config,
        run_path: place.run_path,
        benchmark: series.key.of.benchmark.clone(),
        operation: series.key.operation.clone(),
        kernel: judged.name(comparison.kernel).to_owned(),
        direction: standing.direction(),
        effect_pct: percent(effect.worse_pct),
        low_pct: percent(effect.worse_interval.0),
        high_pct: percent(effect.worse_interval.1),
        probability: format!("{:.4}", comparison.probability),
        state: match (alert, standing) {
            (Some(alert), _) => alert.state.word(),
            (None, Standing::Suspect { .. }) => "suspect",
            (None, _) => "new",
        },
        effect: Some(effect),
        alert: alert.map_or(String::new(), |alert| alert.id.clone()),
        severity: alert.map_or(String::new(), |alert| bare(alert.severity)),
        last_good: comparison.parent.map_or("", |parent| judged.name(parent)).to_owned(),
        commits: member
            .and_then(|member| member.window.commits)
            .map_or(String::new(), |commits| commits.to_string()),
        life: member.map_or(String::new(), |member| member.life.sentence()),
    }
}

/// The table.
pub fn csv(changes: &[Change]) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for change in changes {
        writer.serialize(change)?;
    }
    Ok(String::from_utf8_lossy(&writer.into_inner()?).into_owned())
}
