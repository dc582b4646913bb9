//! stress-ng: `stressng-<instances>-<iteration>.log` has a table of stressors.
//!
//! `stress-ng: metrc: [4752] aio   21833   2.00   0.01   0.12   10910.69   170806.51`: operations;
//! real, user and system time; operations a second of real time, and of processor time.

use super::parsed::REPEAT;
use super::words::{number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Bogus operations, by stressor and number of instances.
pub const STRESSNG: Shellpack = Shellpack {
    name: "stressng",
    aliases: &[],
    title: "Stressors (stress-ng)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    // `preferhigher: yes` is no word that MMTests knows: it takes more operations for worse.
    metrics: &[Metric::higher("", "bogo ops/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("stressng-", ".log") {
        let Some((instances, iteration)) = rest.rsplit_once('-') else { continue };
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        for (line, content) in text.lines_with(" aborted early") {
            out.complain((&text, line), format!("a stressor gave up: \"{}\"", message(content)));
        }
        if !table(&text, instances, iteration.into(), out) {
            out.missing(&text, "table of stressors", REPEAT);
        }
    }
}

/// What a line says without the name and number of the process.
fn message(line: &str) -> &str {
    line.split_once("] ").map_or(line, |(_, message)| message)
}

/// Takes the rows of the table; `false` if there are none.
fn table(text: &Text, instances: &str, iteration: f64, out: &mut Parsed) -> bool {
    let mut seen = false;
    let below = text.lines().skip_while(|(_, line)| !line.contains("(secs)"));
    for (line, content) in below {
        let mut words = words(message(content));
        let Some(stressor) = words.next() else { continue };
        // What follows the table looks different: other metrics, what passed, how long it took.
        let columns: Option<Vec<f64>> = words.take(6).map(number).collect();
        let Some([_, _, _, _, rate, _]) = columns.as_deref() else { continue };
        seen = true;
        out.add((text, line), &format!("bops-{stressor}-{instances}"), iteration, *rate);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// stress-ng 0.15.06
    const LOG: &str = "\
stress-ng: info:  [4752] dispatching hogs: 1 aio, 1 hdd, 1 rawdev\n\
stress-ng: warn:  [4752] process [4757] (rawdev) aborted early, out of system resources\n\
stress-ng: metrc: [4752] stressor       bogo ops real time  usr time  sys time   bogo ops/s     bogo ops/s\n\
stress-ng: metrc: [4752]                           (secs)    (secs)    (secs)   (real time) (usr+sys time)\n\
stress-ng: metrc: [4752] aio               21833      2.00      0.01      0.12     10910.69      170806.51\n\
stress-ng: metrc: [4752] hdd                8051      2.33      0.33      0.20      3451.63       15352.67\n\
stress-ng: metrc: [4752] miscellaneous metrics:\n\
stress-ng: metrc: [4752] hdd                  798.50 MB/sec write rate (geometic mean of 1 instances)\n\
stress-ng: info:  [4752] successful run completed in 2.34s\n";

    #[test]
    fn rows_of_the_table_and_no_others() {
        let out = parse("stressng", &[("stressng-1-10.log", LOG), ("time-1-10", "")]);
        assert_eq!(rows(&out), [("bops-aio-1", 10.0, 10910.69), ("bops-hdd-1", 10.0, 3451.63)]);
        assert_eq!(out.problems.len(), 1);
        assert_eq!(out.problems[0].line, Some(2));
    }
}
