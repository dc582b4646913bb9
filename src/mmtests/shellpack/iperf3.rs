//! Network throughput (iperf3): `<protocol>-<size>-<rate>-<streams>.<iteration>`.
//!
//! Below `Summary Results:` there is a line for each stream and side; all streams are added up. Which
//! protocol it is stands in `protocols`.

use super::parsed::REPEAT;
use super::words::{number_at, operation};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// What was sent and received, by size of the buffers, wanted rate and number of streams.
pub const IPERF3: Shellpack = Shellpack {
    name: "iperf3",
    aliases: &[],
    title: "Network throughput (iperf3)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "Mbit/s")],
    parse,
};

/// Ends of the lines, and the metrics.
const SIDES: [(&str, &str); 2] = [("sender", "send"), ("receiver", "recv")];

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("", "") {
        let mut parts = rest.splitn(4, '-');
        let (Some("tcp" | "udp" | "sctp"), Some(size), Some(rate), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Some((streams, iteration)) = rest.split_once('.') else { continue };
        let (Ok(count), Ok(iteration)) = (streams.parse::<u32>(), iteration.parse::<u32>()) else {
            continue;
        };
        let Some(text) = out.read(&source.logs, name) else { continue };
        for (end, metric) in SIDES {
            let operation = operation(metric, &[size, rate, streams]);
            match total(&text, end, count, out) {
                Some((line, total)) => out.add((&text, line), &operation, iteration.into(), total),
                None => out.missing(&text, &format!("{metric} throughput of all streams"), REPEAT),
            }
        }
    }
}

/// What all streams of a side did together; `None` if some of them are not there.
fn total(text: &Text, end: &str, streams: u32, out: &mut Parsed) -> Option<(u64, f64)> {
    let summary = text.lines().skip_while(|(_, line)| !line.contains("Summary Results:"));
    let mut found = 0;
    let mut total = 0.0;
    for (line, content) in summary.filter(|(_, line)| line.trim_end().ends_with(end)) {
        // [  5]   0.00-1.00   sec  11.9 MBytes  99.6 Mbits/sec                  receiver
        let Some((id, columns)) = content.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        else {
            continue;
        };
        if id.trim().parse::<u32>().is_err() {
            continue;
        }
        let Some(rate) = number_at(columns, 4) else {
            out.missing_in((text, line), content, "throughput");
            return None;
        };
        (found, total) = (found + 1, total + rate);
        // What follows is said once more by the server.
        if found == streams {
            // iperf3 prints three digits; binary fractions are not to show in the sum.
            return Some((line, (total * 1000.0).round() / 1000.0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// iperf 3.12
    const LOG: &str = "iperf 3.12\n[  5]   0.00-1.00   sec  11.9 MBytes   100 Mbits/sec    0    639 KBytes\n\
        Test Complete. Summary Results:\n[ ID] Interval           Transfer     Bitrate         Retr\n\
        [  5]   0.00-1.00   sec  11.9 MBytes   100 Mbits/sec    0             sender\n\
        [  5]   0.00-1.00   sec  11.9 MBytes  99.6 Mbits/sec                  receiver\n\
        [  7]   0.00-1.00   sec  11.9 MBytes   100 Mbits/sec    0             sender\n\
        [  7]   0.00-1.00   sec  11.9 MBytes  99.6 Mbits/sec                  receiver\n\
        [SUM]   0.00-1.00   sec  23.8 MBytes   200 Mbits/sec    0             sender\n\
        [SUM]   0.00-1.00   sec  23.8 MBytes   199 Mbits/sec                  receiver\n\n\
        Server output:\n\
        [  5]   0.00-1.00   sec  11.9 MBytes  99.6 Mbits/sec                  receiver\n";

    #[test]
    fn streams_are_added_up() {
        let out = parse("iperf3-tcp", &[("protocols", "tcp\n"), ("tcp-1024-100M-2.10", LOG)]);
        let expected = [("send-1024-100M-2", 10.0, 200.0), ("recv-1024-100M-2", 10.0, 199.2)];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn a_stream_that_is_not_there_makes_no_sum() {
        let cut = &LOG[..LOG.find("[  7]").unwrap()];
        let out = parse("iperf3-tcp", &[("tcp-1024-100M-2.1", cut)]);
        assert!(out.samples.is_empty());
        assert!(out.problems[0].what.starts_with("no send throughput of all streams"));
    }
}
