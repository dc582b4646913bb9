//! One program of UnixBench, run as often as wanted.
//!
//! `unixbenchd.log` has a line `COUNT|1000433|1|lps` for each repetition; which program it was
//! stands only in `commands.log`: `./pgms/syscall 2 getpid`.

use super::parsed::REPEAT;
use super::words::{number, word};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Loops of a UnixBench program.
pub const UNIXBENCHD: Shellpack = Shellpack {
    name: "unixbenchd",
    aliases: &[],
    title: "UnixBench loops",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "loops")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "unixbenchd.log") else { return };
    let Some(program) = program(source, out) else {
        let remedy = "copy the file from the test machine, it tells which program was run";
        return out.fail(source.logs.path(), "no program (pgms/…) in commands.log", remedy);
    };
    let mut id = None;
    let mut seen = false;
    for (line, content) in text.lines_with("COUNT") {
        seen = true;
        match content.split('|').nth(1).and_then(number) {
            Some(count) => {
                let id = *id.get_or_insert_with(|| out.samples.operation(&program));
                out.add_next((&text, line), id, count);
            }
            None => out.missing_in((&text, line), content, "count"),
        }
    }
    if !seen {
        out.missing(&text, "line with COUNT", REPEAT);
    }
}

/// The name of the program, without folders.
fn program(source: &Source, out: &mut Parsed) -> Option<String> {
    let commands = out.read(&source.logs, "commands.log")?;
    let (_, command) = commands.lines_with("pgms").next()?;
    let name = word(command, 0)?.rsplit('/').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const COMMANDS: (&str, &str) = ("commands.log", "./pgms/syscall 2 getpid\n");

    #[test]
    fn repetitions_are_numbered() {
        let log = "COUNT|1000433|1|lps\nCOUNT|oops\nCOUNT|2071775|1|lps\n";
        let out = parse("unixbenchd", &[COMMANDS, ("unixbenchd.log", log)]);
        assert_eq!(rows(&out), [("syscall", 1.0, 1000433.0), ("syscall", 2.0, 2071775.0)]);
        assert_eq!(out.problems[0].line, Some(2));
    }

    #[test]
    fn without_the_command_the_counts_mean_nothing() {
        let out = parse("unixbenchd", &[("unixbenchd.log", "COUNT|1000433|1|lps\n")]);
        assert!(out.samples.is_empty());
        assert_eq!(out.problems.len(), 1);
    }
}
