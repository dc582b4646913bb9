//! How long programs take to start while others read and write (the S suite's replayed start-ups).
//!
//! `results/replayed_<program>_startup/repetition0/<scheduler>-<readers>r<writers>w-<order>-single_times.txt`
//! has one time a line.

use super::words::number;
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Time of a start, by program and pattern of the others.
pub const SSTARTUP: Shellpack = Shellpack {
    name: "sstartup",
    aliases: &[],
    title: "Start of programs under load (S)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::lower("", "s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    let Some(results) = source.logs.folder("results") else { return };
    for (name, program) in results.between("replayed_", "_startup") {
        let Some(times) = results.folder(name).and_then(|folder| folder.folder("repetition0"))
        else {
            continue;
        };
        for (name, rest) in times.between("", "-single_times.txt") {
            // The scheduler's name may hold hyphens; that of the pattern holds one.
            let mut parts = rest.rsplitn(3, '-');
            let (Some(order), Some(load), Some(_)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let Some(text) = out.read(&times, name) else { continue };
            let id = out.samples.operation(&format!("time-{program}-{load}-{order}"));
            for (line, content) in text.lines() {
                let content = content.trim_ascii();
                match number(content) {
                    Some(time) => out.add_next((&text, line), id, time),
                    None if content.is_empty() => {}
                    None => out.missing_in((&text, line), content, "time"),
                }
            }
            if out.samples.count(id) == 0 {
                let remedy = "a start that takes more than 120 s ends the test; use a faster disk";
                out.missing(&text, "time", remedy);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// Names and the empty log are shaped by the script of the S suite (3.4); its real output is among the
    /// data of the tests.
    #[test]
    fn times_by_program_and_load() {
        let name = |file: &str| format!("results/replayed_xterm_startup/repetition0/{file}");
        let logs = [
            (name("mq-deadline-0r0w-seq-single_times.txt"), "0.41\n 0.43\n"),
            (name("mq-deadline-10r0w-seq-single_times.txt"), ""),
            (name("mq-deadline-10r0w-seq-lat_thr_stat.txt"), "7\n"),
        ];
        let logs: Vec<(&str, &str)> =
            logs.iter().map(|(name, log)| (name.as_str(), *log)).collect();
        let out = parse("sstartup", &logs);
        let expected = [("time-xterm-0r0w-seq", 1.0, 0.41), ("time-xterm-0r0w-seq", 2.0, 0.43)];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 1);
    }
}
