//! Disk throughput and latency (fio): `fio.log` in fio's terse form, fields between semicolons, and
//! `fio_lat.<job>.log` with a line `19, 24181, 1, 0, 0` for each request: milliseconds since the start,
//! nanoseconds that it took, whether it wrote. MMTests shows latencies in a report of their own.

use super::parsed::REPEAT;
use super::words::{number, operation, parts, shorten};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Disk throughput, by worker and direction, and latency, by direction.
pub const FIO: Shellpack = Shellpack {
    name: "fio",
    aliases: &[],
    title: "Disk throughput and latency (fio)",
    kind: SummaryKind::Multiops,
    decimals: 6,
    metrics: &[Metric::lower("latency", "µs"), Metric::higher("", "KiB/s")],
    parse,
};

/// Where the read half begins: with the total of KiB.
const READ: usize = 5;
/// From the total to the mean of the bandwidth samples.
const MEAN: usize = 39;

fn parse(source: &Source, out: &mut Parsed) {
    let mut is_old = false;
    if let Some(text) = out.read(&source.logs, "fio.log") {
        for (line, content) in text.lines().filter(|(_, content)| !content.trim().is_empty()) {
            match Terse::new(content) {
                Some(terse) => {
                    is_old |= terse.is_of_fio_2();
                    terse.add((&text, line), out);
                }
                None => out.complain(
                    (&text, line),
                    format!("not a line in fio's terse form: \"{}\"", shorten(content)),
                ),
            }
        }
        if text.as_str().trim_ascii().is_empty() {
            out.missing(&text, "line of results", REPEAT);
        }
    }
    // Before fio 3 they were microseconds.
    let unit = if is_old { 1.0 } else { 1000.0 };
    for (name, _) in source.logs.between("fio_lat.", ".log") {
        if let Some(text) = out.read(&source.logs, name) {
            latencies(&text, unit, out);
        }
    }
}

/// What requests took, in microseconds, at the seconds at which they ended.
fn latencies(text: &Text, unit: f64, out: &mut Parsed) {
    let mut ids = [None; 2];
    for (line, content) in text.lines() {
        let mut fields = parts(content, b',').map(str::trim_ascii);
        let time = fields.next().and_then(number);
        let latency = fields.next().and_then(number);
        let (Some(time), Some(latency), Some(direction)) = (time, latency, fields.next()) else {
            out.missing_in((text, line), content, "time, latency and direction");
            continue;
        };
        let (place, operation) = match direction {
            "0" => (0, "latency-read"),
            "1" => (1, "latency-write"),
            // Trims.
            _ => continue,
        };
        let id = *ids[place].get_or_insert_with(|| out.samples.operation(operation));
        out.add_to((text, line), id, time / 1000.0, latency / unit);
    }
    if text.as_str().is_empty() {
        out.missing(text, "latency", REPEAT);
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

    fn is_of_fio_2(&self) -> bool {
        self.fields.get(1).is_some_and(|version| version.starts_with("fio-2."))
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

    /// fio 3.33
    #[test]
    fn latencies_of_requests() {
        let log =
            "0, 24181, 1, 0, 0\n1500, 17348, 0, 4096, 0\n1501, 9000, 2, 4096, 0\n1502, x, 1\n";
        let out = parse("fio", &[("fio_lat.1.log", log), ("fio_clat.1.log", log)]);
        assert_eq!(rows(&out), [("latency-write", 0.0, 24.181), ("latency-read", 1.5, 17.348)]);
        assert_eq!(out.problems[0].line, Some(4));
        let old = line("3", "0", &[]).replace("fio-3.33", "fio-2.16");
        let out = parse("fio", &[("fio.log", old.as_str()), ("fio_lat.1.log", "0, 24181, 1, 0\n")]);
        assert_eq!(rows(&out), [("latency-write", 0.0, 24181.0)]);
    }
}
