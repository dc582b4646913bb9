//! Names of alerts that last.
//!
//! A name is a hash of machine, config, benchmark, first bad kernel and direction, so it depends
//! neither on other data nor on the order of anything. New data may move the located kernel; then an
//! alert keeps the name under which people have written notes: that of the note on the same
//! benchmark, machine, config and direction whose window it shares.

use std::collections::HashSet;

use super::alert::Alert;
use super::measured::BenchmarkKey;
use crate::notes::Subject;

/// Letters of a name (Crockford's base 32): none looks like another or like a digit.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What stands for the direction of tests that fail.
pub const FAILING: &str = "failing";
/// 40 bits: among 10,000 alerts two share a name once in 20,000 times.
const LENGTH: usize = 8;

/// The name of an alert. `extra` is empty but where two would have the same name.
pub fn name(alert: &Alert, extra: &str) -> String {
    let place = &alert.of.place;
    let parts = [
        &place.machine,
        &place.config,
        &alert.of.benchmark,
        &alert.window.first_bad,
        alert.turn.word(),
        extra,
    ];
    hashed(&parts)
}

/// The name of tests that newly fail.
pub fn of_failing(of: &BenchmarkKey, first_bad: &str) -> String {
    let place = &of.place;
    hashed(&[&place.machine, &place.config, &of.benchmark, first_bad, FAILING, ""])
}

fn hashed(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(b"\0");
    }
    let hash = hasher.finalize();
    hash.as_bytes()
        .iter()
        .take(LENGTH)
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect()
}

/// Gives every alert its name. Of two alerts with the same name, in trees that hold the same
/// machine and config twice, the one in the later folder gets one that depends on the folder.
///
/// Then an alert that no note names takes the name of a note that no alert bears, if it is on the
/// same benchmark and of the same direction, and either the alert's first bad kernel lies in the
/// note's window, or the note's in the alert's, or the one is the last good kernel of the other: the
/// located kernel has moved by one. The nearest note wins. `position` tells the place of a kernel in
/// the order of releases.
pub fn identify(alerts: &mut [Alert], known: &[Subject], position: impl Fn(&str) -> Option<usize>) {
    let mut taken: HashSet<String> = HashSet::with_capacity(alerts.len());
    for alert in alerts.iter_mut() {
        alert.id = name(alert, "");
        if taken.contains(&alert.id) {
            alert.id = name(alert, &alert.of.place.run_path);
        }
        taken.insert(alert.id.clone());
    }
    for note in known {
        if taken.contains(&note.id) {
            continue;
        }
        let free = |alert: &Alert| !known.iter().any(|other| other.id == alert.id);
        let nearest = (0..alerts.len())
            .filter(|at| free(&alerts[*at]) && is_same(&alerts[*at], note))
            .filter_map(|at| Some((distance(&alerts[at], note, &position)?, at)))
            .min();
        if let Some((_, at)) = nearest {
            alerts[at].id.clone_from(&note.id);
        }
    }
}

fn is_same(alert: &Alert, note: &Subject) -> bool {
    let turn = alert.mixed || alert.turn.word() == note.direction;
    let place = &alert.of.place;
    turn && place.machine == note.machine
        && place.config == note.config
        && alert.of.benchmark == note.benchmark
}

/// How far the kernels lie apart; absent if the windows have nothing to do with each other.
fn distance(
    alert: &Alert,
    note: &Subject,
    position: impl Fn(&str) -> Option<usize>,
) -> Option<usize> {
    let window = &alert.window;
    if window.first_bad == note.first_bad {
        return Some(0);
    }
    let [good, bad] = [&window.last_good, &window.first_bad].map(|name| position(name));
    let [noted_good, noted_bad] = [&note.last_good, &note.first_bad].map(|name| position(name));
    let within = |low: Option<usize>, at: Option<usize>, high: Option<usize>| matches!((low, at, high), (Some(low), Some(at), Some(high)) if low <= at && at <= high);
    let touches = within(noted_good, bad, noted_bad) || within(good, noted_bad, bad);
    touches.then(|| bad.unwrap_or(0).abs_diff(noted_bad.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::*;

    fn subject(id: &str, window: (&str, &str)) -> Subject {
        let alert = alert("kernbench", window, 1);
        Subject {
            id: id.to_owned(),
            machine: alert.of.place.machine,
            config: alert.of.place.config,
            benchmark: alert.of.benchmark,
            direction: "regression".to_owned(),
            last_good: window.0.to_owned(),
            first_bad: window.1.to_owned(),
        }
    }

    fn position(name: &str) -> Option<usize> {
        name.strip_prefix("6.")?.parse().ok()
    }

    #[test]
    fn a_name_depends_on_the_subject_alone() {
        let mut alerts = vec![alert("kernbench", ("6.8", "6.9"), 1)];
        identify(&mut alerts, &[], position);
        let lone = alerts[0].id.clone();
        let mut more =
            vec![alert("aim9", ("6.8", "6.9"), 1), alert("kernbench", ("6.7", "6.9"), 9)];
        identify(&mut more, &[], position);
        assert_eq!(more[1].id, lone);
        assert_ne!(more[0].id, lone);
        assert_eq!(lone.len(), LENGTH);
    }

    #[test]
    fn a_noted_name_stays_while_the_kernel_moves_within_reach() {
        // Window of the note, window of the alert now, does it keep the name?
        let table = [
            (("6.8", "6.9"), ("6.8", "6.9"), true),
            (("6.8", "6.9"), ("6.7", "6.8"), true),
            (("6.8", "6.9"), ("6.9", "6.10"), true),
            (("6.5", "6.9"), ("6.6", "6.7"), true),
            (("6.8", "6.9"), ("6.5", "6.11"), true),
            (("6.8", "6.9"), ("6.10", "6.11"), false),
            (("6.8", "6.9"), ("6.5", "6.6"), false),
            (("6.8", "6.9"), ("6.8", "6.99999999999999999999"), false),
        ];
        for (noted, now, keeps) in table {
            let mut alerts = vec![alert("kernbench", now, 1)];
            identify(&mut alerts, &[subject("noted", noted)], position);
            assert_eq!(alerts[0].id == "noted", keeps, "{noted:?} {now:?}");
        }
    }

    #[test]
    fn of_two_alerts_the_nearer_one_keeps_the_name() {
        let mut alerts =
            vec![alert("kernbench", ("6.8", "6.9"), 1), alert("kernbench", ("6.6", "6.10"), 1)];
        identify(&mut alerts, &[subject("noted", ("6.7", "6.8"))], position);
        assert_eq!((alerts[0].id == "noted", alerts[1].id == "noted"), (true, false));
    }

    #[test]
    fn the_same_place_twice_gives_two_names() {
        let mut alerts =
            vec![alert("kernbench", ("6.8", "6.9"), 1), alert("kernbench", ("6.8", "6.9"), 1)];
        alerts[1].of.place.run_path = "again".to_owned();
        identify(&mut alerts, &[], position);
        assert_ne!(alerts[0].id, alerts[1].id);
    }
}
