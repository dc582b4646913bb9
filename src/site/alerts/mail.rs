//! A mail about a regression, ready to be sent.

use crate::analysis::alerts::{Alert, Turn, Window, figure, interval, signed};
use crate::model::Release;
use crate::site::format::capital;

/// Operations in the table.
const ROWS: usize = 12;

/// The text of the mail; absent for what is no regression.
///
/// `coverage` is that of the intervals, `page` the address of the alert's page where it is known.
pub fn mail(alert: &Alert, coverage: f64, page: Option<&str>) -> Option<String> {
    if alert.turn != Turn::Regression {
        return None;
    }
    let head = alert.headline();
    let of = &alert.of;
    let (good, bad) = (&alert.window.last_good, &alert.window.first_bad);
    let mut text = format!(
        "Subject: [REGRESSION] {} {} {} in {bad}\n\n",
        of.benchmark,
        head.operation,
        signed(head.effect.value_pct)
    );
    text += &format!(
        "{} of MMTests ({}) on {}: {} of {} operations got worse\nbetween {good} and {bad}.\n\n",
        of.benchmark,
        of.place.config,
        of.place.machine,
        alert.with().count(),
        alert.measured
    );
    text += &table(alert);
    text += &format!(
        "\nIn brackets the {:.0} % interval. {}.\n",
        100.0 * coverage,
        capital(&alert.corroboration())
    );
    if let Some(page) = page {
        text += &format!("\nHistory, all operations, and how to run it again:\n{page}\n");
    }
    if let Some((good, bad)) = tags(&alert.window) {
        text += &format!("\n#regzbot introduced: {good}..{bad}\n");
    }
    Some(text)
}

fn table(alert: &Alert) -> String {
    let rows: Vec<[String; 5]> = alert
        .with()
        .take(ROWS)
        .map(|member| {
            [
                member.operation.clone(),
                figure(member.levels.0),
                figure(member.levels.1),
                signed(member.effect.value_pct),
                interval(member.effect.value_interval),
            ]
        })
        .collect();
    let head = ["", &alert.window.last_good, &alert.window.first_bad, "", ""].map(str::to_owned);
    let all: Vec<&[String; 5]> = std::iter::once(&head).chain(&rows).collect();
    let width = |at: usize| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for row in all {
        let [name, before, after, change, ends] = row;
        let line = format!(
            "{name:<a$}  {before:>b$}  {after:>c$}  {change:>d$}  {ends}",
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3]
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// The tags of both ends of a window in the git tree, if they are those of two releases: kernels of
/// a distribution may all be made from one.
pub fn tags(window: &Window) -> Option<(String, String)> {
    let (good, bad) = (Release::tag_of(&window.last_good)?, Release::tag_of(&window.first_bad)?);
    (good != bad).then_some((good, bad))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::alerts::testing::alert;

    #[test]
    fn a_mail_names_benchmark_window_and_figures() {
        let page = Some("https://example.org/alert/a.html");
        let text = mail(&alert("kernbench", ("6.8", "6.9-stable"), 2), 0.9, page);
        let text = text.expect("a regression");
        assert!(text.contains("\nhttps://example.org/alert/a.html\n"), "{text}");
        assert!(text.starts_with("Subject: [REGRESSION] kernbench op-0 +10.0 % in 6.9-stable\n"));
        assert!(text.contains("op-1  100.00"), "{text}");
        assert!(text.contains("#regzbot introduced: v6.8..v6.9\n"), "{text}");
    }

    #[test]
    fn kernels_without_a_tag_are_not_given_one() {
        for ends in [("mine", "6.9"), ("6.4.0-150600.21.1-default", "6.4.0-150600.23.7-default")] {
            let text = mail(&alert("kernbench", ends, 1), 0.9, None).expect("a regression");
            assert!(!text.contains("regzbot"), "{text}");
        }
    }
}
