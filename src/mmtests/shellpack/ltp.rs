//! Functional tests of the kernel (LTP), by how many failed.
//!
//! `runltp-<collection>` has a line
//! `tag=getpid01 stime=1795620430 dur=0 exit=exited stat=0 core=no cu=3 cs=0` for each test. A test run
//! by itself ends `benchlog-<test>` with counts of what passed, failed and so on.

use super::parsed::REPEAT;
use super::words::{number_at, word, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::{FAILURES, SummaryKind};

/// Failures: 0 is a pass.
pub const LTP: Shellpack = Shellpack {
    name: "ltp",
    aliases: &[],
    title: "Functional tests (LTP)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::lower("", FAILURES)],
    parse,
};

/// What a test ends with if it does not fit the machine.
const NOT_APPLICABLE: f64 = 32.0;

/// Ways to end, and what each adds to the status, as MMTests has it in mind.
const EXITS: [(&str, f64); 4] =
    [("exited", 0.0), ("signaled", 10.0), ("stopped", 20.0), ("unknown", 30.0)];

fn parse(source: &Source, out: &mut Parsed) {
    for (name, collection) in source.logs.between("runltp-", "") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        tests(&text, collection, out);
    }
    for (name, test) in source.logs.between("benchlog-", "") {
        // Of a collection, this is only what its tests printed.
        if source.logs.has(&format!("runltp-{test}")) {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        summary(&text, test, out);
    }
}

fn tests(text: &Text, collection: &str, out: &mut Parsed) {
    let mut seen = false;
    for (line, content) in text.lines_with("tag=") {
        let Some(tag) = word(content, 0).and_then(|word| word.strip_prefix("tag=")) else {
            continue;
        };
        seen = true;
        match status(content) {
            Some(status) => out.add((text, line), &format!("{collection}-{tag}"), 1.0, status),
            None => out.missing_in((text, line), content, "exit status"),
        }
    }
    if !seen {
        out.missing(text, "line of a test", REPEAT);
    }
}

fn status(line: &str) -> Option<f64> {
    let field = |name: &str| words(line).find_map(|word| word.strip_prefix(name));
    let (exit, status) = (field("exit=")?, field("stat=")?.parse::<u32>().ok()?);
    let (_, offset) = EXITS.iter().find(|(name, _)| *name == exit)?;
    let status = f64::from(status);
    let skipped = *offset == 0.0 && status == NOT_APPLICABLE;
    Some(if skipped { 0.0 } else { offset + status })
}

/// Failures and warnings of a test that was run by itself; `broken` and `skipped` are none.
fn summary(text: &Text, test: &str, out: &mut Parsed) {
    let mut below = text.lines().skip_while(|(_, line)| !line.starts_with("Summary:"));
    let Some((line, _)) = below.next() else {
        return out.missing(text, "summary", REPEAT);
    };
    let mut count = |name: &str| {
        let (_, row) = below.find(|(_, row)| row.starts_with(name))?;
        number_at(row, 1)
    };
    match (count("failed"), count("warnings")) {
        (Some(failed), Some(warnings)) => out.add((text, line), test, 1.0, failed + warnings),
        _ => out.complain((text, line), "the summary is not complete"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// ltp-pan 20260130
    const TESTS: &str = "startup='Wed Nov 25 15:27:10 2026'\n\
        tag=getpid01 stime=1795620430 dur=0 exit=exited stat=0 core=no cu=3 cs=0\n\
        tag=false01 stime=1795620430 dur=0 exit=exited stat=1 core=no cu=0 cs=0\n\
        tag=conf01 stime=1795620430 dur=0 exit=exited stat=32 core=no cu=0 cs=0\n\
        tag=crash01 stime=1795620474 dur=0 exit=signaled stat=4 core=no cu=0 cs=0\n\
        tag=cut01 stime=1795620474 dur=0 exit=sig";

    #[test]
    fn a_signal_is_a_failure() {
        let out = parse("ltp", &[("benchlog-mm", ""), ("runltp-mm", TESTS)]);
        let expected = [
            ("mm-getpid01", 1.0, 0.0),
            ("mm-false01", 1.0, 1.0),
            ("mm-conf01", 1.0, 0.0),
            ("mm-crash01", 1.0, 14.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(6));
    }

    #[test]
    fn a_test_alone_ends_with_a_summary() {
        let log = "getpid01.c:32: TPASS: getpid() returns 3335\n\nSummary:\npassed   100\nfailed   2\n\
            broken   0\nskipped  0\nwarnings 1\n";
        let logs =
            [("benchlog-getpid01", log), ("benchlog-cut", "Summary:\npassed   1\nfailed   0\n")];
        let out = parse("ltp", &logs);
        assert_eq!(rows(&out), [("getpid01", 1.0, 3.0)]);
        assert_eq!(out.problems[0].what, "the summary is not complete");
    }
}
