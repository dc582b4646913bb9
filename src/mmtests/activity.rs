//! When a run did what, and whether it finished: `mmtests-activity`, `tests-activity` and
//! `tests-timestamp`.

use std::collections::HashMap;

use super::logs::Text;
use super::printable::printable;

/// What the activity file of a run tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// First and last time, in seconds since 1970.
    pub started: Option<i64>,
    /// Time of the end mark.
    pub finished: Option<i64>,
    /// Exit status of MMTests, which it writes last.
    pub status: Option<i32>,
    /// Benchmarks in the order in which they were first started.
    pub benchmarks: Vec<String>,
    /// Benchmarks that ended with another status than 0, with line and status.
    pub failures: Vec<(u64, String, i32)>,
    /// Benchmarks that were started more often than they ended, with the line of the start.
    pub unfinished: Vec<(u64, String)>,
    /// The first line that names a benchmark as no folder can be called.
    pub garbled: Option<u64>,
}

/// Reads lines such as `1795353313 run-mmtests: test start :: perfpipe 1795353313`.
pub fn parse_activity(text: &Text) -> Activity {
    let mut activity = Activity::default();
    let mut open: Vec<(u64, String)> = Vec::new();
    for (line, content) in text.lines() {
        let Some((time, what)) = content.split_once(' ') else { continue };
        let Ok(time) = time.parse::<i64>() else { continue };
        activity.started.get_or_insert(time);
        if what == "run-mmtests: End" {
            activity.finished = Some(time);
        } else if let Some(status) = what.strip_prefix("status :: ") {
            activity.status = status.trim().parse().ok();
        } else if let Some(name) = word_after(what, "run-mmtests: test start :: ") {
            if !is_plain(name) {
                activity.garbled.get_or_insert(line);
                continue;
            }
            if !activity.benchmarks.iter().any(|known| known == name) {
                activity.benchmarks.push(name.to_owned());
            }
            open.push((line, name.to_owned()));
        } else if let Some(name) = word_after(what, "run-mmtests: test end :: ") {
            open.retain(|(_, started)| started != name);
            let status = what.rsplit(' ').next().and_then(|status| status.parse().ok());
            if let Some(status) = status.filter(|status| *status != 0 && is_plain(name)) {
                activity.failures.push((line, name.to_owned(), status));
            }
        }
    }
    activity.unfinished = open;
    activity
}

/// `true` if a folder of an iteration can have this name, and every terminal can show it.
pub fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains('/') && printable(name.as_ref()) == name
}

fn word_after<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.strip_prefix(start)?.split(' ').next()
}

/// User, system and elapsed seconds of each benchmark, from lines of `tests-timestamp` such as
/// `time :: perfpipe 0.27 user 0.42 system 4.30 elapsed`.
pub fn parse_times(text: &Text) -> HashMap<String, [f64; 3]> {
    text.lines()
        .filter_map(|(_, content)| {
            let mut words = content.strip_prefix("time :: ")?.split(' ');
            let name = words.next()?.to_owned();
            let mut seconds = || {
                let value = words.next()?.parse::<f64>().ok()?;
                words.next()?;
                value.is_finite().then_some(value)
            };
            Some((name, [seconds()?, seconds()?, seconds()?]))
        })
        .collect()
}

/// When each benchmark ended, in seconds since 1970, from lines of `tests-timestamp` such as
/// `test end :: perfpipe 1795355053 0`.
pub fn parse_ends(text: &Text) -> HashMap<String, f64> {
    let ends = text.lines().filter_map(|(_, content)| {
        let mut words = content.strip_prefix("test end :: ")?.split(' ');
        Some((words.next()?.to_owned(), words.next()?.parse::<u32>().ok()?.into()))
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Text {
        Text::new("activity", content.into())
    }

    #[test]
    fn a_whole_run_has_an_end_and_a_status() {
        let activity = parse_activity(&text(
            "10 run-mmtests: Start\n11 run-mmtests: Iteration 1 start\n\
             12 run-mmtests: test start :: perfpipe 12\n\
             15 run-mmtests: test end :: perfpipe 15 3\n20 run-mmtests: End\n20 status :: 0\n",
        ));
        assert_eq!((activity.started, activity.finished), (Some(10), Some(20)));
        assert_eq!(activity.status, Some(0));
        assert_eq!(activity.benchmarks, ["perfpipe"]);
        assert_eq!(activity.failures, [(4, "perfpipe".to_owned(), 3)]);
        assert!(activity.unfinished.is_empty());
    }

    #[test]
    fn a_killed_run_leaves_its_benchmark_open() {
        let activity =
            parse_activity(&text("10 run-mmtests: Start\n12 run-mmtests: test start :: aim9 12"));
        assert_eq!(activity.finished, None);
        assert_eq!(activity.unfinished, [(2, "aim9".to_owned())]);
    }

    #[test]
    fn garbage_tells_nothing() {
        assert_eq!(
            parse_activity(&text("\0\u{1}\n99999999999999999999 x\n - \n")),
            Activity::default()
        );
        assert!(
            parse_times(&text("time :: a 1 user nan system 2 elapsed\ntime :: b 1")).is_empty()
        );
    }

    #[test]
    fn a_benchmark_is_no_path() {
        let start = "run-mmtests: test start ::";
        let activity = parse_activity(&text(&format!("1 {start} aim9 1\n2 {start} x-/../.. 2\n")));
        assert_eq!(activity.benchmarks, ["aim9"]);
        assert_eq!(activity.garbled, Some(2));
    }

    #[test]
    fn times_are_read() {
        let times = parse_times(&text("time :: perfpipe 0.27 user 0.42 system 4.30 elapsed"));
        assert_eq!(times["perfpipe"], [0.27, 0.42, 4.3]);
        let ends =
            parse_ends(&text("test begin :: a 1\ntest end :: a 1795355053 0\ntest end :: b"));
        assert_eq!(ends, HashMap::from([("a".to_owned(), 1_795_355_053.0)]));
    }
}
