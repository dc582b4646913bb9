//! Tests of file systems (fstests), by how each ended.
//!
//! `xfstests-default.log` has a line for each test, with times in brackets:
//! `generic/001 2s ...  [10:00:01] [10:00:03] 2s`. A failed one says `[failed, exit status 12]`, or that
//! its output or the kernel's log is not as it should be.

use memchr::memmem::Finder;

use super::parsed::REPEAT;
use super::words::{after, halves, number};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::{FAILURES, SummaryKind};

/// Failures: 0 is a pass, another number the exit status.
pub const XFSTESTS: Shellpack = Shellpack {
    name: "xfstests",
    aliases: &[],
    title: "Tests of file systems (fstests)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::lower("", FAILURES)],
    parse,
};

/// Words about a test that ended by itself, but not as it should.
const WRONG: [&str; 4] =
    ["output mismatch", "no qualified output", ": something found in", " is inconsistent"];

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "xfstests-default.log") else { return };
    let wrong = WRONG.map(Finder::new);
    let mut seen = false;
    for (line, content) in text.lines_with("[") {
        let Some((test, rest)) = halves(content, b' ').filter(|(name, _)| is_test(name)) else {
            continue;
        };
        match ending(rest, &wrong) {
            Ending::NotRun => continue,
            Ending::Missing => out.missing_in((&text, line), content, "end of the test"),
            Ending::Failures(failures) => out.add((&text, line), test, 1.0, failures),
        }
        seen = true;
    }
    if !seen {
        out.missing(&text, "test that was run", REPEAT);
    }
}

/// `generic/001`
fn is_test(name: &str) -> bool {
    let plain =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    halves(name, b'/').is_some_and(|(group, number)| {
        !group.is_empty() && !number.is_empty() && plain(group) && plain(number)
    })
}

/// How a test ended.
enum Ending {
    NotRun,
    /// The machine died in it.
    Missing,
    Failures(f64),
}

/// What stands in brackets tells most; a test that ended has two times there.
fn ending(line: &str, wrong: &[Finder]) -> Ending {
    let (mut times, mut dumped) = (0, false);
    let mut status = None;
    let mut rest = line;
    while let Some((_, inside)) = halves(rest, b'[') {
        if let Some(behind) = after_time(inside) {
            (times, rest) = (times + 1, behind);
            continue;
        }
        let Some((inside, behind)) = halves(inside, b']') else { break };
        match inside {
            "not run" => return Ending::NotRun,
            "dumped core" => dumped = true,
            _ => status = status.or(after(inside, "failed, exit status ")),
        }
        rest = behind;
    }
    if let Some(status) = status {
        number(status).map_or(Ending::Missing, Ending::Failures)
    } else if dumped || is_any_in(wrong, line) {
        Ending::Failures(1.0)
    } else if times >= 2 {
        Ending::Failures(0.0)
    } else {
        Ending::Missing
    }
}

/// What follows `10:00:01]`.
#[inline]
fn after_time(text: &str) -> Option<&str> {
    let (time, rest) = text.split_at_checked(9)?;
    let time = time.as_bytes();
    (time[2] == b':' && time[5] == b':' && time[8] == b']').then_some(rest)
}

/// Words about a test come behind the time when it began. Of most there are none but times: all of [`WRONG`]
/// have a `t`.
fn is_any_in(wrong: &[Finder], line: &str) -> bool {
    let Some((_, behind)) = halves(line, b']') else { return false };
    let behind = behind.as_bytes();
    memchr::memchr(b't', behind).is_some() && wrong.iter().any(|words| words.find(behind).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Shaped by the script of fstests (2026.01.05) that prints it, for all ways to end; the tests read a true log, too.
    #[test]
    fn exit_status_by_test() {
        let log = "FSTYP         -- ext4\nMKFS_OPTIONS  -- /dev/vdc\n\n\
            generic/001 2s ...  [10:00:01] [10:00:03] 2s\n\
            generic/002  [10:00:03][failed, exit status 12] [10:00:04]- output mismatch (see a.bad)\n\
            \x20   --- tests/generic/002.out\n\
            generic/003  [10:00:04] [10:00:05]- output mismatch (see b.bad)\n\
            generic/004  [10:00:05] [10:00:05] [not run]\n\tgeneric/004 -- needs O_TMPFILE\n\
            generic/005  [10:00:05]\n\
            generic/006  [10:00:05]_check_xfs_filesystem: filesystem on /dev/vdb is inconsistent (r)\n\
            generic/007  [10:00:06]_check_kmemleak: something found in kmemleak (see c)\n\
            Ran: generic/001 generic/002 generic/003\n";
        let out = parse("xfstests", &[("xfstests-default.log", log)]);
        let expected = [
            ("generic/001", 1.0, 0.0),
            ("generic/002", 1.0, 12.0),
            ("generic/003", 1.0, 1.0),
            ("generic/006", 1.0, 1.0),
            ("generic/007", 1.0, 1.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(10), "the machine died in generic/005");
    }
}
