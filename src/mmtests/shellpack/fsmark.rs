//! fs_mark: `fsmark-<threads>.log` has a table of percent of the disk used, files so far, their size,
//! files a second, and time spent elsewhere.

use super::parsed::REPEAT;
use super::words::{number, operation, shorten, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Files written a second, by the number of threads.
pub const FSMARK: Shellpack = Shellpack {
    name: "fsmark",
    aliases: &[],
    title: "Writing files (fs_mark)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "files/s")],
    parse,
};

fn parse(source: &Source, out: &mut Parsed) {
    for (name, threads) in source.logs.between("fsmark-", ".log") {
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !table(&text, &operation("files_sec", &[threads]), out) {
            out.missing(&text, "table of rates", REPEAT);
        }
    }
}

/// Takes the rows below the header; `false` if there is none.
fn table(text: &Text, operation: &str, out: &mut Parsed) -> bool {
    let mut id = None;
    let below = text.lines().skip_while(|(_, line)| !line.contains("App Overhead")).skip(1);
    for (line, content) in below {
        let mut words = words(content);
        let mut column = || words.next().map(number);
        match [column(), column(), column(), column(), column(), column()] {
            [None, ..] => {}
            [
                Some(Some(_)),
                Some(Some(_)),
                Some(Some(_)),
                Some(Some(rate)),
                Some(Some(_)),
                None,
            ] => {
                let id = *id.get_or_insert_with(|| out.samples.operation(operation));
                out.add_next((text, line), id, rate);
            }
            _ => out.complain(
                (text, line),
                format!("not a row of the table: \"{}\"", shorten(content)),
            ),
        }
    }
    id.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// fs_mark 3.3
    const LOG: &str = "#\tVersion 3.3, 1 thread(s) starting at Wed Nov 25 15:25:56 2026\n\
        #\tApp overhead is time in microseconds spent in the test not doing file writing.\n\n\
        FSUse%        Count         Size    Files/sec     App Overhead\n\
        \x20   74         1000            0       3287.9            10468\n\
        \x20   74         2000            0       3392.6             3292\n";

    #[test]
    fn a_row_a_round() {
        let out = parse("fsmark", &[("fsmark-1.log", LOG)]);
        assert_eq!(rows(&out), [("files_sec-1", 1.0, 3287.9), ("files_sec-1", 2.0, 3392.6)]);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn what_follows_the_table_is_no_sample() {
        let log = format!("{LOG}fs_mark: write failed: No space left on device\n   74  3000\n");
        let out = parse("fsmark", &[("fsmark-1.log", &log)]);
        assert_eq!(rows(&out).len(), 2);
        assert_eq!(out.problems.iter().map(|p| p.line).collect::<Vec<_>>(), [Some(7), Some(8)]);
    }
}
