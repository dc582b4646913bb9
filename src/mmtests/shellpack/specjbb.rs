//! Java servers (SPECjbb2005 and SPECjbb2015), which are sold, not given away.
//!
//! The logs are in a folder named after the pages that were used: `base`, `transhuge` or `default`.

use memchr::memmem::Finder;

use super::parsed::REPEAT;
use super::words::{after, number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::{Logs, Text};
use crate::model::SummaryKind;

/// Throughput, by the number of warehouses.
pub const SPECJBB: Shellpack = Shellpack {
    name: "specjbb",
    aliases: &[],
    title: "Java server (SPECjbb2005)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::higher("", "bops")],
    parse: specjbb,
};

/// Rates up to which requests were served at all, and in time.
pub const SPECJBB2015: Shellpack = Shellpack {
    name: "specjbb2015",
    aliases: &[],
    title: "Java server (SPECjbb2015)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[Metric::higher("JOPS-", "jOPS"), Metric::higher("", "%")],
    parse: specjbb2015,
};

/// Of several, MMTests shows the first.
const PAGES: [&str; 4] = ["base", "transhuge", "default", "huge"];

fn folder(source: &Source) -> Option<Logs> {
    PAGES.iter().find_map(|pages| source.logs.folder(pages))
}

/// A report for all JVMs, or one for each of them: `SPECjbb.<number>.txt`.
fn specjbb(source: &Source, out: &mut Parsed) {
    let Some(folder) = folder(source) else { return };
    let (logs, names) = if let Some(several) = folder.folder("SPECjbbMultiJVM.001") {
        let of_all = "MultiVMReport.txt";
        let names: Vec<String> = if several.has(of_all) {
            vec![of_all.to_owned()]
        } else {
            several.between("SPECjbb.", ".txt").map(|(name, _)| name.to_owned()).collect()
        };
        (several, names)
    } else if let Some(one) = folder.folder("SPECjbbSingleJVM") {
        (one, vec!["SPECjbb.001.txt".to_owned()])
    } else {
        return;
    };
    for name in names {
        let Some(text) = out.read(&logs, &name) else { continue };
        if !warehouses(&text, out) {
            out.missing(&text, "table of scores", REPEAT);
        }
    }
}

/// Takes the tables of scores; `false` if there is none. A row is `   *   4   123456`, where the star
/// tells what counts for the result; a table ends with an empty line.
fn warehouses(text: &Text, out: &mut Parsed) -> bool {
    let [of_all, of_one, heads] = ["SPEC scores", " Scores", "Warehouses"].map(Finder::new);
    let holds = |line: &str, words: &Finder| words.find(line.as_bytes()).is_some();
    let (mut scores, mut table, mut seen) = (false, false, false);
    for (line, content) in text.lines() {
        // Rows come first here, as there are most of them.
        let is_row = table && is_row(content);
        if !is_row
            && (holds(content, &of_all) || (holds(content, &of_one) && content.contains("JVM ")))
        {
            scores = true;
        } else if !is_row && scores && holds(content, &heads) {
            table = true;
        } else if table && content.trim_ascii().is_empty() {
            (scores, table) = (false, false);
        } else if table {
            let mut words = words(after(content.trim_ascii_start(), "*").unwrap_or(content));
            let warehouses = words.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit()));
            match (warehouses, words.next().and_then(number)) {
                (Some(warehouses), Some(throughput)) => {
                    let id = out.samples.joined(&["tput-", warehouses]);
                    out.add_next((text, line), id, throughput);
                    seen = true;
                }
                _ => out.missing_in((text, line), content, "throughput of warehouses"),
            }
        }
    }
    seen
}

/// `true` if the line begins with a star or a number.
#[inline]
fn is_row(line: &str) -> bool {
    let first = line.trim_ascii_start().as_bytes().first();
    first.is_some_and(|byte| *byte == b'*' || byte.is_ascii_digit())
}

/// Limits of the response time in µs.
const LIMITS: [u32; 5] = [10_000, 25_000, 50_000, 75_000, 100_000];

/// `specjbb2015.log` is a list of properties. MMTests may fail to copy it from the folder of the program
/// into that of the logs; then the last words of `specjbb2015-raw.log` still have two of the results.
fn specjbb2015(source: &Source, out: &mut Parsed) {
    let Some(folder) = folder(source) else { return };
    if let Some(text) = out.read(&folder, "specjbb2015.log") {
        properties(&text, out);
    } else if let Some(text) = out.read(&folder, "specjbb2015-raw.log") {
        last_words(&text, out);
    }
}

fn properties(text: &Text, out: &mut Parsed) {
    let property = |name: &str| {
        let start = format!("jbb2015.result.{name}");
        let (line, content) = text.lines_with(&start).find(|(_, line)| line.starts_with(&start))?;
        Some((line, content.split_ascii_whitespace().next_back().and_then(number)?))
    };
    let max = property("metric.max-jOPS");
    if let Some((line, value)) = max {
        out.add((text, line), "JOPS-Max", 1.0, value);
    }
    if let Some((line, value)) = property("metric.critical-jOPS") {
        out.add_ratio((text, line), "JOPS-Critical", 1.0, value);
    }
    for limit in LIMITS {
        let Some((line, value)) = property(&format!("SLA-{limit}-jOPS")) else { continue };
        out.add((text, line), &format!("JOPS-{limit}us"), 1.0, value);
        if let Some((_, max)) = max.filter(|(_, max)| *max > 0.0) {
            out.add((text, line), &format!("pctMax-{limit}us"), 1.0, value / max * 100.0);
        }
    }
    if max.is_none() {
        out.missing(text, "jbb2015.result.metric.max-jOPS", REPEAT);
    }
}

fn last_words(text: &Text, out: &mut Parsed) {
    let Some((line, content)) = text.lines_with("RUN RESULT:").last() else {
        return out.missing(text, "result", REPEAT);
    };
    let value = |name: &str| {
        let (_, rest) = content.split_once(name)?;
        rest.split([',', ' ']).next().and_then(number)
    };
    match value("max-jOPS = ") {
        Some(max) => out.add((text, line), "JOPS-Max", 1.0, max),
        None => out.missing_in((text, line), content, "max-jOPS"),
    }
    match value("critical-jOPS = ") {
        Some(critical) => out.add_ratio((text, line), "JOPS-Critical", 1.0, critical),
        None => out.missing_in((text, line), content, "critical-jOPS"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    // The logs here were made up after published reports; the programs could not be run.

    const SCORES: &str = "   SPEC scores\n\n\
        \x20  Warehouses     Thrput\n            1      13029\n      *     2      25011\n\n\
        \x20  Warehouses of no interest\n            1          1\n";

    #[test]
    fn scores_by_warehouses() {
        let name = "base/SPECjbbSingleJVM/SPECjbb.001.txt";
        let out = parse("specjbb", &[(name, SCORES)]);
        assert_eq!(rows(&out), [("tput-1", 1.0, 13029.0), ("tput-2", 1.0, 25011.0)]);
    }

    #[test]
    fn each_jvm_is_a_sample() {
        let names = ["SPECjbb.001.txt", "SPECjbb.002.txt"];
        let names = names.map(|name| format!("transhuge/SPECjbbMultiJVM.001/{name}"));
        let out = parse("specjbb", &[(&names[0], SCORES), (&names[1], SCORES)]);
        assert_eq!(rows(&out).len(), 4);
        let all =
            "JVM 1 Scores\nWarehouses Thrput\n 4 100\n\nJVM 2 Scores\nWarehouses Thrput\n 4 200\n";
        let name = "transhuge/SPECjbbMultiJVM.001/MultiVMReport.txt";
        let out = parse("specjbb", &[(name, all)]);
        assert_eq!(rows(&out), [("tput-4", 1.0, 100.0), ("tput-4", 2.0, 200.0)]);
    }

    #[test]
    fn operations_within_limits() {
        let log = "jbb2015.result.metric.critical-jOPS = 5000\njbb2015.result.metric.max-jOPS = 20000\n\
            jbb2015.result.SLA-10000-jOPS = 4000\njbb2015.result.SLA-100000-jOPS = 15000\n";
        let out = parse("specjbb2015", &[("default/specjbb2015.log", log)]);
        let expected = [
            ("JOPS-Max", 1.0, 20000.0),
            ("JOPS-Critical", 1.0, 5000.0),
            ("JOPS-10000us", 1.0, 4000.0),
            ("pctMax-10000us", 1.0, 20.0),
            ("JOPS-100000us", 1.0, 15000.0),
            ("pctMax-100000us", 1.0, 75.0),
        ];
        assert_eq!(rows(&out), expected);
    }

    #[test]
    fn where_the_list_is_missing_the_console_has_two_of_them() {
        let log = "  RUN RESULT: hbIR (max attempted) = 22222, hbIR (settled) = 21111, max-jOPS = 20000, \
            critical-jOPS = 5000\n";
        let out = parse("specjbb2015", &[("default/specjbb2015-raw.log", log)]);
        assert_eq!(rows(&out), [("JOPS-Max", 1.0, 20000.0), ("JOPS-Critical", 1.0, 5000.0)]);
    }
}
