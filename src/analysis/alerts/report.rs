//! From verdicts to alerts: the order of the steps.

use std::cmp::Reverse;

use serde::Serialize;

use super::alert::{Alert, Member, Role, Turn, Window};
use super::caveats::{self, Caveat};
use super::corroboration;
use super::failing::Failing;
use super::grouping::{self, Event, Point};
use super::identity;
use super::judged::{Judged, JudgedSeries};
use super::life::{self, Life, Shape};
use super::machine::{self, MachineDrift};
use super::measured::BenchmarkKey;
use super::repeats::Again;
use super::severity::{Class, severity};
use super::suspects::{Unconfirmed, suspects};
use crate::notes::{AlertNotes, Notes, State, Subject};

/// A change that is no alert, because what was measured cannot be compared.
#[derive(Clone, Debug, Serialize)]
pub struct Withheld {
    /// Benchmark, config, machine.
    #[serde(flatten)]
    pub of: BenchmarkKey,
    /// Between which kernels.
    pub window: Window,
    /// Operations that seem to have moved.
    pub operations: Vec<String>,
    /// Why it is withheld.
    pub reason: String,
}

/// All alerts, most severe first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What is still there before what is over, regressions before improvements, by severity.
    pub alerts: Vec<Alert>,
    /// Functional tests that newly fail.
    pub failing: Vec<Failing>,
    /// Changes that cannot be judged.
    pub withheld: Vec<Withheld>,
    /// Machines that changed as a whole.
    pub machine_drifts: Vec<MachineDrift>,
    /// What looks changed and rests on a single iteration.
    pub suspects: Vec<Unconfirmed>,
    /// Notes on alerts that the data do not show any more.
    pub unseen: Vec<AlertNotes>,
}

impl Report {
    /// The alerts of all that was judged, with what people have said about them.
    pub fn new(judged: &Judged, notes: &Notes) -> Report {
        let mut report = Report::default();
        let mut first = 0;
        for series in judged.series.chunk_by(|a, b| a.key.of == b.key.of) {
            for event in grouping::events(judged, first, series) {
                report.add(judged, series, &event);
            }
            first += series.len();
        }
        let known: Vec<Subject> = notes.alerts.iter().map(|n| n.subject.clone()).collect();
        identity::identify(&mut report.alerts, &known, |name| judged.history.place(name));
        for alert in &mut report.alerts {
            if let Some(said) = notes.of(&alert.id) {
                alert.state = said.state();
                alert.notes.clone_from(&said.entries);
            }
        }
        relate(&mut report.alerts);
        corroboration::call(judged, &mut report.alerts);
        report.machine_drifts = machine::drifts(judged, &mut report.alerts);
        report.suspects = suspects(judged);
        report.failing = judged.tests.failing(&judged.history, notes);
        report.unseen = unseen(&report, notes);
        report.alerts.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| order(a, b)));
        report
    }

    /// How many regressions and failing tests nobody has said anything about, and are still there.
    pub fn news(&self) -> usize {
        let failing = self.failing.iter().filter(|failing| failing.is_news()).count();
        self.alerts.iter().filter(|alert| alert.is_news()).count() + failing
    }

    /// The alert of this name.
    pub fn alert(&self, id: &str) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.id == id)
    }

    fn add(&mut self, judged: &Judged, series: &[JudgedSeries], event: &Event) {
        let Some(alert) = alert(judged, series, event) else { return };
        let environment =
            |kernel: Option<usize>| judged.environment(&alert.of.place, kernel?).cloned();
        let place = |name: &str| judged.history.place(name);
        let good = environment(place(&alert.window.last_good)).unwrap_or_default();
        let bad = environment(place(&alert.window.first_bad)).unwrap_or_default();
        let again = place(&alert.window.last_good)
            .and_then(|good| judged.repeats.between(&alert.of.place, good, alert.kernel));
        let same = (again == Some(Again::Alike)).then(|| {
            "both ran the same kernel, so that something else differs: the machine, or what ran \
             beside it"
                .to_owned()
        });
        if let Some(reason) = same.or_else(|| caveats::configs_differ(&good, &bad)) {
            self.withheld.push(Withheld {
                operations: alert.members.iter().map(|m| m.operation.clone()).collect(),
                of: alert.of,
                window: alert.window,
                reason,
            });
            return;
        }
        let mut alert = alert;
        for (name, known) in [(&alert.window.last_good, &good), (&alert.window.first_bad, &bad)] {
            if known.facts.is_empty() {
                alert.caveats.push(Caveat::Unknown { kernel: name.clone() });
            }
        }
        if again.is_some() {
            alert.caveats.push(Caveat::SameKernel);
        }
        alert.caveats.extend(caveats::changes(&good, &bad));
        self.alerts.push(alert);
    }
}

/// Notes that no alert bears.
fn unseen(report: &Report, notes: &Notes) -> Vec<AlertNotes> {
    let failing = |id: &str| report.failing.iter().any(|failing| failing.id == id);
    let seen = |id: &str| report.alert(id).is_some() || failing(id);
    notes.alerts.iter().filter(|notes| !seen(&notes.subject.id)).cloned().collect()
}

fn rank(alert: &Alert) -> (bool, bool, bool) {
    let follows = !matches!(alert.role, Role::Own | Role::Backport(_));
    (alert.turn == Turn::Improvement, alert.is_over(), follows)
}

fn order(a: &Alert, b: &Alert) -> std::cmp::Ordering {
    b.severity
        .total_cmp(&a.severity)
        .then_with(|| a.of.cmp(&b.of))
        .then_with(|| b.kernel.cmp(&a.kernel))
        .then_with(|| a.id.cmp(&b.id))
}

fn alert(judged: &Judged, series: &[JudgedSeries], event: &Event) -> Option<Alert> {
    let mut members: Vec<Member> =
        event.points.iter().filter_map(|point| member(judged, point)).collect();
    let weight = |turn: Turn| -> f64 {
        let with = members.iter().filter(|m| m.turn == turn);
        with.map(|m| m.effect.log.abs().min(2.0) * m.probability).sum()
    };
    let turn = match weight(Turn::Regression) >= weight(Turn::Improvement) {
        true => Turn::Regression,
        false => Turn::Improvement,
    };
    let size = |m: &Member| m.effect.at_least_pct() * m.probability;
    members.sort_by(|a, b| {
        let against = |m: &Member| m.turn != turn;
        (against(a).cmp(&against(b))).then_with(|| size(b).total_cmp(&size(a)))
    });
    let head = members.first()?;
    // Members may be of neighbouring kernels: the alert has the kernel and the window of most.
    let typical = members.iter().find(|m| m.kernel == event.kernel).unwrap_or(head);
    let across = |s: &&JudgedSeries| {
        s.across(judged.tree(), event.kernel).is_some_and(|c| c.parent.is_some())
    };
    let measured = series.iter().filter(across).count().max(members.len());
    let severity = severity(members.iter().filter(|m| m.turn == turn), measured);
    Some(Alert {
        id: String::new(),
        of: series.first()?.key.of.clone(),
        turn,
        mixed: members.iter().any(|m| m.turn != turn),
        window: typical.window.clone(),
        track: judged.track(event.kernel).to_owned(),
        measured,
        severity,
        class: Class::of(severity),
        role: Role::Own,
        witnesses: Vec::new(),
        caveats: Vec::new(),
        state: State::New,
        notes: Vec::new(),
        kernel: event.kernel,
        members,
    })
}

fn member(judged: &Judged, point: &Point) -> Option<Member> {
    let Point { series, judged: of, comparison } = *point;
    let effect = of.effect(comparison);
    let turn = if effect.is_worse() { Turn::Regression } else { Turn::Improvement };
    let lone = || Life {
        turn,
        kernel: judged.name(comparison.kernel).to_owned(),
        effect,
        events: Vec::new(),
        shape: Shape::Open,
    };
    Some(Member {
        operation: of.key.operation.clone(),
        unit: of.unit.clone(),
        turn,
        window: Window {
            last_good: judged.name(comparison.parent?).to_owned(),
            first_bad: judged.name(comparison.kernel).to_owned(),
            commits: None,
        },
        effect,
        levels: comparison.levels,
        probability: comparison.probability,
        ln_bayes_factor: comparison.ln_bayes_factor,
        boots: comparison.boots,
        kernels: comparison.kernels,
        life: life::life_of(judged, of, comparison.kernel).unwrap_or_else(lone),
        series,
        kernel: comparison.kernel,
    })
}

/// Tells repairs and backports from changes of their own: those that the life of an earlier alert of
/// the same benchmark names.
fn relate(alerts: &mut [Alert]) {
    let mut order: Vec<usize> = (0..alerts.len()).collect();
    order.sort_by_key(|at| (&alerts[*at].of, Reverse(alerts[*at].members.len()), *at));
    let mut roles: Vec<Option<Role>> = vec![None; alerts.len()];
    for siblings in order.chunk_by(|a, b| alerts[*a].of == alerts[*b].of) {
        for &cause in siblings {
            for event in &alerts[cause].headline().life.events {
                let (kernel, is_repair) = match event {
                    life::Event::Fixed { kernel, .. } | life::Event::Reduced { kernel, .. } => {
                        (kernel, true)
                    }
                    life::Event::Backported { kernel, .. } => (kernel, false),
                    _ => continue,
                };
                let follows = |other: &&usize| {
                    let same_way = alerts[**other].turn == alerts[cause].turn;
                    let is_there = alerts[**other].window.first_bad == *kernel;
                    **other != cause && is_there && same_way != is_repair
                };
                let found = siblings.iter().find(follows);
                let Some(&found) = found.filter(|found| roles[**found].is_none()) else { continue };
                let id = alerts[cause].id.clone();
                roles[found] = Some(if is_repair { Role::Repair(id) } else { Role::Backport(id) });
            }
        }
    }
    for (alert, role) in alerts.iter_mut().zip(roles) {
        alert.role = role.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::corroboration::Says;
    use super::super::testing::judged;
    use super::*;

    const KERNELS: [&str; 5] = ["6.6", "6.7", "6.8", "6.9", "6.10"];
    const SLOWER: &str = "6.6 0, 6.7 0, 6.8 10!, 6.9 10, 6.10 10";
    const SAME: &str = "6.6 0, 6.7 0, 6.8 0, 6.9 0, 6.10 0";

    fn report(rows: &[(&str, &str, &str, &str)]) -> Report {
        Report::new(&judged(&KERNELS, rows), &Notes::default())
    }

    #[test]
    fn other_machines_agree_contradict_or_cannot_tell() {
        let table = [
            (SLOWER, "ivor and ivy agree"),
            ("6.6 0, 6.7 0, 6.9 10!, 6.10 10", "ivor and ivy agree"),
            (SAME, "ivy, measured as well, does not show it"),
            ("6.6 0, 6.7 0, 6.9 0, 6.10 0", "ivy, measured as well, does not show it"),
            ("6.6 0, 6.7 0, 6.8 9?, 6.9 0, 6.10 0", "ivy cannot tell"),
            ("6.9 0, 6.10 0", "not measured elsewhere"),
        ];
        for (ivy, expected) in table {
            let report = report(&[("ivor", "aim9", "a", SLOWER), ("ivy", "aim9", "a", ivy)]);
            let alert = report.alerts.iter().find(|a| a.of.place.machine == "ivor");
            let alert = alert.expect("it is slower");
            assert_eq!(alert.corroboration(), expected, "{ivy}");
        }
        // Another benchmark is no witness.
        let report = report(&[("ivor", "aim9", "a", SLOWER), ("ivy", "nas", "a", SLOWER)]);
        assert!(report.alerts.iter().all(|alert| alert.witnesses.is_empty()));
    }

    #[test]
    fn one_operation_that_rules_it_out_is_enough() {
        let vague = "6.6 0, 6.7 0, 6.8 9?, 6.9 0, 6.10 0";
        let report = report(&[
            ("ivor", "aim9", "a", SLOWER),
            ("ivor", "aim9", "b", SLOWER),
            ("ivy", "aim9", "a", vague),
            ("ivy", "aim9", "b", SAME),
        ]);
        assert_eq!(report.alerts[0].witnesses[0].says, Says::Contradicts);
    }

    #[test]
    fn a_machine_that_moves_as_a_whole_is_said_once_and_with_each_alert() {
        let rows = |moved: usize, all: usize| -> Report {
            let names: Vec<String> = (0..all).map(|at| format!("bench-{at}")).collect();
            let row = |(at, name): (usize, &String)| -> (&'static str, String, &'static str) {
                ("ivor", name.clone(), if at < moved { SLOWER } else { SAME })
            };
            let rows: Vec<_> = names.iter().enumerate().map(row).collect();
            let rows: Vec<(&str, &str, &str, &str)> = rows
                .iter()
                .map(|(machine, name, levels)| (*machine, &**name, "a", *levels))
                .collect();
            report(&rows)
        };
        for (moved, all, expected) in [(3, 5, true), (2, 2, false), (3, 6, false), (5, 5, true)] {
            let report = rows(moved, all);
            assert_eq!(report.machine_drifts.len(), usize::from(expected), "{moved} of {all}");
            let told = report.alerts.iter().all(|alert| {
                alert.caveats.iter().any(|c| matches!(c, Caveat::MachineDrift { .. })) == expected
            });
            assert!(told, "{moved} of {all}");
        }
        let said = rows(3, 5).machine_drifts[0].sentence();
        let expected =
            "ivor: 3 of 5 benchmarks regressed at once in 6.8: look at the machine first";
        assert_eq!(said, expected);
    }

    #[test]
    fn severity_is_size_times_certainty_times_share() {
        let alone = report(&[("ivor", "aim9", "a", SLOWER)]);
        let large = report(&[("ivor", "aim9", "a", "6.6 0, 6.7 0, 6.8 40!, 6.9 40")]);
        let few = report(&[
            ("ivor", "aim9", "a", SLOWER),
            ("ivor", "aim9", "b", SAME),
            ("ivor", "aim9", "c", SAME),
            ("ivor", "aim9", "d", SAME),
        ]);
        let severity = |report: &Report| report.alerts[0].severity;
        assert_eq!(alone.alerts[0].class, Class::Notable);
        assert_eq!(large.alerts[0].class, Class::Severe);
        assert!((severity(&few) - 0.5 * severity(&alone)).abs() < 1e-9);
        assert_eq!((few.alerts[0].measured, few.alerts[0].members.len()), (4, 1));
    }

    #[test]
    fn a_mix_is_said_and_has_the_direction_of_most() {
        let report = report(&[
            ("ivor", "aim9", "a", SLOWER),
            ("ivor", "aim9", "b", "6.6 0, 6.7 0, 6.8 20!, 6.9 20"),
            ("ivor", "aim9", "c", "6.6 0, 6.7 0, 6.8 -5!, 6.9 -5"),
        ]);
        let alert = &report.alerts[0];
        assert_eq!((alert.turn, alert.mixed), (Turn::Regression, true));
        let order: Vec<&str> = alert.members.iter().map(|m| m.operation.as_str()).collect();
        assert_eq!(order, ["b", "a", "c"]);
        assert!(alert.title().ends_with("; 1 got better"), "{}", alert.title());
    }

    #[test]
    fn a_repair_belongs_to_what_it_repairs_and_open_ones_come_first() {
        let report = report(&[
            ("ivor", "aim9", "a", "6.6 0, 6.7 30!, 6.8 30, 6.9 0!, 6.10 0"),
            ("ivor", "nas", "a", SLOWER),
        ]);
        let told: Vec<(&str, &str, bool)> = report
            .alerts
            .iter()
            .map(|a| (a.of.benchmark.as_str(), a.window.first_bad.as_str(), a.is_over()))
            .collect();
        assert_eq!(told, [("nas", "6.8", false), ("aim9", "6.7", true), ("aim9", "6.9", false)]);
        assert_eq!(report.alerts[2].role, Role::Repair(report.alerts[1].id.clone()));
    }
    #[test]
    fn what_differs_between_runs_of_one_kernel_is_withheld() {
        let kernels = ["6.6", "6.7", "6.7-again", "6.8"];
        let judged =
            judged(&kernels, &[("ivor", "aim9", "a", "6.6 0, 6.7 0, 6.7-again 10!, 6.8 10")]);
        let report = Report::new(&judged, &Notes::default());
        assert_eq!((report.alerts.len(), report.withheld.len()), (0, 1));
        let reason = &report.withheld[0].reason;
        assert!(reason.starts_with("both ran the same kernel"), "{reason}");
    }
}
