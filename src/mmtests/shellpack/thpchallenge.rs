//! Page faults while memory is fragmented (thpchallenge).
//!
//! `threads-<threads>.log` has a line `fault 0 huge   524 1795620664.978665 1` for each fault: thread,
//! size of the page, microseconds, when, and whether the page is on the thread's own node (-1: unknown).

use super::parsed::REPEAT;
use super::words::{number, operation, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Latency of faults by size, and shares of huge and of local pages, by the number of threads.
pub const THPCHALLENGE: Shellpack = Shellpack {
    name: "thpchallenge",
    aliases: &[],
    title: "Faults of huge pages (thpchallenge)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[
        Metric::lower("fault-", "µs"),
        Metric::lower("remote-", "%"),
        Metric::higher("", "%"),
    ],
    parse,
};

const SIZES: [&str; 2] = ["base", "huge"];

/// How many faults there were of a size, on the own node, and on another.
#[derive(Clone, Copy, Default)]
struct Counts {
    all: u32,
    local: u32,
    remote: u32,
}

fn parse(source: &Source, out: &mut Parsed) {
    for (name, threads) in source.logs.between("threads-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        let counts = faults(&text, threads, out);
        if counts.iter().all(|of_size| of_size.all == 0) {
            out.missing(&text, "fault", REPEAT);
            continue;
        }
        let percent = |part: u32, all: u32| f64::from(part) * 100.0 / f64::from(all);
        let [base, huge] = counts;
        let share = percent(huge.all, base.all + huge.all);
        out.add((&text, 1), &operation("huge", &[threads]), 1.0, share);
        for (size, counts) in SIZES.iter().zip(counts).filter(|(_, counts)| counts.all > 0) {
            for (place, part) in [("local", counts.local), ("remote", counts.remote)] {
                let operation = operation(&format!("{place}-{size}"), &[threads]);
                out.add((&text, 1), &operation, 1.0, percent(part, counts.all));
            }
        }
    }
}

/// Takes the faults, numbered over both sizes as MMTests does it, and counts them.
fn faults(text: &Text, threads: &str, out: &mut Parsed) -> [Counts; 2] {
    let mut counts = [Counts::default(); 2];
    let mut faults = 0_u32;
    let names =
        ["base", "huge", "both"].map(|kind| operation(&format!("fault-{kind}"), &[threads]));
    let mut ids = [None; 3];
    for (line, content) in text.lines_with("fault").filter(|(_, line)| line.starts_with("fault")) {
        let mut words = words(content).skip(2);
        let size = words.next().and_then(|word| SIZES.iter().position(|size| *size == word));
        let (latency, place) = (words.next().and_then(number), words.nth(1));
        let (Some(size), Some(latency), Some(place)) = (size, latency, place) else {
            out.missing_in((text, line), content, "fault");
            continue;
        };
        faults += 1;
        counts[size].all += 1;
        match place {
            "1" => counts[size].local += 1,
            "0" => counts[size].remote += 1,
            _ => {}
        }
        for kind in [size, 2] {
            let id = *ids[kind].get_or_insert_with(|| out.samples.operation(&names[kind]));
            out.add_to((text, line), id, faults.into(), latency);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// thpchallenge of MMTests
    #[test]
    fn latency_by_size_and_shares() {
        let log = "Running with 2 threads\nanoninit 0           35\n\
            fault 0 huge          524 1795620664.978665 1\nfault 0 huge          455 1795620664.979129 0\n\
            fault 1 huge          283 1795620664.980140 -1\nfault 1 base          825 1795620664.980966 1\n\
            fault 1 ba";
        let out = parse("thpchallenge", &[("threads-2.log", log)]);
        let expected = [
            ("fault-huge-2", 1.0, 524.0),
            ("fault-huge-2", 2.0, 455.0),
            ("fault-huge-2", 3.0, 283.0),
            ("fault-both-2", 1.0, 524.0),
            ("fault-both-2", 2.0, 455.0),
            ("fault-both-2", 3.0, 283.0),
            ("fault-both-2", 4.0, 825.0),
            ("fault-base-2", 4.0, 825.0),
            ("huge-2", 1.0, 75.0),
            ("local-base-2", 1.0, 100.0),
            ("remote-base-2", 1.0, 0.0),
            ("local-huge-2", 1.0, 100.0 / 3.0),
            ("remote-huge-2", 1.0, 100.0 / 3.0),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(7));
    }
}
