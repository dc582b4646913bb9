//! Groups of processes or threads that send messages (`perf bench sched messaging`).
//!
//! `hackbench-<groups>` holds the output of all iterations, one after the other.

use super::words::{last_words, number_at, shorten};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Messages between groups of tasks, by the number of groups.
pub const HACKBENCH: Shellpack = Shellpack {
    name: "hackbench",
    aliases: &[],
    title: "Messages between groups of tasks (hackbench)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    metrics: &[Metric::lower("", "s")],
    parse,
};

const REPEAT: &str = "check the limits on open files and processes of the test machine and repeat \
                      the run";

fn parse(source: &Source, out: &mut Parsed) {
    for (name, groups) in source.logs.between("hackbench-", "") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        let found = one_log(&text, groups, out);
        let started = text.lines_with("# Running 'sched/messaging'").count();
        if found == 0 {
            let what = format!("no line with \"Total time:\", {}", last_words(&text));
            out.warn(text.path(), what, REPEAT);
        } else if started > found {
            // MMTests repeats what took longer than 15 minutes or failed.
            let what = format!("{} of {started} attempts did not finish", started - found);
            out.warn(text.path(), what, REPEAT);
        }
    }
}

/// Takes the times from a log and counts the lines that should hold one.
fn one_log(text: &Text, groups: &str, out: &mut Parsed) -> usize {
    let mut found = 0;
    let mut id = None;
    for (line, content) in text.lines_with("Total time:") {
        found += 1;
        match time(content) {
            Some(value) => {
                let id =
                    *id.get_or_insert_with(|| out.samples.operation(&format!("time-{groups}")));
                out.add_next((text, line), id, value);
            }
            None => out.complain((text, line), format!("no number in \"{}\"", shorten(content))),
        }
    }
    found
}

/// The third word of a line, as a number.
fn time(line: &str) -> Option<f64> {
    // Most lines start with the text that was looked for, two words: no need to look for them again.
    let rest = line.trim_ascii_start().strip_prefix("Total time: ");
    rest.map_or_else(|| number_at(line, 2), |rest| number_at(rest, 0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const LOG: &str = "# Running 'sched/messaging' benchmark:\n\
        # 20 sender and receiver processes per group\n# 1 groups == 40 processes run\n\n     \
        Total time: 0.028 [sec]\n";

    #[test]
    fn times_are_numbered_in_the_order_of_the_log() {
        let log = LOG.to_owned() + &LOG.replace("0.028", "0.093");
        let out = parse("hackbench-process-pipes", &[("hackbench-1", &log)]);
        assert_eq!(rows(&out), [("time-1", 1.0, 0.028), ("time-1", 2.0, 0.093)]);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn unfinished_attempts_are_told() {
        let log = LOG.to_owned() + "# Running 'sched/messaging' benchmark:\n     Total time: x\n";
        let out = parse(
            "hackbench",
            &[("hackbench-1", &(log.clone() + &log[..=log.find('\n').unwrap()]))],
        );
        assert_eq!(out.problems[0].what, "no number in \"Total time: x\"");
        assert_eq!(out.problems[1].what, "1 of 3 attempts did not finish");
    }
}
