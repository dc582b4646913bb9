//! AIM9: how often a second the kernel does one thing.
//!
//! `aim9-<iteration>` is what a terminal showed; rows of the table are number, name of the test,
//! seconds, loops, loops per second, operations per second, name of the operation.

use super::words::{number_at, word};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Single kernel operations, by test.
pub const AIM9: Shellpack = Shellpack {
    name: "aim9",
    aliases: &[],
    title: "Single kernel operations (AIM9)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "ops/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, iteration) in source.logs.between("aim9-", "") {
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, iteration, out) {
            let remedy = "check that \"expect\" is installed on the test machine; repeat the run";
            out.missing(&text, "finished test", remedy);
        }
    }
}

/// Takes the rows of a log; `false` if it has none.
fn one_log(text: &Text, iteration: u32, out: &mut Parsed) -> bool {
    let mut seen = false;
    for (line, content) in text.lines_with("_test") {
        seen = true;
        let test = word(content, 1).filter(|name| name.contains("_test"));
        match (test, number_at(content, 5)) {
            (Some(test), Some(rate)) => out.add((text, line), test, iteration.into(), rate),
            _ => out.missing_in((text, line), content, "rate"),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const LOG: &str = "spawn ./singleuser\r\nMachine's name                       : ivor\r\n\
------------------------------------------------------------------------------------------------\r\n\
 Test        Test        Elapsed  Iteration    Iteration          Operation\r\n\
     1 page_test            15.00       6412  427.46667       726693.33 System Allocations & Pages/second\r\n\
     2 brk_test             15.00       3021  201.40000      3423800.00 System Memory Allocations/second\r\n";

    #[test]
    fn operations_a_second_by_test() {
        let out = parse("aim9", &[("aim9-10", LOG), ("aim9-9", LOG)]);
        let expected = [
            ("page_test", 9.0, 726693.33),
            ("page_test", 10.0, 726693.33),
            ("brk_test", 9.0, 3423800.0),
            ("brk_test", 10.0, 3423800.0),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_cut_row_is_a_problem() {
        let out = parse("aim9", &[("aim9-1", "     1 page_test            15.00  64")]);
        assert_eq!(out.problems[0].line, Some(1));
    }
}
