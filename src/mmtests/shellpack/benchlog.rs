//! Benchmarks whose `benchlog-<factor>-<factor>[-<iteration>]` logs hold the results in one column
//! of the lines that contain a certain text. A factor `_` is absent.

use super::words::{last_words, number, operation, shorten, word};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Two processes that pass a byte to and fro.
pub const PERFPIPE: Shellpack = Shellpack {
    name: "perfpipe",
    aliases: &[],
    title: "Pipe round trips (perf bench)",
    kind: SummaryKind::Normalisedops,
    decimals: 4,
    metrics: &[Metric::lower("", "µs")],
    parse: |source, out| {
        parse(source, out, &Lines { metric: "usecs-op", ..USECS_PER_OP });
    },
};

/// A system call that does next to nothing.
pub const PERFSYSCALL: Shellpack = Shellpack {
    name: "perfsyscall",
    aliases: &[],
    title: "System call entry and exit (perf bench)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    metrics: &[Metric::lower("", "µs")],
    parse: |source, out| parse(source, out, &USECS_PER_OP),
};

/// Insertions into a database.
pub const SQLITE: Shellpack = Shellpack {
    name: "sqlite",
    aliases: &[],
    title: "SQLite insertions",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "trans/s")],
    parse: |source, out| {
        let lines = Lines {
            contains: "execute",
            first_word: true,
            column: Column::Number(4),
            metric: "txn/sec",
            remedy: "a run of less than about 2 s prints no rates; have it insert more rows \
                     (SQLITE_SIZE)",
        };
        parse(source, out, &lines);
    },
};

/// Prime numbers. MMTests takes more events per second for worse.
pub const SYSBENCHCPU: Shellpack = Shellpack {
    name: "sysbenchcpu",
    aliases: &[],
    title: "Prime numbers (sysbench cpu)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "events/s")],
    parse: |source, out| {
        let lines = Lines {
            contains: "events per second",
            first_word: false,
            column: Column::Last,
            metric: "events/sec",
            remedy: REPEAT,
        };
        parse(source, out, &lines);
    },
};

const USECS_PER_OP: Lines = Lines {
    contains: "usecs/op",
    first_word: false,
    column: Column::Number(0),
    metric: "usecs/syscall",
    remedy: REPEAT,
};

const REPEAT: &str = "look at the raw log for the reason and repeat the run";

/// Which lines hold a result, and where in them it stands.
struct Lines {
    contains: &'static str,
    /// `true` if the line has to start with `contains`.
    first_word: bool,
    column: Column,
    metric: &'static str,
    /// What to do about a log without a result.
    remedy: &'static str,
}

/// A word of a line, numbers from 0.
enum Column {
    Number(usize),
    Last,
}

impl Column {
    fn of<'l>(&self, line: &'l str) -> Option<&'l str> {
        match self {
            Column::Number(n) => word(line, *n),
            Column::Last => line.split_ascii_whitespace().next_back(),
        }
    }
}

fn parse(source: &Source, out: &mut Parsed, lines: &Lines) {
    for (name, rest) in source.logs.between("benchlog-", "") {
        let mut parts = rest.splitn(3, '-');
        let (Some(a), Some(b)) = (parts.next(), parts.next()) else { continue };
        // Where there is a log for all iterations, MMTests reads no others.
        if parts.next().is_some() && source.logs.has(&format!("benchlog-{a}-{b}")) {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, out, lines, &operation(lines.metric, &[a, b])) {
            out.warn(
                text.path(),
                format!("no line with \"{}\", {}", lines.contains, last_words(&text)),
                lines.remedy,
            );
        }
    }
}

/// Takes the samples from a log; `false` if no line should have held one.
fn one_log(text: &Text, out: &mut Parsed, lines: &Lines, operation: &str) -> bool {
    let mut seen = false;
    let mut id = None;
    for (line, content) in text.lines_with(lines.contains) {
        if lines.first_word && !content.starts_with(lines.contains) {
            continue;
        }
        seen = true;
        match lines.column.of(content).and_then(number) {
            Some(value) => {
                let id = *id.get_or_insert_with(|| out.samples.operation(operation));
                out.add_next((text, line), id, value);
            }
            None => out.complain((text, line), format!("no number in \"{}\"", shorten(content))),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const PIPE: &str = "# Running 'sched/pipe' benchmark:\n\
        # Executed 2000 pipe operations between two processes\n\n     \
        Total time: 2.127 [sec]\n\n    1063.718500 usecs/op\n            940 ops/sec\n";

    #[test]
    fn iteration_10_comes_after_2() {
        let other = PIPE.replace("1063.718500", "2.5");
        let out = parse("perfpipe", &[("benchlog-_-_-10", PIPE), ("benchlog-_-_-2", &other)]);
        assert_eq!(rows(&out), [("usecs-op", 1.0, 2.5), ("usecs-op", 2.0, 1063.7185)]);
    }

    #[test]
    fn only_executed_rows_of_sqlite_count() {
        let log = "warmup          0.66         0.66          535      813.084\n\
                   execute         2.22         1.56           59       37.770\n\
                   execute         3.53         1.31          178\n";
        let out = parse("sqlite", &[("benchlog-_-_-1", log)]);
        assert_eq!(rows(&out), [("txn/sec", 1.0, 37.770)]);
        assert_eq!(out.problems[0].line, Some(3));
    }

    #[test]
    fn empty_logs_say_what_to_do() {
        let out = parse("sqlite", &[("benchlog-_-_-1", "")]);
        assert!(out.problems[0].what.ends_with("it is empty"));
        assert!(out.problems[0].remedy.contains("SQLITE_SIZE"));
        assert_eq!(out.problems.len(), 2, "and that nothing was measured: {:?}", out.problems);
    }

    #[test]
    fn threads_are_part_of_the_name() {
        let log = "CPU speed:\n    events per second:  8064.47\n";
        let out = parse("sysbenchcpu", &[("benchlog-2-_-1", log)]);
        assert_eq!(rows(&out), [("events/sec-2", 1.0, 8064.47)]);
    }
}
