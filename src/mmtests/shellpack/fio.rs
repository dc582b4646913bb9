//! Disk throughput (fio): `fio.log` in fio's terse form, fields between semicolons.

use super::words::{number, operation, shorten};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Disk throughput, by worker and direction.
pub const FIO: Shellpack = Shellpack {
    name: "fio",
    aliases: &[],
    title: "Disk throughput (fio)",
    kind: SummaryKind::Multiops,
    decimals: 6,
    metrics: &[Metric::higher("", "KiB/s")],
    parse,
};

/// Where the read half begins: with the total of KiB.
const READ: usize = 5;
/// From the total to the mean of the bandwidth samples.
const MEAN: usize = 39;

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "fio.log") else { return };
    for (line, content) in text.lines().filter(|(_, content)| !content.trim().is_empty()) {
        match Terse::new(content) {
            Some(terse) => terse.add((&text, line), out),
            None => out.complain(
                (&text, line),
                format!("not a line in fio's terse form: \"{}\"", shorten(content)),
            ),
        }
    }
}

/// A line of results.
struct Terse<'l> {
    fields: Vec<&'l str>,
    worker: &'l str,
    error: &'l str,
    /// Where the write half begins.
    write: usize,
}

impl<'l> Terse<'l> {
    fn new(line: &'l str) -> Option<Terse<'l>> {
        let fields: Vec<_> = line.split(';').collect();
        let write = match *fields.first()? {
            "3" | "4" => 46,
            // Form 5 tells more about each direction; MMTests reads it like form 3.
            "5" => 52,
            _ => return None,
        };
        let (worker, error) = (*fields.get(2)?, *fields.get(4)?);
        fields.get(write + MEAN)?;
        Some(Terse { fields, worker, error, write })
    }

    fn field(&self, n: usize) -> Option<f64> {
        number(self.fields.get(n)?.trim())
    }

    fn add(&self, at: (&Text, u64), out: &mut Parsed) {
        if self.error.trim() != "0" {
            let what = format!("fio reports error {} for {}", shorten(self.error), self.worker);
            out.complain(at, what);
        }
        for (side, start) in [("read", READ), ("write", self.write)] {
            if self.field(start).is_none_or(|total| total <= 0.0) {
                continue;
            }
            match self.field(start + MEAN) {
                Some(mean) => self.add_mean(at, side, mean, out),
                None => out.complain(at, format!("no {side} bandwidth")),
            }
        }
    }

    fn add_mean(&self, at: (&Text, u64), side: &str, mean: f64, out: &mut Parsed) {
        out.add_ratio(at, &operation("kb/sec", &[self.worker, side]), 1.0, mean);
        if mean == 0.0 {
            out.warn(
                at.0.path(),
                format!("{side} bandwidth of {} is zero: nothing was measured", self.worker),
                "fio samples the bandwidth every half second; have it run for longer",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// A line with these fields, and 0 in all others.
    fn line(form: &str, error: &str, set: &[(usize, &str)]) -> String {
        let mut fields = vec!["0"; 142];
        let head = [(0, form), (1, "fio-3.33"), (2, "writer"), (4, error)];
        for (n, field) in head.iter().chain(set) {
            fields[*n] = *field;
        }
        fields.join(";") + "\n"
    }

    #[test]
    fn mean_bandwidth_of_what_was_done() {
        let log = line("3", "0", &[(5, "222968"), (44, "21883.421053")])
            + &line("3", "0", &[(46, "22728"), (85, "2218.631579")])
            + "fio: stopped\n";
        let out = parse("fio", &[("fio.log", &log)]);
        let expected =
            [("kb/sec-writer-read", 1.0, 21883.421053), ("kb/sec-writer-write", 1.0, 2218.631579)];
        assert_eq!(rows(&out), expected);
        assert!(out.samples.series().iter().all(|series| series.ratio));
        assert_eq!(out.problems[0].line, Some(3));
    }

    #[test]
    fn form_5_has_more_fields() {
        let log = line("5", "0", &[(46, "9"), (52, "22728"), (91, "7.5")]);
        assert_eq!(rows(&parse("fio", &[("fio.log", &log)])), [("kb/sec-writer-write", 1.0, 7.5)]);
    }

    #[test]
    fn a_short_run_has_no_bandwidth() {
        let log = line("3", "5", &[(46, "1044"), (85, "0.000000")]);
        let out = parse("fio", &[("fio.log", &log)]);
        assert_eq!(rows(&out), [("kb/sec-writer-write", 1.0, 0.0)]);
        assert_eq!(out.problems[0].what, "fio reports error 5 for writer");
        assert!(out.problems[1].remedy.contains("longer"));
    }
}
