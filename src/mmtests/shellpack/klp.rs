//! Kernel live patching (SUSE's qa_test_klp), by how each test ended.
//!
//! `klp.log` is what its `run.sh` prints. Where `bats` is installed that is the Test Anything Protocol, with
//! the first test as `ok 1 Patch under pressure`; else each test begins with a heading in `==` and ends with
//! `TEST PASSED`, `TEST FAILED while executing …`, `TEST CASE ABORT …` or the like.

use super::parsed::REPEAT;
use super::words::{after, halves};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::{FAILURES, SummaryKind};

/// Failures: 0 is a pass.
pub const KLP: Shellpack = Shellpack {
    name: "klp",
    aliases: &[],
    title: "Kernel live patching (qa_test_klp)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::lower("", FAILURES)],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "klp.log") else { return };
    let mut seen = false;
    let mut open: Option<(u64, &str)> = None;
    for (line, content) in text.lines() {
        if let Some((test, failures)) = tap(content) {
            seen = true;
            if let Some(failures) = failures {
                out.add((&text, line), test, 1.0, failures);
            }
        } else if let Some(test) = heading(content) {
            seen = true;
            without_end(&text, open.replace((line, test)), out);
        } else if let Some((_, test)) = open
            && let Some(failures) = end(content)
        {
            open = None;
            if let Some(failures) = failures {
                out.add((&text, line), test, 1.0, failures);
            }
        }
    }
    without_end(&text, open, out);
    if !seen {
        out.missing(&text, "test that was run", REPEAT);
    }
}

/// `ok 1 name` or `not ok 2 name`: name and failures, which a skipped test has none of.
fn tap(line: &str) -> Option<(&str, Option<f64>)> {
    let (rest, failures) = match after(line, "not ok ") {
        Some(rest) => (rest, 1.0),
        None => (after(line, "ok ")?, 0.0),
    };
    let (number, name) = halves(rest, b' ')?;
    number.parse::<u32>().ok()?;
    // Few have a word about themselves.
    match halves(name, b'#').and_then(|_| name.split_once(" # skip")) {
        Some((name, _)) => Some((name, None)),
        None => Some((name.trim_end(), Some(failures))),
    }
}

/// `== Patch under pressure ==`
fn heading(line: &str) -> Option<&str> {
    after(line, "== ")?.trim_end().strip_suffix(" ==")
}

/// How a test ended, if the line says so.
fn end(line: &str) -> Option<Option<f64>> {
    let told = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if told(&["TEST SKIPPED", "TEST CASE SKIPPED"]) || line.trim() == "skipped" {
        Some(None)
    } else if told(&["TEST FAILED", "TEST CASE ABORT"]) {
        Some(Some(1.0))
    } else {
        told(&["TEST PASSED"]).then_some(Some(0.0))
    }
}

/// A test that began and did not end took the machine with it, or was killed.
fn without_end(text: &Text, open: Option<(u64, &str)>, out: &mut Parsed) {
    if let Some((line, test)) = open {
        out.missing_in((text, line), test, "end of the test");
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Shaped by run.sh of qa_test_klp, of which the data of the tests have one test that passed.
    #[test]
    fn tests_by_name_with_bats_and_without() {
        let tap = "1..4\nok 1 Patch under pressure\nnot ok 2 Patch while CPUs are busy\n\
            # (in test file /tmp/tmp.x, line 12)\n#   `./klp_tc_6.sh' failed\n\
            ok 3 Trace patched function # skip\nok 4 Patch traced function\n";
        let out = parse("klp", &[("klp.log", tap)]);
        let expected = [
            ("Patch under pressure", 1.0, 0.0),
            ("Patch while CPUs are busy", 1.0, 1.0),
            ("Patch traced function", 1.0, 0.0),
        ];
        assert_eq!(rows(&out), expected);
        let plain = "== Patch under pressure ==\n[10:00:00] Test Case 3: Patch under pressure\n\
            [10:00:09] *** TEST PASSED\n\n== Patch while CPUs are busy ==\n\
            [10:00:10] TEST CASE ABORT patching didn't finish in time\n\
            [10:00:10] TEST FAILED while executing 'exit $ret'\n\n== Trace patched function ==\nskipped\n\n\
            == Patch traced function ==\n[10:00:11] *** Inserting patch\n";
        let out = parse("klp", &[("klp.log", plain)]);
        assert_eq!(rows(&out), expected[..2]);
        assert_eq!(out.problems[0].line, Some(12), "the machine died in it");
    }
}
