//! CoreMark: `coremark-<iteration>.log`, which tells its threads and its score itself.

use super::parsed::REPEAT;
use super::words::{number_at, operation};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Score of all threads together, by their number.
pub const COREMARK: Shellpack = Shellpack {
    name: "coremark",
    aliases: &[],
    title: "Processor cores (CoreMark)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "iterations/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, iteration) in source.logs.between("coremark-", ".log") {
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        // Parallel PThreads : 2
        let parallel = text.lines_with("Parallel PThreads").next();
        let threads = parallel.and_then(|(_, line)| line.split_ascii_whitespace().next_back());
        // CoreMark 1.0 : 29031.789810 / GCC12.2.0 …; stands there only where the results were right.
        let score = text.lines_with("CoreMark 1").find(|(_, line)| line.starts_with("CoreMark 1"));
        let Some((line, content)) = score else {
            out.missing(&text, "score", REPEAT);
            continue;
        };
        match number_at(content, 3) {
            Some(score) => {
                let operation = operation("score", &[threads.unwrap_or("_")]);
                out.add((&text, line), &operation, iteration.into(), score);
            }
            None => out.missing_in((&text, line), content, "score"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// CoreMark 1.0, two threads
    const LOG: &str = "2K performance run parameters for coremark.\nCoreMark Size    : 666\n\
        Iterations/Sec   : 29031.789810\nParallel PThreads : 2\n\
        Correct operation validated. See README.md for run and reporting rules.\n\
        CoreMark 1.0 : 29031.789810 / GCC12.2.0 -O2 -DMULTITHREAD=2 -pthread  -lrt / Heap / 2:PThreads\n";

    #[test]
    fn score_by_threads() {
        let out = parse("coremark", &[("coremark-10.log", LOG), ("coremark-9.log", LOG)]);
        assert_eq!(rows(&out), [("score-2", 9.0, 29031.78981), ("score-2", 10.0, 29031.78981)]);
    }

    #[test]
    fn a_log_without_a_score_quotes_its_last_line() {
        let log = "CoreMark Size    : 666\nERROR! Must execute for at least 10 secs for a valid result!\n";
        let out = parse("coremark", &[("coremark-1.log", log)]);
        assert!(out.samples.is_empty());
        assert!(out.problems[0].what.contains("at least 10 secs"), "{:?}", out.problems);
    }
}
