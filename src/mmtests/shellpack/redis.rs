//! Requests to Redis, as redis-benchmark and memtier_benchmark make them.

use super::parsed::REPEAT;
use super::words::{number, operation, parts, scaled};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Rate and latency of each kind of request, by the number of clients.
pub const REDIS: Shellpack = Shellpack {
    name: "redis",
    aliases: &[],
    title: "Redis (redis-benchmark)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    // MMTests takes a higher rate for worse.
    metrics: &[Metric::higher("-RPS-", "kreq/s").anywhere(), Metric::lower("", "µs")],
    parse: redis,
};

/// Rate and latency of a mixture of requests, by the number of clients.
pub const REDIS_MEMTIER: Shellpack = Shellpack {
    name: "redis-memtier",
    aliases: &[],
    title: "Redis (memtier_benchmark)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[
        Metric::lower("latency", "ms"),
        Metric::higher("kb/sec", "KB/s"),
        Metric::higher("", "1/s"),
    ],
    parse: memtier,
};

/// Columns of redis-benchmark, metrics, and the power of ten that makes kreq/s and µs of them.
const COLUMNS: [(&str, &str, i32); 6] = [
    ("rps", "RPS", -3),
    ("min_latency_ms", "latMin", 3),
    ("avg_latency_ms", "latAvg", 3),
    ("p95_latency_ms", "lat95", 3),
    ("p99_latency_ms", "lat99", 3),
    ("max_latency_ms", "latMax", 3),
];

/// More than there are in any version of either program.
const MOST_COLUMNS: usize = 50;

/// Before 6.2, redis-benchmark printed no header, and nothing but names and rates.
const OLD_HEADER: [&str; 2] = ["test", "rps"];

/// `redis-<clients>-<iteration>.log`: `"SET","124999.99","0.159",…` below a header.
fn redis(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("redis-", ".log") {
        let Some((clients, iteration)) = rest.rsplit_once('-') else { continue };
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        if !requests(&text, clients, iteration.into(), out) {
            out.missing(&text, "row of results", REPEAT);
        }
    }
}

/// Where the columns stand below a header.
fn columns(header: &[&str]) -> [Option<usize>; COLUMNS.len()] {
    COLUMNS.map(|(column, ..)| header.iter().position(|name| *name == column))
}

/// Takes the rows; `false` if there are none. What the server is warned of may stand between them.
fn requests(text: &Text, clients: &str, iteration: f64, out: &mut Parsed) -> bool {
    let mut places = columns(&OLD_HEADER);
    let mut seen = false;
    let mut fields: Vec<&str> = Vec::new();
    for (line, content) in text.lines().filter(|(_, content)| content.starts_with('"')) {
        // Every second piece stands between quotes.
        fields.clear();
        fields.extend(parts(content, b'"').skip(1).step_by(2).take(MOST_COLUMNS));
        if fields.first() == Some(&"test") {
            places = columns(&fields);
            continue;
        }
        seen = true;
        if !content.ends_with('"') {
            out.missing_in((text, line), content, "end");
            continue;
        }
        // LPUSH (needed to benchmark LRANGE)
        let request = fields.first().and_then(|name| name.split(" (").next()).unwrap_or("_");
        for (at, (column, metric, exponent)) in places.iter().zip(COLUMNS) {
            let Some(at) = *at else { continue };
            let Some(value) = fields.get(at).and_then(|field| scaled(field, exponent)) else {
                out.missing_in((text, line), content, column);
                continue;
            };
            let name = [request, "-", metric, "-", clients];
            let id = match metric {
                "RPS" => out.samples.ratio_joined(&name),
                _ => out.samples.joined(&name),
            };
            out.add_to((text, line), id, iteration, value);
        }
    }
    seen
}

/// Columns of memtier_benchmark, the newer and the older name of each, and the metrics.
const TOTALS: [(&[&str], &str); 5] = [
    (&["Ops/sec"], "ops/sec"),
    (&["Hits/sec"], "hits/sec"),
    (&["Misses/sec"], "misses/sec"),
    (&["Avg. Latency", "Latency"], "latency"),
    (&["KB/sec"], "kb/sec"),
];

/// `benchlog-<clients>-<iteration>`: a table with a row of totals. Columns are at least two spaces
/// apart: `Type   Ops/sec   Hits/sec   Misses/sec   Avg. Latency   p50 Latency   …   KB/sec`.
fn memtier(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("benchlog-", "") {
        let Some((clients, iteration)) = rest.rsplit_once('-') else { continue };
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        let header = text.lines_with("Ops/sec").find(|(_, line)| line.starts_with("Type"));
        let totals = text.lines_with("Totals").find(|(_, line)| line.starts_with("Totals"));
        let (Some((_, header)), Some((line, totals))) = (header, totals) else {
            out.missing(&text, "row of totals", REPEAT);
            continue;
        };
        let cells = |row: &str| -> Vec<String> {
            let parts = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
            parts.take(MOST_COLUMNS).map(str::to_owned).collect()
        };
        let (header, row) = (cells(header), cells(totals));
        for (names, metric) in TOTALS {
            let at = header.iter().position(|name| names.contains(&name.as_str()));
            let Some(cell) = at.and_then(|at| row.get(at)) else {
                out.missing_in((&text, line), totals, metric);
                continue;
            };
            // Where nothing is read, there are no hits.
            if cell == "---" {
                continue;
            }
            let operation = operation(metric, &[clients]);
            match number(cell) {
                Some(value) if metric == "ops/sec" => {
                    out.add_ratio((&text, line), &operation, iteration.into(), value);
                }
                Some(value) => out.add((&text, line), &operation, iteration.into(), value),
                None => out.missing_in((&text, line), totals, metric),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// redis-benchmark 7.0.15
    const CSV: &str = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\
        \"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n\
        \"LPUSH (needed to benchmark LRANGE)\",\"142857.14\",\"0.138\",\"0.024\",\"0.127\",\"0.215\",\
        \"0.311\",\"1.199\"\n";

    #[test]
    fn rate_and_latencies_by_request_and_clients() {
        let out =
            parse("redis", &[("redis-8-10.log", CSV), ("redis-server.log", "1:C starting\n")]);
        let expected = [
            ("LPUSH-RPS-8", 10.0, 142.85714),
            ("LPUSH-latMin-8", 10.0, 24.0),
            ("LPUSH-latAvg-8", 10.0, 138.0),
            ("LPUSH-lat95-8", 10.0, 215.0),
            ("LPUSH-lat99-8", 10.0, 311.0),
            ("LPUSH-latMax-8", 10.0, 1199.0),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.samples.series()[0].ratio);
    }

    #[test]
    fn older_ones_tell_only_rates() {
        let log = "WARNING: Could not fetch server CONFIG\n\"SET\",\"124999.99\"\n\"GET\",\"12";
        let out = parse("redis", &[("redis-1-1.log", log)]);
        assert_eq!(rows(&out), [("SET-RPS-1", 1.0, 124.99999)]);
        assert_eq!(out.problems[0].line, Some(3));
    }

    /// memtier_benchmark 2.2.0
    const TABLE: &str = "\
Type         Ops/sec     Hits/sec   Misses/sec    Avg. Latency     p50 Latency     p99 Latency   p99.9 Latency       KB/sec \n\
----------------------------------------------------------------------------------------------------------------------------\n\
Sets         4661.89          ---          ---         0.06854         0.05500         0.19900         2.17500       340.95 \n\
Totals      51229.51      4162.40     42405.23         0.07381         0.05500         0.19900         3.90300      2110.57 \n";

    #[test]
    fn totals_by_clients_whatever_columns_there_are() {
        let old = "Type        Ops/sec     Hits/sec   Misses/sec      Latency       KB/sec \n\
            Totals    174735.94         0.00    158850.84      0.28600      6784.69 \n";
        let logs = [
            ("benchlog-4-1", TABLE),
            ("benchlog-4-2", old),
            ("benchlog-4-3", "connection refused\n"),
        ];
        let out = parse("redis-memtier", &logs);
        let expected = [
            ("ops/sec-4", 1.0, 51229.51),
            ("ops/sec-4", 2.0, 174735.94),
            ("hits/sec-4", 1.0, 4162.4),
            ("hits/sec-4", 2.0, 0.0),
            ("misses/sec-4", 1.0, 42405.23),
            ("misses/sec-4", 2.0, 158850.84),
            ("latency-4", 1.0, 0.07381),
            ("latency-4", 2.0, 0.286),
            ("kb/sec-4", 1.0, 2110.57),
            ("kb/sec-4", 2.0, 6784.69),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems.len(), 1);
    }
}
