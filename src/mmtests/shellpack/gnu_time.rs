//! Benchmarks whose result is how long a command took, as GNU time tells it:
//! `time-<variant>-<iteration>` with a line like
//! `3.96user 0.66system 0:20.71elapsed 22%CPU (…)`.
//!
//! Until 2025 kernbench wrote the same into `kernbench-<jobs>-<iteration>.time`.

use super::words::{number, operation, shorten, word, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// NUMA placement of memory-bound programs, by program.
pub const AUTONUMABENCH: Shellpack = family("autonumabench", "NUMA placement (autonumabench)");
/// Checking out git branches.
pub const GITCHECKOUT: Shellpack = family("gitcheckout", "Checking out git branches");
/// The test suite of git, by test.
pub const GITSOURCE: Shellpack = family("gitsource", "Test suite of git");
/// Compiling a kernel, by the number of jobs.
pub const KERNBENCH: Shellpack = family("kernbench", "Kernel build");
/// Starting virtual machines, by their number.
pub const KVMSTART: Shellpack = family("kvmstart", "Start of KVM guests");
/// NAS parallel benchmarks, by kernel.
pub const NAS: Shellpack = family("nas", "NAS parallel benchmarks");
/// Threads that do nothing but system calls.
pub const POUNDSYSCALL: Shellpack = family("poundsyscall", "System calls in parallel");
/// A chess engine, by the number of workers.
pub const STOCKFISH: Shellpack = family("stockfish", "Chess engine (Stockfish)");
/// Unmapping of memory, by the number of threads.
pub const TIME_UNMAP: Shellpack = family("time_unmap", "Unmapping memory");
/// Faulting in and truncating a file.
pub const TRUNC: Shellpack = Shellpack { decimals: 4, ..family("trunc", "Truncating files") };
/// Touching anonymous memory, by the number of threads.
pub const USEMEM: Shellpack = family("usemem", "Touching anonymous memory (usemem)");
/// Making and repairing an XFS file system; its user time says nothing of the kernel.
pub const XFSREPAIR: Shellpack = Shellpack {
    parse: |source, out| parse(source, out, &CLOCKS[1..]),
    ..family("xfsrepair", "Repair of XFS")
};

/// The metric of each time, and how GNU time marks it.
const CLOCKS: [(&str, &str); 3] = [("User", "user"), ("System", "system"), ("Elapsed", "elapsed")];

const SECONDS: &[Metric] = &[Metric::lower("", "s")];

const fn family(name: &'static str, title: &'static str) -> Shellpack {
    Shellpack {
        name,
        aliases: &[],
        title,
        kind: SummaryKind::Multiops,
        decimals: 2,
        metrics: SECONDS,
        parse: |source, out| parse(source, out, &CLOCKS),
    }
}

/// For benchmarks that tell these times beside their own results; MMTests has a report of its own for them.
pub(super) fn times(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("time-", "") {
        one_log(source, out, &CLOCKS, name, rest);
    }
}

fn parse(source: &Source, out: &mut Parsed, clocks: &[(&str, &str)]) {
    let mut seen = false;
    for (name, rest) in source.logs.between("time-", "") {
        seen |= one_log(source, out, clocks, name, rest);
    }
    if !seen {
        for (name, rest) in source.logs.between("kernbench-", ".time") {
            one_log(source, out, clocks, name, rest);
        }
    }
}

/// Reads one log, whose name ends with `<variant>-<iteration>`; `false` if it does not.
fn one_log(
    source: &Source,
    out: &mut Parsed,
    clocks: &[(&str, &str)],
    name: &str,
    rest: &str,
) -> bool {
    let Some((variant, iteration)) = rest.rsplit_once('-') else { return false };
    let Ok(iteration) = iteration.parse::<u32>() else { return false };
    let Some(text) = out.read(&source.logs, name) else { return false };
    note_failure(&text, out);
    let Some((line, report)) = last_report(&text) else {
        let remedy = "the command was probably killed before it ended; repeat the run";
        out.warn(text.path(), "no report of GNU time in the log", remedy);
        return true;
    };
    for (metric, ending) in clocks {
        let operation = operation(metric, &[variant]);
        match find_clock(report, ending).and_then(seconds) {
            Some(value) => out.add((&text, line), &operation, iteration.into(), value),
            None => out.complain((&text, line), format!("no {ending} time in the line")),
        }
    }
    true
}

/// MMTests takes the last report, should a command have been repeated.
fn last_report(text: &Text) -> Option<(u64, &str)> {
    text.lines_with("elapsed").filter(|(_, line)| is_report(line)).last()
}

/// GNU time measures failed commands like any other, and MMTests takes the time.
fn note_failure(text: &Text, out: &mut Parsed) {
    let failed = |(_, line): &(u64, &str)| {
        line.starts_with("Command exited with") || line.starts_with("Command terminated by")
    };
    if let Some((line, content)) = text.lines_with("Command ").find(failed) {
        out.complain((text, line), format!("the measured command failed: {}", shorten(content)));
    }
}

/// A program may print the word, too; GNU time glues a number to it.
fn is_report(line: &str) -> bool {
    word(line, 0).is_some_and(|word| word.ends_with("user"))
        || find_clock(line, "elapsed").and_then(seconds).is_some()
}

fn find_clock<'l>(line: &'l str, ending: &str) -> Option<&'l str> {
    words(line).find_map(|word| word.strip_suffix(ending))
}

/// `[[hours:]minutes:]seconds` in seconds.
fn seconds(clock: &str) -> Option<f64> {
    clock.split(':').try_fold(0.0, |total, part| Some(total * 60.0 + number(part)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const LOG: &str = "8.69user 1.19system 0:50.71elapsed 19%CPU (0avgtext+0avgdata 80876maxresident)k\n\
        8440inputs+9704outputs (55major+365744minor)pagefaults 0swaps\n";

    #[test]
    fn three_times_of_each_iteration_in_natural_order() {
        let out = parse("kernbench", &[("time-16-10", LOG), ("time-16-2", LOG)]);
        let expected = [
            ("User-16", 2.0, 8.69),
            ("User-16", 10.0, 8.69),
            ("System-16", 2.0, 1.19),
            ("System-16", 10.0, 1.19),
            ("Elapsed-16", 2.0, 50.71),
            ("Elapsed-16", 10.0, 50.71),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn hours_hyphens_and_no_user_time_for_xfsrepair() {
        let log = "0.01user 2.00system 1:02:03.50elapsed 0%CPU\n";
        let out = parse("xfsrepair", &[("time-fs-mark-1", log)]);
        assert_eq!(rows(&out), [("System-fs-mark", 1.0, 2.0), ("Elapsed-fs-mark", 1.0, 3723.5)]);
    }

    #[test]
    fn an_old_kernbench_log_and_a_failed_command() {
        let log = format!("Command exited with non-zero status 2\n{LOG}");
        let out = parse("kernbench", &[("kernbench-2-1.time", &log)]);
        assert_eq!(out.samples.len(), 3);
        assert!(out.problems[0].what.contains("non-zero status 2"), "{:?}", out.problems);
    }

    #[test]
    fn a_log_without_a_report_is_a_problem() {
        let out = parse("usemem", &[("time-4-1", "time elapsed: 3\n")]);
        assert!(out.samples.is_empty());
        assert_eq!(out.problems[0].what, "no report of GNU time in the log");
    }
}
