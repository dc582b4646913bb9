//! ebizzy: `ebizzy-<threads>-<iteration>.log` begins with
//! `56578 records/s 28140 28438`, the rate of all threads and of each.

use super::parsed::REPEAT;
use super::words::{number, operation, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Records found a second while memory is allocated and freed, by the number of threads.
pub const EBIZZY: Shellpack = Shellpack {
    name: "ebizzy",
    aliases: &[],
    title: "Memory of a web search (ebizzy)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "records/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("ebizzy-", ".log") {
        let Some((threads, iteration)) = rest.rsplit_once('-') else { continue };
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        let Some((line, content)) = text.lines_with("records/s").next() else {
            out.missing(&text, "rate", REPEAT);
            continue;
        };
        let mut words = words(content);
        let Some(total) = words.next().and_then(number) else {
            out.missing_in((&text, line), content, "rate");
            continue;
        };
        out.add((&text, line), &operation("total_rsec", &[threads]), iteration.into(), total);
        let id = out.samples.operation(&operation("thread_rsec", &[threads]));
        for word in words.skip(1) {
            match number(word) {
                Some(rate) => out.add_next((&text, line), id, rate),
                None => out.missing_in((&text, line), word, "rate of a thread"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// ebizzy 0.3 as MMTests patches it
    #[test]
    fn all_threads_and_each_of_them() {
        let log = "56578 records/s 28140 28438\nreal  1.00 s\nuser  0.67 s\nsys   0.00 s\n";
        let out =
            parse("ebizzy", &[("ebizzy-2-1.log", log), ("ebizzy-2-2.log", "57 records/s 30 x\n")]);
        let expected = [
            ("total_rsec-2", 1.0, 56578.0),
            ("total_rsec-2", 2.0, 57.0),
            ("thread_rsec-2", 1.0, 28140.0),
            ("thread_rsec-2", 2.0, 28438.0),
            ("thread_rsec-2", 3.0, 30.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 1);
    }
}
