//! Disk and directory operations (bonnie++).
//!
//! `bonnie-detail`, which MMTests' patched bonnie++ writes, has a line `wr 2531` for each piece of
//! work: what it was, and microseconds. `bonnie` ends with a line of fields between commas, which holds
//! the throughput; MMTests shows it in a report of its own.

use super::parsed::REPEAT;
use super::words::number;
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Latency and throughput of disk and directory operations.
pub const BONNIEPP: Shellpack = Shellpack {
    name: "bonniepp",
    aliases: &["bonnie"],
    title: "Disk and directory operations (bonnie++)",
    kind: SummaryKind::Subselection,
    decimals: 4,
    metrics: &[
        Metric::lower("latency-", "µs"),
        Metric::higher("SeqOut", "KiB/s"),
        Metric::higher("SeqIn", "KiB/s"),
        Metric::higher("", "ops/s"),
    ],
    parse,
};

/// Marks in `bonnie-detail`, and the operations.
const LATENCIES: [(&str, &str); 12] = [
    ("pc", "latency-SeqOut:char"),
    ("wr", "latency-SeqOut:block"),
    ("rw", "latency-SeqOut:rewrite"),
    ("gc", "latency-SeqIn:char"),
    ("rd", "latency-SeqIn:block"),
    ("sk", "latency-Random:seeks"),
    ("cs", "latency-SeqCreate:create"),
    ("ss", "latency-SeqCreate:read"),
    ("ds", "latency-SeqCreate:del"),
    ("cr", "latency-RandCreate:create"),
    ("sr", "latency-RandCreate:read"),
    ("dr", "latency-RandCreate:del"),
];

/// Fields of the last line of `bonnie` (form 1.98), and the operations.
const RATES: [(usize, &str); 12] = [
    (9, "SeqOut char"),
    (11, "SeqOut block"),
    (13, "SeqOut rewrite"),
    (15, "SeqIn char"),
    (17, "SeqIn block"),
    (19, "Random seeks"),
    (26, "SeqCreate ops"),
    (28, "SeqCreate read"),
    (30, "SeqCreate del"),
    (32, "RandCreate ops"),
    (34, "RandCreate read"),
    (36, "RandCreate del"),
];

fn parse(source: &Source, out: &mut Parsed) {
    if let Some(text) = out.read(&source.logs, "bonnie-detail") {
        latencies(&text, out);
    }
    if let Some(text) = out.read(&source.logs, "bonnie") {
        rates(&text, out);
    }
}

fn latencies(text: &Text, out: &mut Parsed) {
    let mut ids = [None; LATENCIES.len()];
    let mut last = 0;
    for (line, content) in text.lines() {
        // All marks have two letters.
        let Some((mark, rest)) = content.split_at_checked(2) else { continue };
        if !(rest.is_empty() || rest.starts_with(' ')) {
            continue;
        }
        // Lines of a kind follow one another.
        if LATENCIES[last].0 != mark {
            let found = LATENCIES.iter().position(|(known, _)| *known == mark);
            let Some(found) = found else { continue };
            last = found;
        }
        let n = last;
        match number(rest.trim_ascii()) {
            Some(latency) => {
                let id = *ids[n].get_or_insert_with(|| out.samples.operation(LATENCIES[n].1));
                out.add_next((text, line), id, latency);
            }
            None => out.missing_in((text, line), content, "latency"),
        }
    }
    if ids == [None; LATENCIES.len()] {
        out.missing(text, "latency", REPEAT);
    }
}

fn rates(text: &Text, out: &mut Parsed) {
    let form_1_98 = |(_, line): &(u64, &str)| line.starts_with("1.98,");
    let Some((line, content)) = text.lines().filter(form_1_98).last() else {
        return out.missing(text, "line of results in form 1.98", REPEAT);
    };
    let fields: Vec<&str> = content.split(',').collect();
    if fields.len() <= 36 {
        return out.missing_in((text, line), content, "complete list of fields");
    }
    for (field, operation) in RATES {
        // What was not asked for is empty; what was over too soon to measure is `+++++`.
        if let Some(rate) = number(fields[field]).filter(|rate| *rate > 0.0) {
            out.add((text, line), operation, 1.0, rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// bonnie++ 2.00a
    const FIELDS: &str = "1.98,2.00,vm,1,1795612383,1200M,,8192,5,,,302085,20,392644,18,,,1174455,25,\
        7525,34,4,,,,2,2677,18,+++++,+++,+++++,+++,540,27,+++++,+++,+++++,+++,,32048us,24070us,,31978us,\
        84478us,32119us,20358us,7042us,48092us,8142us,24073us";

    #[test]
    fn latencies_by_mark() {
        let log = "wr 2531\nwr 2102\nsk 84478\nxx 3\nrd\n";
        let out = parse("bonniepp", &[("bonnie-detail", log)]);
        let expected = [
            ("latency-SeqOut:block", 1.0, 2531.0),
            ("latency-SeqOut:block", 2.0, 2102.0),
            ("latency-Random:seeks", 1.0, 84478.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(5));
    }

    #[test]
    fn throughput_that_took_long_enough_to_be_measured() {
        let out = parse("bonniepp", &[("bonnie", &format!("Using uid:0, gid:0.\n{FIELDS}\n"))]);
        let expected = [
            ("SeqOut block", 1.0, 302085.0),
            ("SeqOut rewrite", 1.0, 392644.0),
            ("SeqIn block", 1.0, 1174455.0),
            ("Random seeks", 1.0, 7525.0),
            ("SeqCreate ops", 1.0, 2677.0),
            ("RandCreate ops", 1.0, 540.0),
        ];
        assert_eq!(rows(&out), expected);
    }

    #[test]
    fn a_cut_line_is_told() {
        let out = parse("bonniepp", &[("bonnie", "1.98,2.00,vm,1,1795612383,1200M,,8192")]);
        assert!(out.samples.is_empty());
        assert_eq!(out.problems[0].line, Some(1));
    }
}
