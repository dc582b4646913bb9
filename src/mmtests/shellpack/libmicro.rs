//! System calls and library functions (libMicro): `<test>.log`, each a distribution of which the mean
//! without the upper 5 % counts.

use super::parsed::REPEAT;
use super::words::{number, operation};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Time of a call, by test.
pub const LIBMICRO: Shellpack = Shellpack {
    name: "libmicro",
    aliases: &[],
    title: "System calls and library functions (libMicro)",
    kind: SummaryKind::Singleops,
    decimals: 5,
    metrics: &[Metric::lower("", "µs")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, test) in source.logs.between("", ".log") {
        // What MMTests itself writes.
        if matches!(test, "mmtests" | "commands") {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        // #        mean of 95%      0.15676
        let Some((line, content)) = text.lines_with("mean of 95%").next() else {
            out.missing(&text, "mean of 95%", REPEAT);
            continue;
        };
        match content.rsplit_once("95%").and_then(|(_, mean)| number(mean.trim())) {
            Some(mean) => out.add((&text, line), &operation("mean95", &[test]), 1.0, mean),
            None => out.missing_in((&text, line), content, "mean"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// libMicro 0.4.3
    #[test]
    fn the_mean_without_the_slowest() {
        let log = "# bin/../bin-x86_64/getpid -E -C 20 -L -S -W -N getpid \n\
            #                   mean      0.37368                 0.15921\n\
            #        mean of 95%      0.15676\n#          95th %ile      0.20480\n";
        let logs =
            [("getpid.log", log), ("mmtests.log", "Started\n"), ("fork-1.log", "#  mean of 95%")];
        let out = parse("libmicro", &logs);
        assert_eq!(rows(&out), [("mean95-getpid", 1.0, 0.15676)]);
        assert_eq!(out.problems[0].line, Some(1), "fork-1 was cut");
    }
}
