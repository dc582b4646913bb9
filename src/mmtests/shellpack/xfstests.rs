//! Tests of file systems (fstests), by how each ended.
//!
//! `xfstests-default.log` has a line for each test, with times in brackets:
//! `generic/001 2s ...  [10:00:01] [10:00:03] 2s`. A failed one says `[failed, exit status 12]`, or that
//! its output or the kernel's log is not as it should be.

use memchr::memmem::Finder;

use super::parsed::REPEAT;
use super::words::{after, halves, number, parts, word};
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
    ["output mismatch", "no qualified output", "_check_dmesg: something found", "[dumped core]"];

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "xfstests-default.log") else { return };
    let wrong = WRONG.map(Finder::new);
    let mut seen = false;
    for (line, content) in text.lines_with("[") {
        let Some(test) = word(content, 0).filter(|name| is_test(name)) else { continue };
        let not_run = parts(content, b'[').any(|part| after(part, "not run]").is_some());
        if !content.starts_with(test) || not_run {
            continue;
        }
        seen = true;
        match result(content, &wrong) {
            Some(status) => out.add((&text, line), test, 1.0, status),
            None => out.missing_in((&text, line), content, "end of the test"),
        }
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

/// How a test ended; `None` if it did not, which the missing second time tells.
fn result(line: &str, wrong: &[Finder]) -> Option<f64> {
    let status = parts(line, b'[').find_map(|part| after(part, "failed, exit status "));
    if let Some(status) = status {
        return number(halves(status, b']')?.0);
    }
    if wrong.iter().any(|words| words.find(line.as_bytes()).is_some()) {
        return Some(1.0);
    }
    let times = parts(line, b'[').skip(1).filter(|part| part.contains(':') && part.contains(']'));
    (times.count() >= 2).then_some(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Shaped by the script of fstests (2026.01.05) that prints it; the tests could not be run.
    #[test]
    fn exit_status_by_test() {
        let log = "FSTYP         -- ext4\nMKFS_OPTIONS  -- /dev/vdc\n\n\
            generic/001 2s ...  [10:00:01] [10:00:03] 2s\n\
            generic/002  [10:00:03][failed, exit status 12] [10:00:04]- output mismatch (see a.bad)\n\
            \x20   --- tests/generic/002.out\n\
            generic/003  [10:00:04] [10:00:05]- output mismatch (see b.bad)\n\
            generic/004  [10:00:05] [10:00:05] [not run]\n\tgeneric/004 -- needs O_TMPFILE\n\
            generic/005  [10:00:05]\nRan: generic/001 generic/002 generic/003\n";
        let out = parse("xfstests", &[("xfstests-default.log", log)]);
        let expected =
            [("generic/001", 1.0, 0.0), ("generic/002", 1.0, 12.0), ("generic/003", 1.0, 1.0)];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(10), "the machine died in generic/005");
    }
}
