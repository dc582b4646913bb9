//! File server loads on a disk (dbench) and over the network (tbench).
//!
//! Since 2025 MMTests splits the output into `benchlog-{loadfile,tput,op}-<clients>`. Before, it
//! was `{dbench,tbench}-{loadfile,execute}-<clients>.log`, and until 2022 one file
//! `{dbench,tbench}-<clients>.log`.

use super::parsed::REPEAT;
use super::words::{number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::{OperationId, SummaryKind};

/// A file server's load on a disk, by the number of clients.
pub const DBENCH: Shellpack =
    family("dbench", &["dbench4", "dbench3"], "File server load (dbench)");
/// A file server's load on the network, by the number of clients.
pub const TBENCH: Shellpack =
    family("tbench", &["tbench4"], "Network load of a file server (tbench)");

const fn family(
    name: &'static str,
    aliases: &'static [&'static str],
    title: &'static str,
) -> Shellpack {
    Shellpack {
        name,
        aliases,
        title,
        kind: SummaryKind::NormalisedLeftSkewops,
        decimals: 4,
        metrics: METRICS,
        parse,
    }
}

const METRICS: &[Metric] =
    &[Metric::lower("loadfile", "ms"), Metric::higher("tput", "MB/s"), Metric::lower("op", "ms")];

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    /// `0 completed in 397 ms at time 657 ms`: a client went through the load once.
    Loadfile,
    /// `1  8922  45.22 MB/sec  execute  1 sec  latency 69.610 ms`
    Throughput,
    /// `Flush  2607  3.861  156.038`: name, calls, mean and worst latency.
    Operation,
}

/// A completion time above this is a negative difference of clocks.
const WRAPPED_MS: f64 = (1u32 << 31) as f64;

fn parse(source: &Source, out: &mut Parsed) {
    let mut split = false;
    for (kind, row) in
        [("loadfile", Row::Loadfile), ("tput", Row::Throughput), ("op", Row::Operation)]
    {
        let start = format!("benchlog-{kind}-");
        for (name, clients) in source.logs.between(&start, "") {
            split = true;
            let Some(text) = out.read(&source.logs, name) else { continue };
            Rows::new(&text, clients).all(row, out);
        }
    }
    if !split {
        ["dbench-", "tbench-"].iter().for_each(|start| whole_logs(start, source, out));
    }
}

/// The logs of older MMTests, with several kinds of lines in one file.
fn whole_logs(start: &str, source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between(start, ".log") {
        let clients = rest.rsplit('-').next().unwrap_or(rest);
        if !clients.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let Some(text) = out.read(&source.logs, name) else { continue };
        Rows::new(&text, clients).sorted_out(out);
    }
}

/// Reads the rows of one log.
struct Rows<'t> {
    text: &'t Text,
    clients: &'t str,
    loadfile: Option<OperationId>,
    throughput: Option<OperationId>,
}

impl<'t> Rows<'t> {
    fn new(text: &'t Text, clients: &'t str) -> Rows<'t> {
        Rows { text, clients, loadfile: None, throughput: None }
    }

    /// Every line is of the same kind.
    fn all(&mut self, row: Row, out: &mut Parsed) {
        let mut empty = true;
        for (line, content) in self.text.lines() {
            empty = false;
            self.one(line, content, row, out);
        }
        if empty {
            let remedy = "a run may be too short for a client to finish; else look at dbench-*.log";
            out.warn(self.text.path(), "the log is empty", remedy);
        }
    }

    /// Lines of all kinds and none.
    fn sorted_out(&mut self, out: &mut Parsed) {
        let (mut in_table, mut seen) = (false, false);
        for (line, content) in self.text.lines() {
            let row = kind_of(content, &mut in_table);
            seen |= row.is_some();
            if let Some(row) = row {
                self.one(line, content, row, out);
            }
        }
        if !seen {
            out.missing(self.text, "result", REPEAT);
        }
    }

    fn one(&mut self, line: u64, content: &str, row: Row, out: &mut Parsed) {
        let at = (self.text, line);
        let taken = match row {
            Row::Loadfile => self.completion(at, content, out),
            Row::Throughput => self.throughput(at, content, out),
            Row::Operation => self.operation(at, content, out),
        };
        if taken.is_none() {
            out.missing_in(at, content, "number");
        }
    }

    fn completion(&mut self, at: (&Text, u64), content: &str, out: &mut Parsed) -> Option<()> {
        let mut words = words(content);
        let (took, when) = (number(words.nth(3)?)?, number(words.nth(3)?)?);
        if took > WRAPPED_MS {
            out.complain(at, "a completion time of weeks is a clock going back; left out");
            return Some(());
        }
        let id = *self.loadfile.get_or_insert_with(|| {
            out.samples.ratio_operation(&format!("loadfile-{}", self.clients))
        });
        out.add_to(at, id, when / 1000.0, took);
        Some(())
    }

    fn throughput(&mut self, at: (&Text, u64), content: &str, out: &mut Parsed) -> Option<()> {
        let mut words = words(content);
        let (rate, when) = (number(words.nth(2)?)?, number(words.nth(2)?)?);
        let id = *self
            .throughput
            .get_or_insert_with(|| out.samples.operation(&format!("tput-{}", self.clients)));
        out.add_to(at, id, when, rate);
        Some(())
    }

    fn operation(&mut self, at: (&Text, u64), content: &str, out: &mut Parsed) -> Option<()> {
        let mut words = words(content);
        let (name, mean) = (words.next()?, number(words.nth(1)?)?);
        out.add(at, &format!("op-{name}-{}", self.clients), 0.0, mean);
        Some(())
    }
}

/// The kind of a line in an unsplit log; `in_table` remembers whether the table of operations began.
fn kind_of(line: &str, in_table: &mut bool) -> Option<Row> {
    if line.contains("completed in") {
        return Some(Row::Loadfile);
    }
    if line.contains("MB/sec  execute") {
        return Some(Row::Throughput);
    }
    let first = words(line).next();
    match first {
        Some("Operation") => *in_table = true,
        Some("Throughput") => *in_table = false,
        Some(name) if *in_table && !name.starts_with('-') => return Some(Row::Operation),
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const WHOLE: &str = "\
1 of 1 processes prepared for launch   0 sec
releasing clients
   1      8922    45.22 MB/sec  warmup   1 sec  latency 69.610 ms
   1     32537    86.49 MB/sec  execute   2 sec  latency 54.593 ms
   1  cleanup  15 sec
   0 completed in 259 ms at time 657 ms
   0 completed in 4294967290 ms at time 660 ms

 Operation                Count    AvgLat    MaxLat
 --------------------------------------------------
 Flush                     2607     3.861   156.038

Throughput 77.73 MB/sec  1 clients  1 procs  max_latency=156.050 ms
";

    #[test]
    fn split_logs() {
        let logs = [
            ("benchlog-loadfile-2", "   1 completed in 113 ms at time 1130 ms\n"),
            ("benchlog-tput-2", "   2  19954   210.21 MB/sec  execute   1 sec  latency 29.3 ms\n"),
            ("benchlog-op-2", " Close                    71600     0.001     6.423\n"),
            ("dbench-2.log", WHOLE),
        ];
        let out = parse("dbench", &logs);
        let expected =
            [("loadfile-2", 1.13, 113.0), ("tput-2", 1.0, 210.21), ("op-Close-2", 0.0, 0.001)];
        assert_eq!(rows(&out), expected);
        let ratio: Vec<bool> = out.samples.series().iter().map(|series| series.ratio).collect();
        assert_eq!(ratio, [true, false, false]);
    }

    #[test]
    fn old_logs_under_old_names() {
        let expected =
            [("tput-1", 2.0, 86.49), ("loadfile-1", 0.657, 259.0), ("op-Flush-1", 0.0, 3.861)];
        for (benchmark, log) in
            [("dbench4", "dbench-1.log"), ("tbench4", "default/tbench-execute-1.log")]
        {
            let out = parse(benchmark, &[(log, WHOLE)]);
            assert_eq!(rows(&out), expected);
            assert_eq!(out.problems.len(), 1, "the wrapped time: {:?}", out.problems);
        }
    }

    #[test]
    fn damaged_lines_are_told_and_the_rest_is_kept() {
        let log = "   0 completed in 3\n   0 completed in 259 ms at time 657 ms\n";
        let out = parse("tbench", &[("benchlog-loadfile-1", log), ("benchlog-op-1", "")]);
        assert_eq!(rows(&out), [("loadfile-1", 0.657, 259.0)]);
        assert_eq!(out.problems.len(), 2);
    }
}
