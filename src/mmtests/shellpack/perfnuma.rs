//! Memory of threads on NUMA nodes (`perf bench numa mem`).
//!
//! `<workload>-<iteration>.log` ends with lines like
//! ` main,   0.384, secs,           NUMA-convergence-latency`.

use super::parsed::REPEAT;
use super::words::number;
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Time until memory and threads are together, and how fast the threads go through it, by workload.
pub const PERFNUMA: Shellpack = Shellpack {
    name: "perfnuma",
    aliases: &[],
    title: "NUMA convergence (perf bench)",
    kind: SummaryKind::Multiops,
    decimals: 4,
    // MMTests takes higher speeds for worse.
    metrics: &[Metric::lower("converged", "s"), Metric::higher("", "GB/s")],
    parse,
};

/// Ends of the lines with results, their units, and the metrics.
const RESULTS: [(&str, &str, &str); 3] = [
    ("NUMA-convergence-latency", "secs", "converged"),
    ("thread-speed", "GB/sec", "threadspeed"),
    ("total-speed", "GB/sec", "totalspeed"),
];

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("", ".log") {
        let Some((workload, iteration)) = rest.rsplit_once('-') else { continue };
        if iteration.parse::<u32>().is_err() {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !one_log(&text, &workload.replacen("_converge", "", 1), out) {
            out.missing(&text, "result", REPEAT);
        }
    }
}

/// Takes the results; `false` if there are none.
fn one_log(text: &Text, workload: &str, out: &mut Parsed) -> bool {
    let mut seen = false;
    let mut ids = [None; RESULTS.len()];
    for (line, content) in text.lines_with(",") {
        let mut fields = content.split(',').map(str::trim_ascii);
        let (Some(_), Some(value), Some(unit), Some(what)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let known = RESULTS.iter().position(|(name, of, _)| (*name, *of) == (what, unit));
        let Some(known) = known else { continue };
        seen = true;
        match number(value) {
            Some(value) => {
                let id = *ids[known].get_or_insert_with(|| {
                    let metric = RESULTS[known].2;
                    let operation = format!("{metric}-{workload}");
                    // Time is what MMTests' ratio tables show.
                    match metric {
                        "converged" => out.samples.ratio_operation(&operation),
                        _ => out.samples.operation(&operation),
                    }
                });
                out.add_next((text, line), id, value);
            }
            None => out.missing_in((text, line), content, "number"),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// perf 6.1
    const LOG: &str = " # Running main, \"perf bench numa numa-mem -m -p 1 -t 1 -P 16\"\n\
        \x20#    0.0%  [0.0 mins]  1/1  [ 0/1 ] l: 88-88  (  0) [ 0.0%] (   0.4s converged)\n\
        \x20main,                                    0.384, secs,           NUMA-convergence-latency\n\
        \x20main,                                    0.384, secs,           runtime-max/thread\n\
        \x20main,                                    4.130, GB/sec,         thread-speed\n\
        \x20main,                                    8.260, GB/sec,         total-speed\n";

    #[test]
    fn time_and_speeds_by_workload() {
        let logs = [("light_converge-1.log", LOG), ("light_converge-2.log", LOG)];
        let out = parse("perfnuma", &logs);
        let expected = [
            ("converged-light", 1.0, 0.384),
            ("converged-light", 2.0, 0.384),
            ("threadspeed-light", 1.0, 4.13),
            ("threadspeed-light", 2.0, 4.13),
            ("totalspeed-light", 1.0, 8.26),
            ("totalspeed-light", 2.0, 8.26),
        ];
        assert_eq!(rows(&out), expected);
        let ratio: Vec<bool> = out.samples.series().iter().map(|series| series.ratio).collect();
        assert_eq!(ratio, [true, false, false]);
    }

    #[test]
    fn a_workload_that_never_converged_is_told() {
        let out = parse("perfnuma", &[("light_converge-1.log", " # Running main,\n")]);
        assert!(out.problems[0].what.starts_with("no result"));
    }
}
